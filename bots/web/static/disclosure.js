// What somebody selects in a paper stands in the field for words to mask. The page works without.
const LONGEST = 500;

function paperOf(node) {
  const element = node instanceof Element ? node : node?.parentElement;
  return element?.closest("[data-fore]") ?? null;
}

document.addEventListener("selectionchange", () => {
  const selection = document.getSelection();
  const words = selection.toString().replace(/\s+/g, " ").trim();
  const paper = paperOf(selection.anchorNode);
  if (words === "" || words.length > LONGEST || paper === null || paper !== paperOf(selection.focusNode)) return;
  const field = paper.closest("section").querySelector('input[name="ord"]');
  // What was typed by hand stays.
  if (field === null || field.value !== (field.dataset.markerat ?? "")) return;
  field.value = words;
  field.dataset.markerat = words;
});
