"""Figures and days as people of a language write them. Pure: no clock, no database."""

from datetime import date

from babel.dates import format_date

MINUS = "\N{MINUS SIGN}"


def whole(number: int, *, language: str) -> str:
    """
    A whole number with its thousands apart.

    >>> whole(1286, language="vi"), whole(-1286, language="en")
    ('1.286', '−1,286')
    """
    grouped = f"{abs(number):,}".replace(",", "." if language == "vi" else ",")
    return f"{MINUS}{grouped}" if number < 0 else grouped


def signed(number: int, *, language: str) -> str:
    """
    The number with its sign, and a real minus.

    >>> signed(6, language="vi"), signed(-40, language="vi"), signed(0, language="vi")
    ('+6', '−40', '0')
    """
    return (
        f"+{whole(number, language=language)}" if number > 0 else whole(number, language=language)
    )


def day(value: date, *, language: str) -> str:
    """
    >>> day(date(2026, 11, 3), language="vi"), day(date(2026, 11, 3), language="en")
    ('03/11/2026', '3 Nov 2026')
    """
    if language == "vi":
        return f"{value:%d/%m/%Y}"
    return str(format_date(value, "d MMM y", locale="en"))


def short_day(value: date, *, language: str) -> str:
    """
    Without the year, where it goes without saying.

    >>> short_day(date(2026, 11, 3), language="vi"), short_day(date(2026, 11, 3), language="en")
    ('03/11', '3 Nov')
    """
    if language == "vi":
        return f"{value:%d/%m}"
    return str(format_date(value, "d MMM", locale="en"))


def month(value: date, *, language: str) -> str:
    """
    >>> month(date(2026, 11, 3), language="vi"), month(date(2026, 11, 3), language="en")
    ('Tháng 11/2026', 'November 2026')
    """
    if language == "vi":
        return f"Tháng {value.month}/{value.year}"
    return str(format_date(value, "MMMM y", locale="en"))


def grouped_code(text: str) -> str:
    """
    A code in groups of four, to read aloud.

    >>> grouped_code("20487731"), grouped_code("7K3M92QD")
    ('2048 7731', '7K3M 92QD')
    """
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))
