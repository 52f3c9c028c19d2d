// The till by keyboard: F2 find, F4 bill, F6 new member, Esc start over, arrows in a list. After a
// sale, Enter goes on to the next customer even when nothing has the focus (as after printing).
const go = {
  F2: () => document.querySelector("#find")?.select(),
  F4: () => document.querySelector("#amount")?.select(),
  F6: () => {
    const link = document.querySelector("[data-enrol]");
    location.assign(link ? link.href : `${document.querySelector("[data-sale]").action}?enrol`);
  },
  Escape: () => {
    const next = document.querySelector("[data-next]");
    location.assign(next ? next.href : document.querySelector("[data-sale]").action);
  },
};

const step = (event) => {
  const list = event.target.closest?.("[data-arrows]");
  const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!list || !way) return;
  event.preventDefault();
  const links = [...list.querySelectorAll("a")];
  const place = links.indexOf(event.target) + way;
  links[(place + links.length) % links.length].focus();
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  const done = document.body.classList.contains("done");
  if (done && event.key === "Enter" && event.target === document.body) go.Escape();
  if (go[event.key] && (!done || event.key === "Escape")) {
    event.preventDefault();
    go[event.key]();
    return;
  }
  step(event);
});
