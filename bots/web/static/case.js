// Quicker ways in a case, and who else is there. Every page works without. Keys can be turned off, and never
// work while somebody types (WCAG 2.1.4).
const OFF = "synpunkt-tangenter-av";
const QUEUE = "synpunkt-ko";
const EVERY = 30000;
const AT_MOST = 40; // askings: who has left the page open for long is not there

// The list that was looked at last, in its order: j and k walk it.
const listed = [...document.querySelectorAll(".list tbody th > a")].map((link) => link.getAttribute("href"));
if (listed.length > 0) sessionStorage.setItem(QUEUE, JSON.stringify(listed));

function walk(step) {
  const queue = JSON.parse(sessionStorage.getItem(QUEUE) ?? "[]");
  const at = queue.indexOf(location.pathname);
  const next = at < 0 ? undefined : queue[at + step];
  if (next !== undefined) location.assign(next);
}

function open(selector) {
  const found = document.querySelector(selector);
  if (found === null) return;
  if (found.tagName === "DETAILS") {
    found.open = true;
    found.scrollIntoView();
    found.querySelector("select, summary").focus();
  } else {
    found.click();
  }
}

const KEYS = {
  b: () => open("[data-tangent=b]"),
  ä: () => open("[data-tangent=ä]"),
  s: () => open("[data-tangent=s]"),
  a: () => open("[data-tangent=a]"),
  j: () => walk(1),
  k: () => walk(-1),
  "?": () => open("#tangenter"),
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (document.getElementById("tangenter") === null || localStorage.getItem(OFF) !== null) return;
  const act = KEYS[event.key];
  if (act === undefined) return;
  event.preventDefault();
  act();
});

function label() {
  const button = document.getElementById("tangenter-av");
  if (button === null) return;
  button.hidden = false;
  button.textContent = localStorage.getItem(OFF) === null ? "Stäng av tangenterna" : "Slå på tangenterna";
}

document.addEventListener("click", (event) => {
  if (event.target.id !== "tangenter-av") return;
  if (localStorage.getItem(OFF) === null) localStorage.setItem(OFF, "av");
  else localStorage.removeItem(OFF);
  label();
});
document.addEventListener("htmx:afterSwap", label);
label();

let asked = 0;
setInterval(async () => {
  const place = document.getElementById("narvaro");
  if (place === null || document.visibilityState !== "visible" || asked >= AT_MOST) return;
  asked += 1;
  try {
    // Not led on to the door, whose page is no line about who is here.
    const answer = await fetch(place.dataset.url, { redirect: "error" });
    if (answer.ok) place.innerHTML = await answer.text();
  } catch {
    // No contact: what the page showed stands until the next try.
  }
}, EVERY);
