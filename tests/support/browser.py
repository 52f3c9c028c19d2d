import os
import shutil

CANDIDATES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def chromium() -> str | None:
    """The path of a Chromium to drive, or None: $CHROMIUM, else the first one that is installed."""
    found = (shutil.which(name) for name in (os.environ.get("CHROMIUM", ""), *CANDIDATES) if name)
    return next((path for path in found if path), None)
