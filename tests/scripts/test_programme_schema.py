"""The schema that editors check a programme file by: what the readers ask for, and nothing else."""

import json
import tomllib
from datetime import date
from typing import Any

import programme_schema
import pytest
from jsonschema import Draft202012Validator
from programme_samples import SAMPLES

from loyalty.programme.document import SECTIONS
from tests.factories.shop import STARTERS

CAFE = (STARTERS / "cafe.toml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json.loads(programme_schema.SCHEMA.read_text(encoding="utf-8"))


def mistakes(schema: dict[str, Any], document: str) -> list[str]:
    """Where the document does not fit: `earn.0.points`."""
    # A day has no JSON of its own; editors look at it as a text.
    data = json.loads(json.dumps(tomllib.loads(document), default=date.isoformat))
    found = Draft202012Validator(schema).iter_errors(data)
    return sorted(".".join(map(str, error.absolute_path)) for error in found)


def test_it_is_what_the_readers_ask_for_today():
    kept = programme_schema.SCHEMA.read_text(encoding="utf-8")

    assert kept == programme_schema.text(), (
        "run: .venv/bin/python scripts/programme_schema.py write"
    )


def test_it_is_a_json_schema(schema):
    Draft202012Validator.check_schema(schema)
    assert set(schema["properties"]) == SECTIONS


@pytest.mark.parametrize("path", sorted(STARTERS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_starter_fits(schema, path):
    assert mistakes(schema, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("number", range(len(SAMPLES)))
def test_every_sample_fits(schema, number):
    assert mistakes(schema, SAMPLES[number]) == []


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("per_minor = 10_000", "per_minor = 0", "earn.0.per_minor"),
        ("per_minor = 10_000", "per_minor = 1.5", "earn.0.per_minor"),
        ("per_minor = 10_000", "per_minors = 10_000", "earn.0"),
        ("per_minor = 10_000", 'per = "line"', "earn.0.per"),
        ("per_minor = 10_000", 'per_minor = 1\nhours = ["14-17"]', "earn.0.hours.0"),
        ("per_minor = 10_000", "per_minor = 1\nbirthday = {before = 3, on = 1}", "earn.0.birthday"),
        ('stage = "step"', 'stage = "later"', "rounding.stage"),
        ('key = "bac"', 'key = "Bạc"', "tiers.1.key"),
        ('key = "bac"\n', "", "tiers.1"),
        ("expire_after_months = 12", "never_expire = false", "points.never_expire"),
    ],
)
def test_a_mistake_is_marked_where_it_stands(schema, old, new, place):
    assert old in CAFE
    assert mistakes(schema, CAFE.replace(old, new, 1)) == [place]


def test_what_cannot_be_left_out_is_asked_for(schema):
    assert schema["required"] == ["earn", "tiers"]
    rows = {name: schema["properties"][name]["items"] for name in ("earn", "discounts", "tiers")}
    assert {name: row["required"] for name, row in rows.items()} == {
        "earn": ["name"],
        "discounts": ["key", "name"],  # And percent, or buy and get.
        "tiers": ["key", "name"],
    }


def test_a_default_that_depends_on_other_keys_is_not_shown(schema):
    rules = schema["properties"]["tier_rules"]["properties"]

    assert rules["downgrade"] == {"enum": ["never", "at_once", "review"], "default": "never"}
    assert rules["carry_over"] == {"type": "boolean"}
    assert "default" not in rules["and_by"]


def test_a_new_key_that_no_sample_uses_is_told(monkeypatch):
    monkeypatch.setattr("loyalty.programme.document.SECTIONS", SECTIONS | {"lottery"})

    with pytest.raises(LookupError, match=r"lottery: use it in programme_samples\.py"):
        programme_schema.text()
