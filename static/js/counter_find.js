// Finding a customer without leaving the page: the answer's main part takes the place of the old
// one, a bill already typed stays, and the keyboard goes where the answer wants it.
const takeOver = async (response) => {
  const here = new URL(response.url).pathname;
  const till = new URL(document.querySelector("[data-sale]").action).pathname;
  if (response.redirected && here !== till) {
    location.assign(response.url);
    return;
  }
  const answer = new DOMParser().parseFromString(await response.text(), "text/html");
  const amount = document.querySelector("#amount")?.value ?? "";
  document.querySelector("main").replaceWith(answer.querySelector("main"));
  history.replaceState(null, "", response.redirected ? response.url : till);
  const field = document.querySelector("#amount");
  if (field && amount && !field.value) field.value = amount;
  document.dispatchEvent(new CustomEvent("till:changed"));
  const next = document.querySelector("main [autofocus]");
  next?.focus();
  if (next?.id === "find") next.select();
};

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.matches("[data-find]")) return;
    event.preventDefault();
    if (form.dataset.asking) return;
    form.dataset.asking = "yes";
    form.querySelector("button").setAttribute("aria-busy", "true");
    fetch(form.action, { method: "POST", body: new FormData(form) })
      .then(takeOver)
      .catch(() => form.submit());
  },
  true,
);
