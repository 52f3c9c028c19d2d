// A button with data-print prints the page. It is hidden in the markup, for readers without script.
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
