import os


def rounds(*, usual: int, soak: int) -> int:
    """How often a test repeats itself: `usual` times, or `soak` times under `make soak`."""
    return soak if "SOAK" in os.environ else usual
