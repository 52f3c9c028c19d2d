// The bill's field: dots between thousands when one leaves it, and the keys on the screen.
const grouped = (text, separator) => {
  const digits = text.replace(/[\s.,]/g, "");
  if (!separator || !/^\d{4,15}$/.test(digits)) return text;
  return digits.replace(/\B(?=(\d{3})+$)/g, separator);
};

const group = (field) => {
  field.value = grouped(field.value, field.dataset.separator);
};

const showKeys = () => {
  const keys = document.querySelector("[data-keys]");
  if (keys) keys.hidden = false;
};

document.addEventListener("focusout", (event) => {
  if (event.target.id === "amount") group(event.target);
});

document.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]")?.dataset.key;
  if (!key) return;
  const field = document.querySelector("#amount");
  const digits = field.value.replace(/\D/g, "");
  field.value = key === "erase" ? digits.slice(0, -1) : (digits + key).replace(/^0+/, "");
  group(field);
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

document.addEventListener("till:changed", showKeys);
showKeys();
