// How many points pay: one tap writes the number, a second one on the same number takes it out.
document.addEventListener("click", (event) => {
  const points = event.target.closest("[data-points]")?.dataset.points;
  const field = document.querySelector("#spend");
  if (!points || !field) return;
  field.value = field.value === points ? "" : points;
  field.dispatchEvent(new Event("input", { bubbles: true }));
});
