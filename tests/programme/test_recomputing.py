"""An entry's explanation, worked out again from what is stored and nothing else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty.programme.basket import Buyer
from loyalty.programme.earning import earn
from loyalty.programme.recomputing import recompute
from tests.factories.programmes import EVERYDAY, ONE_TIER, SILVER, basket, line, programme

TIERS = ONE_TIER + SILVER + "multiplier = 1.3\n"
RULES = [
    '[[earn]]\nkey = "tra"\nname = "Trà"\nmultiplier = 2\ncategories = ["trà"]\n',
    '[[earn]]\nkey = "la"\nname = "Lạ"\nmultiplier = 1.5\nnot_labels = ["cũ"]\n'
    'cap_points = 99\ncap_per = "sale"\n',
    '[[earn]]\nkey = "mon"\nname = "Món"\npoints = 3\nper = "unit"\nlabels = ["cũ"]\n'
    'cap_points = 7\ncap_per = "month"\n',
    '[[earn]]\nkey = "moi"\nname = "Mỗi món"\npoints = 1\nper = "unit"\n',
    '[[earn]]\nkey = "tron"\nname = "Trọn"\nmultiplier = 3\ncap_points = 40\ncap_per = "day"\n',
    '[[earn]]\nkey = "don"\nname = "Đơn"\npoints = 4\nper = "order"\ncategories = ["trà"]\n',
    '[[earn]]\nkey = "ngay"\nname = "Ngày"\nmultiplier = 1.2\n',
    '[[earn]]\nkey = "rieng"\nname = "Riêng"\npoints = 1\nper_minor = 7_000\n'
    'categories = ["trà"]\npriority = 2\nstackable = false\n',
    '[[earn]]\nkey = "dung"\nname = "Dừng"\nmultiplier = 4\nlabels = ["cũ"]\nstop = true\n',
]
BILLS = st.lists(
    st.builds(
        lambda price, quantity, category, labels: line(
            price, quantity=quantity, category=category, labels=labels
        ),
        st.integers(0, 10**6),
        st.sampled_from(["1", "2", "0.5", "1.375"]),
        st.sampled_from(["trà", "bánh"]),
        st.sampled_from(["", "cũ"]),
    ),
    min_size=1,
    max_size=5,
)


@given(
    rules=st.lists(st.sampled_from(RULES), unique=True, max_size=6),
    rounding=st.sampled_from(["floor", "round", "ceil"]),
    stage=st.sampled_from(["step", "end"]),
    bill=BILLS,
    tier=st.sampled_from(["moi", "bac"]),
    before=st.integers(0, 10),
)
def test_every_explanation_comes_to_its_points(rules, rounding, stage, bill, tier, before):
    shop = programme(
        f'[rounding]\nmode = "{rounding}"\nstage = "{stage}"\n',
        earn=EVERYDAY + "".join(rules),
        tiers=TIERS,
    )

    earning = earn(shop, basket=basket(*bill), buyer=Buyer(tier, given={"mon": before}))

    stored = json.loads(json.dumps(earning.explanation))
    assert recompute(stored) == stored["points"] == earning.points
    assert sum(earning.line_points) == earning.points


def test_a_figure_that_was_touched_is_found_with_its_rule():
    shop = programme(earn=EVERYDAY + RULES[0], tiers=TIERS)
    bill = basket(line(68_000, category="trà"), line(25_000))
    fine = earn(shop, basket=bill, buyer=Buyer("bac")).explanation

    assert recompute(fine) == 19  # (9 + 6) × 1.3 = 19.5
    for touched in ({"gives": "10"}, {"points": 2}, {"gives": "5", "wanted": "8"}):
        first, *others = fine["rules"]
        with pytest.raises(ValueError, match="mua"):
            recompute({**fine, "rules": [{**first, **touched}, *others]})


def test_an_explanation_from_before_there_were_lines_still_comes_to_its_points():
    old = {
        "amount_minor": 68_000,
        "rules": [{"key": "mua-hang", "points": 1, "per_minor": 10_000, "gives": "6"}],
        "multipliers": [{"key": "thu-ba", "times": "2"}],
        "base": 6,
        "multiplier": "6/5",
        "rounding": "floor",
        "stage": "step",
        "points": 14,
    }

    assert recompute(old) == 14
