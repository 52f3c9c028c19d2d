"""Public test data that is not ours to ship: where it lies, if it is here."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHARED_DATA = Path(os.environ.get("DATA_DIR") or ROOT.parent / "shared" / "data")
