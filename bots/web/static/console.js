// Quicker ways for who knows them; every page works without. "/" goes to the search, "j" and "k" walk the list.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (event.key === "/") {
    const field = document.getElementById("sok");
    if (field === null) return;
    event.preventDefault();
    field.focus();
    field.select();
    return;
  }
  const step = { j: 1, k: -1 }[event.key];
  if (step === undefined) return;
  const links = [...document.querySelectorAll(".list tbody th > a")];
  const at = links.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step;
  links[next]?.focus();
});
