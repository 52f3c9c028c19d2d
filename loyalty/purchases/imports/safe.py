"""Cells that no spreadsheet takes for a formula."""


def safe_cell(cell: object) -> object:
    """A spreadsheet runs a cell that begins like a formula; a quote in front keeps it a text."""
    if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{cell}"
    return cell
