// Puts a link to the talk where its script element stands on another site. It opens a window of its own: the
// page is never framed. Words and language: data-text and data-sprak on the script element.
(() => {
  const script = document.currentScript;
  const page = new URL("/chatt", script.src);
  if (script.dataset.sprak) page.searchParams.set("sprak", script.dataset.sprak);
  const link = document.createElement("a");
  link.href = page.href;
  link.target = "_blank";
  link.rel = "noopener";
  link.className = "synpunkt-chatt";
  link.textContent = script.dataset.text || "Chatta med oss (öppnas i ett nytt fönster)";
  Object.assign(link.style, {
    display: "inline-block",
    padding: "0.7em 1.2em",
    borderRadius: "6px",
    background: "#1f6350",
    color: "#ffffff",
    fontWeight: "600",
  });
  script.after(link);
})();
