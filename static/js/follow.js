// Work that goes on: its part of the page is asked for again until it says nothing of it.
const SECONDS = 2;

const again = async () => {
  const old = document.querySelector("[data-follow]");
  if (!old) return;
  try {
    const response = await fetch(location.href);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const fresh = page.querySelector("[data-follow]");
    if (!response.ok || !fresh) {
      location.reload();
      return;
    }
    old.replaceChildren(...fresh.childNodes);
  } catch {
    // The line is away for a moment; the next try finds it again.
  }
  setTimeout(again, SECONDS * 1000);
};

setTimeout(again, SECONDS * 1000);
