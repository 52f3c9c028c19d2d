"""Invented people for the demo shop: Vietnamese names in their usual proportions."""

from dataclasses import dataclass
from random import Random

from customers.models import Customer
from loyalty.text import fold

Salutation = Customer.Salutation

_FAMILIES = {
    "Nguyễn": 31,
    "Trần": 11,
    "Lê": 10,
    "Phạm": 7,
    "Huỳnh": 5,
    "Phan": 4,
    "Vũ": 4,
    "Võ": 4,
    "Đặng": 3,
    "Bùi": 3,
    "Đỗ": 3,
    "Trương": 2,
    "Hồ": 2,
    "Ngô": 2,
    "Dương": 2,
    "Lý": 1,
    "Đinh": 1,
    "Mai": 1,
    "Lương": 1,
    "Tạ": 1,
    "Châu": 1,
    "Cao": 1,
}
_HER_MIDDLES = [
    "Thị",
    "Thu",
    "Ngọc",
    "Minh",
    "Thanh",
    "Bảo",
    "Phương",
    "Khánh",
    "Hồng",
    "Kim",
    "Mỹ",
    "Quỳnh",
    "Như",
    "Diệu",
    "Ánh",
]
_HER_NAMES = [
    "Thảo",
    "Lan",
    "Hương",
    "Mai",
    "Linh",
    "Trang",
    "Ngân",
    "Hân",
    "Vy",
    "Nhi",
    "Anh",
    "Châu",
    "Yến",
    "Uyên",
    "Thư",
    "Trâm",
    "Dung",
    "Hạnh",
    "Nga",
    "Oanh",
    "Phượng",
    "Quyên",
    "Tiên",
    "Trinh",
    "Tú",
    "Xuân",
    "Diệp",
    "Giang",
    "Hà",
    "Hiền",
    "My",
    "Ngọc",
    "Lụa",
    "Nguyệt",
]
_HIS_MIDDLES = [
    "Văn",
    "Minh",
    "Quốc",
    "Đức",
    "Gia",
    "Hoàng",
    "Thanh",
    "Anh",
    "Hữu",
    "Tuấn",
    "Ngọc",
    "Bảo",
    "Công",
    "Xuân",
    "Nhật",
    "Trọng",
]
_HIS_NAMES = [
    "Bảo",
    "Huy",
    "Khôi",
    "Thịnh",
    "Dũng",
    "Nam",
    "Phúc",
    "Quân",
    "Sơn",
    "Tùng",
    "Việt",
    "Long",
    "Khoa",
    "Kiên",
    "Hải",
    "Hiếu",
    "Đạt",
    "Đức",
    "Cường",
    "Bình",
    "An",
    "Phong",
    "Tài",
    "Thắng",
    "Trí",
    "Vinh",
    "Tâm",
    "Lộc",
    "Nghĩa",
    "Duy",
    "Khang",
    "Thành",
]
_VISITORS = (
    *(("Emma Clark", Salutation.OLDER_SISTER), ("David Kim", Salutation.OLDER_BROTHER)),
    *(("Sophie Martin", Salutation.OLDER_SISTER), ("Tom Becker", Salutation.OLDER_BROTHER)),
    *(("Yuki Tanaka", Salutation.OLDER_SISTER), ("Liam Murphy", Salutation.OLDER_BROTHER)),
)


@dataclass(frozen=True)
class Person:
    name: str
    salutation: str
    language: str

    @property
    def handle(self) -> str:
        """The name as an e-mail address begins: given name first, without marks."""
        words = fold(self.name).split() or ["khach"]
        return ".".join([words[-1], *words[:-1][:1]])


def someone(rng: Random) -> Person:
    """One more person: mostly with a full name, some only as the cashier calls them."""
    kind = rng.random()
    if kind < 0.02:
        name, salutation = rng.choice(_VISITORS)
        return Person(name, salutation, "en")
    her = rng.random() < 0.56
    middles, names = (_HER_MIDDLES, _HER_NAMES) if her else (_HIS_MIDDLES, _HIS_NAMES)
    given = rng.choice(names)
    family = rng.choices(list(_FAMILIES), list(_FAMILIES.values()))[0]
    full = f"{family} {rng.choice([m for m in middles if m != given])} {given}"
    salutation = Salutation.OLDER_SISTER if her else Salutation.OLDER_BROTHER
    if kind < 0.05:
        return Person("", "", "vi")
    return Person(given if kind < 0.15 else full, salutation, "vi")
