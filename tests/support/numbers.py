"""What people and programs type where a number is wanted, and none that a shop can have."""

IMPOSSIBLE = (
    *("-1", "-2147483649", "1e5", "1e400", "-1e400", "1e-400", "0x10", "1_000"),
    *("NaN", "nan", "Infinity", "-inf", "١٢٣", "१२३", "Ⅷ", "½", "１２３"),  # Digits of others.
    *(
        "9007199254740993",
        "9223372036854775807",
        "9223372036854775808",
    ),  # 2^53 + 1, 2^63 - 1, 2^63.
    *("9" * 400, "1" + "0" * 12_000, "1.000.000.000.001", "+-5", "--5", "5-", "None", "true"),
)
NAMES = [text if len(text) < 40 else f"{text[:3]}… of {len(text)}" for text in IMPOSSIBLE]
