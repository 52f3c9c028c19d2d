// A voucher for this bill: one tap writes its code beside the others, a second one takes it out.
const codesIn = (text) => text.split(/[,;]/).map((code) => code.trim()).filter(Boolean);

document.addEventListener("click", (event) => {
  const code = event.target.closest("[data-voucher]")?.dataset.voucher;
  const field = document.querySelector("#vouchers");
  if (!code || !field) return;
  event.preventDefault();
  const codes = codesIn(field.value);
  const rest = codes.filter((one) => one !== code);
  field.value = (rest.length < codes.length ? rest : [...codes, code]).join(", ");
  field.dispatchEvent(new Event("change", { bubbles: true }));
  document.querySelector("#amount").focus();
});

// A scanner ends a code with Enter: that is no sale yet while there is no amount.
document.addEventListener("keydown", (event) => {
  if (event.target.id !== "vouchers" || event.key !== "Enter") return;
  event.preventDefault();
  event.target.dispatchEvent(new Event("change", { bubbles: true }));
  document.querySelector("#amount").focus();
});
