// A talk without reloading: what is sent goes by fetch, and news are waited for. The page works without.
// Both answers are pieces of the same page that a browser without a script gets.
const LOG = document.getElementById("logg");
const FORM = document.getElementById("skriv");
const STATE = document.getElementById("lage");
const BREATH = 300;
const FIRST_PAUSE = 2000;
const LONGEST_PAUSE = 60000;
let isSending = false;
let isListening = false;

const parse = (text) => new DOMParser().parseFromString(text, "text/html");
const pause = (time) => new Promise((wake) => setTimeout(wake, time));

// Only lines that are new are put in: a screen reader reads those and no others.
function merge(page) {
  const fresh = page.getElementById("samtal");
  const shown = document.getElementById("samtal");
  let place = shown.firstElementChild;
  for (const line of fresh.children) {
    const known = document.getElementById(line.id);
    if (known === null) {
      shown.insertBefore(document.importNode(line, true), place);
      continue;
    }
    if (line.querySelector(".choices") === null) known.querySelector(".choices")?.remove();
    place = known.nextElementSibling;
  }
  if (shown.dataset.efter !== fresh.dataset.efter) FORM.scrollIntoView({ block: "nearest" });
  shown.dataset.efter = fresh.dataset.efter;
  if (shown.children.length > 0) document.getElementById("tomt")?.remove();
}

// The next message needs a ticket of its own.
function renew(page) {
  for (const id of ["skriv", "val"]) {
    for (const name of ["token", "ticket"]) {
      const value = page.querySelector(`#${id} input[name="${name}"]`).value;
      document.querySelector(`#${id} input[name="${name}"]`).value = value;
    }
  }
  // A field that must be empty is shown to whose browser has filled it in.
  document.getElementById("falla").className = page.getElementById("falla").className;
  document.getElementById("sedan").replaceChildren(
    ...[...page.getElementById("sedan").childNodes].map((one) => document.importNode(one, true)),
  );
}

function tell(message) {
  const place = document.getElementById("fel");
  const field = document.getElementById("text");
  place.replaceChildren(...message);
  if (message.length === 0) {
    field.removeAttribute("aria-invalid");
    field.setAttribute("aria-describedby", "text-hint");
    return;
  }
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", "text-hint text-fel");
  field.focus();
}

function outOfReach() {
  const words = document.createElement("p");
  words.id = "text-fel";
  words.className = "fault";
  words.setAttribute("role", "alert");
  words.textContent = LOG.dataset.utan;
  return [words];
}

async function send(form, button) {
  const said = new FormData(form);
  said.set("script", "ja");
  if (button?.name) said.set(button.name, button.value);
  let page;
  try {
    const answer = await fetch("/chatt", { method: "POST", body: said });
    page = parse(await answer.text());
  } catch {
    tell(outOfReach());
    return;
  }
  if (page.getElementById("samtal") === null) {
    tell(outOfReach());
    return;
  }
  merge(page);
  renew(page);
  const fault = page.getElementById("text-fel");
  tell(fault === null ? [] : [document.importNode(fault, true)]);
  if (fault === null && form === FORM) form.reset();
  if (fault === null) document.getElementById("text").focus();
  listen();
}

document.addEventListener("submit", async (event) => {
  if (event.target !== FORM && event.target.id !== "val") return;
  event.preventDefault();
  if (isSending) return;
  isSending = true;
  try {
    await send(event.target, event.submitter);
  } finally {
    isSending = false;
  }
});

// Ctrl and Enter sends; Enter alone makes a line, as in every other field for longer texts.
document.getElementById("text").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  event.preventDefault();
  FORM.requestSubmit();
});

const shown = () =>
  new Promise((wake) => {
    if (document.visibilityState === "visible") wake();
    else document.addEventListener("visibilitychange", () => wake(), { once: true });
  });

async function listen() {
  if (isListening) return;
  isListening = true;
  STATE.textContent = STATE.dataset.vantar;
  document.getElementById("nya").hidden = true;
  let wait = FIRST_PAUSE;
  for (;;) {
    await shown();
    const after = document.getElementById("samtal").dataset.efter;
    let isHeard = false;
    try {
      const answer = await fetch(`/chatt/nytt?sprak=${LOG.dataset.sprak}&efter=${after}`);
      if (answer.status === 403) break; // the talk has been ended in another window
      if (answer.status === 200) merge(parse(await answer.text()));
      isHeard = answer.ok;
    } catch {
      // No contact: what the page showed stands until the next try.
    }
    wait = isHeard ? FIRST_PAUSE : Math.min(wait * 2, LONGEST_PAUSE);
    await pause(isHeard ? BREATH : wait);
  }
  isListening = false;
  STATE.textContent = "";
  document.getElementById("nya").hidden = false;
}

if (!document.getElementById("nya").hidden) listen();
