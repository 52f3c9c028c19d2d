// Finding a customer without leaving the page: the answer's main part takes the place of the old
// one, a bill already typed stays, and the keyboard goes where the answer wants it.
let asking = false;
let early = ""; // Digits typed while the answer was on its way: the bill's first ones.

const show = (page) => {
  const amount = document.querySelector("#amount").value;
  const codes = document.querySelector("#vouchers")?.value;
  document.querySelector("main").replaceWith(page.querySelector("main"));
  const field = document.querySelector("#amount");
  const next = document.querySelector("main [autofocus]");
  field.value ||= amount;
  const vouchers = document.querySelector("#vouchers");
  if (vouchers && codes) vouchers.value ||= codes;
  if (next === field) field.value += early;
  document.dispatchEvent(new CustomEvent("till:changed"));
  next?.focus();
  if (next?.id === "find") next.select();
};

const takeOver = async (response) => {
  const till = new URL(document.querySelector("[data-sale]").action).pathname;
  if (response.redirected && new URL(response.url).pathname !== till) {
    location.assign(response.url);
    return;
  }
  const answer = await response.text();
  history.replaceState(null, "", response.redirected ? response.url : till);
  show(new DOMParser().parseFromString(answer, "text/html"));
};

const find = async (form) => {
  if (asking) return;
  asking = true;
  early = "";
  form.querySelector("button").setAttribute("aria-busy", "true");
  try {
    await takeOver(await fetch(form.action, { method: "POST", body: new FormData(form) }));
  } catch {
    form.submit();
  }
  asking = false;
};

// A phone typed but not yet looked for: find its owner before the bill is recorded.
const forgotToFind = (sale) => {
  const box = document.querySelector("#find");
  return !sale.elements.customer.value && box.value.trim() && box.value !== box.defaultValue;
};

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    const box = document.querySelector("[data-find]");
    if (form !== box && !(form.matches("[data-sale]") && forgotToFind(form))) return;
    event.preventDefault();
    find(box);
  },
  true,
);

document.addEventListener(
  "keydown",
  (event) => {
    if (!asking || event.key === "Escape" || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    if (/^\d$/.test(event.key)) early += event.key;
  },
  true,
);
