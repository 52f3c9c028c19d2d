"""
A file of sales as shops really have them, and what is true of it: who bought for how much, and
which rows nobody could take. The same seed makes the same file.
"""

import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from tests.purchases.test_import_phones import numbers, written

MAP = """source = "dirty"
anonymous = true
[columns]
customer.column = "Mã khách"
phone.column = "Điện thoại"
name.column = "Tên khách"
date = { column = "Ngày", format = "%d/%m/%Y %H:%M" }
amount = { column = "Tiền", thousands = ".", decimal = "," }
reference = { column = "Hóa đơn", returns_begin_with = "TH" }
return_of.column = "Của hóa đơn"
status = { column = "Trạng thái", cancelled = ["Đã hủy"] }
"""
HEADER = "Mã khách;Điện thoại;Tên khách;Ngày;Tiền;Hóa đơn;Của hóa đơn;Trạng thái"
TITLES = "Cửa hàng Hạ;;;;;;;\nTừ 01/01 đến 21/11;;;;;;;\n\n"
NAMES = ("Nguyễn Thị Phượng", " Đỗ  Hà", '"Trần; Văn\nƯơm"', "Lê Ánh", "", '"Ngô ""Tí"""')
START = datetime(2026, 1, 1, 7)  # noqa: DTZ001 - by the shop's clock
DAYS = 320
# What is wrong with a row: its place, what it says there, the field that is named for it.
WRONG = (
    (1, "9,12E+08", "phone"),
    (1, "028 3822 1234", "phone"),
    (1, "0912345678 / 0987654321", "phone"),
    (1, "091234567", "phone"),
    (2, "x" * 201, "name"),
    (3, "31/02/2026 10:00", "date"),
    (3, "2026-11-20", "date"),
    (3, "01/01/2030 08:00", "date"),
    (3, "", "date"),
    (4, "45,000", "amount"),
    (4, "45.00", "amount"),
    (4, "nhiều", "amount"),
    (4, "99999999999999999999", "amount"),
    (5, "", "reference"),
    (7, "Mới;và thừa", "row"),
)


@dataclass(frozen=True)
class Sold:
    who: str  # The phone, in E.164; empty: nobody.
    paid: int
    at: datetime
    row: list[str]


@dataclass
class Dirty:
    """The file; `rows` is how many it has below the header."""

    seed: int
    rows: int
    known: tuple[str, ...] = ()  # Phones of customers of the shop, who are in it as well.
    sales: dict[str, Sold] = field(default_factory=dict)  # By number; what is to come in.
    back: dict[str, int] = field(default_factory=dict)  # By the number of the sale.
    refused: list[tuple[int, str]] = field(default_factory=list)  # Line and field.
    repeated: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)
        fresh = [f"+84{one}" for one in numbers(max(self.rows // 4, 1), self.dice)]
        self.people = [*self.known, *fresh]
        self.text = TITLES + HEADER + "\n"
        for number in range(self.rows):
            row, wrong = self._some(number)
            if wrong:
                self.refused.append((self.text.count("\n") + 1, wrong))
            self.text += ";".join(row) + "\n"
            if self.dice.random() < 0.02:
                self.text += self.dice.choice((";;;;;;;\n", "\n", " ; ;;;;;;\n"))

    @property
    def phones(self) -> set[str]:
        """Of everybody who bought."""
        return {sale.who for sale in self.sales.values()} - {""}

    @property
    def spent_by_phone(self) -> Counter[str]:
        """Minor units, less what came back."""
        sums: Counter[str] = Counter()
        for number, sale in self.sales.items():
            if sale.who:
                sums[sale.who] += sale.paid - self.back.get(number, 0)
        return sums

    def write(self, path: Path) -> Path:
        """In one of the ways that programs write."""
        text = self.text.replace("\n", "\r\n") if self.seed % 2 else self.text
        text = unicodedata.normalize("NFD", text) if self.seed % 3 else text
        encoding = ("utf-8", "utf-8-sig", "utf-16")[self.seed % 3]
        path.write_bytes(text.encode(encoding))
        return path

    def _some(self, number: int) -> tuple[list[str], str]:
        """A row, and the field that is wrong with it if any."""
        dice, sale = self.dice.random(), self._sale(f"HD{number:05}")
        whole = sorted(self.sales.keys() - self.back.keys())
        if whole and dice < 0.03 and self.sales[name := self.dice.choice(whole)].paid:
            return self._return(f"TH{number:05}", name), ""
        if whole and dice < 0.05:
            return self._again(self.dice.choice(whole))
        if dice < 0.07:
            self.cancelled += 1
            return [*sale.row[:-1], self.dice.choice(("Đã hủy", "ĐÃ HUỶ"))], ""
        if dice < 0.15:
            place, said, wrong = self.dice.choice(WRONG)
            return [*sale.row[:place], said, *sale.row[place + 1 :]], wrong
        self.sales[sale.row[5]] = sale
        return sale.row, ""

    def _sale(self, number: str) -> Sold:
        who = self.dice.choice(self.people) if self.dice.random() < 0.9 else ""
        at = START + timedelta(minutes=self.dice.randrange(DAYS * 24 * 60))
        paid = self.dice.randrange(0, 900) * 1_000 + self.dice.choice((0, 0, 500))
        row = [*self._who(who), self._moment(at), self._money(paid), number, "", ""]
        return Sold(who, paid, at, row)

    def _who(self, phone: str) -> list[str]:
        """Every other customer has a number, which stands beside the phone in all of the rows."""
        if not phone:
            return ["", "", ""]
        place = self.people.index(phone)
        said = written(phone.removeprefix("+84"), self.dice)
        return [f"KH{place:05}" if place % 2 else "", said, self.dice.choice(NAMES)]

    def _moment(self, at: datetime) -> str:
        return at.strftime("%d/%m/%Y %H:%M") + self.dice.choice(("", "", ":00"))

    def _money(self, minor: int) -> str:
        return self.dice.choice((f"{minor}", f"{minor:,}".replace(",", "."), f" {minor} "))

    def _return(self, number: str, name: str) -> list[str]:
        """Some of a sale or all of it; some programs write that as a sum below zero."""
        sale = self.sales[name]
        back = sale.paid if self.dice.random() < 0.3 else self.dice.randrange(sale.paid) + 1
        self.back[name] = back
        at = min(sale.at + timedelta(days=self.dice.randrange(9)), START + timedelta(days=DAYS))
        told = self._money(self.dice.choice((back, -back)))
        return [*sale.row[:3], self._moment(at), told, number, name, ""]

    def _again(self, name: str) -> tuple[list[str], str]:
        """The same row once more; or its number for another sum, which is refused."""
        sale = self.sales[name]
        if self.dice.random() < 0.7:
            self.repeated += 1
            return sale.row, ""
        return [*sale.row[:4], f"{sale.paid + 1_000}", *sale.row[5:]], "reference"
