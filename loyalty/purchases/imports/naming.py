"""How an imported sale is named a second time, after its import was undone: the first name stays."""

AGAIN = "~again-"  # In no receipt number of a file.
LONGEST_REFERENCE = 75  # Of the ninety letters kept, so that there is room for it.
