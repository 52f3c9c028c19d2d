"""
The floors in docs/architecture.md, as a test. Each package may import itself and what stands
above its line here; nothing may import the composition root (settings, urls, celery, wsgi), and
nothing may import inside a function to get around it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
KERNEL = {
    "loyalty.errors",
    "loyalty.money",
    "loyalty.dates",
    "loyalty.lunar",
    "loyalty.sayings",
    "loyalty.text",
    "loyalty.toml",
    "loyalty.commands",
    "loyalty.transactions",
    "loyalty.statements",
    "loyalty.postgres",
    "loyalty.proving",
}
FLOORS = [  # Lowest first.
    "loyalty.shop",
    "loyalty.programme",
    "customers",
    "loyalty.ledger",
    "loyalty.tiers",
    "rewards",
    "loyalty.purchases",
    "campaigns",
    "loyalty.reports",
    "loyalty.care",
    "loyalty.integrations",
    "loyalty.operations",
    "loyalty.web.shared",
    "loyalty.web.counter",
    "loyalty.web.portal",
    "loyalty.web.owner",
    "loyalty.web.api",
    "loyalty.web.templatetags",  # Registers what the doors format.
    "loyalty.web",
]
DOORS = {"loyalty.web.counter", "loyalty.web.portal", "loyalty.web.owner", "loyalty.web.api"}
# Neighbours that must not know each other.
STRANGERS = {("customers", "loyalty.programme")} | {
    (door, other) for door in DOORS for other in DOORS - {door}
}
# The web may not reach into operations: a page never backs up or seeds.
STRANGERS |= {(door, "loyalty.operations") for door in [*DOORS, "loyalty.web.shared"]}


def package_of(module: str) -> str | None:
    owners = [p for p in [*FLOORS, *KERNEL] if f"{module}.".startswith(f"{p}.")]
    if owners:
        return max(owners, key=len)
    return module if module.split(".")[0] == "loyalty" else None


def imports_of(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


def allowed_for(package: str) -> set[str]:
    below = FLOORS[: FLOORS.index(package)] if package in FLOORS else []
    return {package, *KERNEL, *below} - {low for high, low in STRANGERS if high == package}


def refusals(package: str, source: str) -> list[str]:
    """What the rule says to `source` standing in `package`."""
    allowed = allowed_for(package)
    return [
        module
        for module, _line in imports_of(ast.parse(source))
        if (owner := package_of(module)) is not None and owner not in allowed
    ]


def files_of(package: str) -> Iterator[Path]:
    place = ROOT / package.replace(".", "/")
    for path in sorted(place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if package_of(module.removesuffix(".__init__")) == package:
            yield path


@pytest.mark.parametrize("package", [*sorted(KERNEL), *FLOORS])
def test_imports_only_lower_floors(package):
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in files_of(package)
        for module in refusals(package, path.read_text(encoding="utf-8"))
    ]
    assert wrong == []


@pytest.mark.parametrize("package", [*sorted(KERNEL), *FLOORS])
def test_imports_nothing_inside_a_function(package):
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in files_of(package)
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("loyalty.ledger", "from rewards.models import Reward"),
        ("customers", "from loyalty.programme import versions"),
        ("loyalty.text", "from customers.models import Customer"),
        ("loyalty.web.portal", "from loyalty.web.counter import views"),
        ("loyalty.purchases", "import campaigns.outbox"),
        ("loyalty.shop", "from loyalty.settings import DEBUG"),
    ],
)
def test_an_upward_import_is_refused(package, line):
    assert len(refusals(package, line)) == 1


def test_every_package_of_the_product_has_a_floor():
    apps = [*ROOT.glob("*/apps.py"), *ROOT.glob("loyalty/*/apps.py")]
    names = {".".join(path.parent.relative_to(ROOT).parts) for path in apps}
    assert names - set(FLOORS) == set()
