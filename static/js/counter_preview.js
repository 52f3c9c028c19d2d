// What the bill earns, asked of the server while one types. Nothing is worked out here.
const PAUSE = 120; // Milliseconds without a key before the server is asked.
let waiting = 0;
let asking = new AbortController();

// Without an answer no old figure may stand beside the new bill.
const forget = (panel) => {
  for (const said of panel.querySelectorAll(".plus, dl, .earn-say, .earn-pay")) said.remove();
  panel.querySelector(".btn span").textContent = panel.dataset.plain;
};

const ask = async () => {
  asking.abort();
  asking = new AbortController();
  const panel = document.querySelector("[data-preview]");
  const form = document.querySelector("[data-sale]");
  if (!panel || !form) return;
  try {
    const response = await fetch(panel.dataset.preview, {
      method: "POST", // A voucher's code has no place in an address.
      body: new FormData(form),
      signal: asking.signal,
    });
    if (response.ok && !response.redirected) panel.innerHTML = await response.text();
    else forget(panel);
  } catch (error) {
    if (error.name !== "AbortError") forget(panel);
  }
};

document.addEventListener("input", (event) => {
  if (!["amount", "spend"].includes(event.target.id)) return;
  clearTimeout(waiting);
  waiting = setTimeout(ask, PAUSE);
});

// Half a code is none: this one waits until it is written.
document.addEventListener("change", (event) => {
  if (event.target.id === "vouchers") ask();
});

document.addEventListener("till:changed", () => {
  if (document.querySelector("#amount")?.value) ask();
});
