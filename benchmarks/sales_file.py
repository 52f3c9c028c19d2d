"""The file of past sales that every importer is measured with."""

from datetime import date
from pathlib import Path
from random import Random

FIRST_DAY = date(2025, 1, 1)
DAYS = 600


def write_file(path: Path, *, rows: int, customers: int) -> None:
    """Sales of so many customers over so many days, in the order of time; the same every time."""
    random = Random(1)
    with path.open("w", encoding="utf-8") as output:
        output.write("customer,date,amount\n")
        for number in range(rows):
            day = FIRST_DAY.fromordinal(FIRST_DAY.toordinal() + number * DAYS // rows)
            amount = random.randrange(20, 900) * 1_000
            output.write(f"{random.randrange(customers)},{day},{amount}\n")
