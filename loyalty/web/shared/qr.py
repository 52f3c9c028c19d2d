"""QR codes as one SVG path, so that a page needs neither an image file nor inline style."""

import segno

QUIET_MODULES = 4  # The white edge ISO/IEC 18004 asks for, in modules.


def qr_path(text: str) -> tuple[int, str]:
    """
    The side of the symbol with its quiet zone, in modules, and the `d` of a path that draws
    its dark modules on a grid of that side. Error correction M: a scratched screen still reads.
    """
    rows = segno.make(text, error="m", micro=False).matrix
    runs = [
        f"M{start + QUIET_MODULES} {y + QUIET_MODULES}h{length}v1h-{length}z"
        for y, row in enumerate(rows)
        for start, length in _dark_runs(row)
    ]
    return len(rows) + 2 * QUIET_MODULES, "".join(runs)


def _dark_runs(row: bytearray) -> list[tuple[int, int]]:
    """(start, length) of each unbroken dark stretch of a row."""
    runs: list[tuple[int, int]] = []
    start = None
    for x, dark in enumerate([*row, 0]):
        if dark and start is None:
            start = x
        elif not dark and start is not None:
            runs.append((start, x - start))
            start = None
    return runs
