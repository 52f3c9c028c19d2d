import re
import subprocess
import sys
from io import BytesIO

import messages
import pytest
from babel.messages.catalog import Catalog, Message


def extracted(template: str) -> list[object]:
    source = BytesIO(template.encode())
    return [found[2] for found in messages.extract_template(source, messages.KEYWORDS, [], {})]


@pytest.mark.parametrize(
    ("template", "texts"),
    [
        ("<p>\n    {% translate 'Points' %}</p>", ["Points"]),
        ('<p title="{{ _("Balance") }}">', ["Balance"]),
        ('{% include "x.html" with text=_("Gifts") %}', ["Gifts"]),
        ('{{ name|default:_("nobody") }}', ["nobody"]),
        ("{% blocktranslate %}Hello {{ name }}{% endblocktranslate %}", ["Hello %(name)s"]),
        (
            "{% blocktranslate trimmed count n=n %}\n  one {{ n }}\n{% plural %}\n  many\n"
            "{% endblocktranslate %}",
            [("one %(n)s", "many")],
        ),
        ("{% translate 'May' context 'month' %}", [("month", "May")]),
        ("{# {% translate 'Old' %} #}{% comment %}{% translate 'Gone' %}{% endcomment %}", []),
    ],
)
def test_texts_are_found_in_templates(template, texts):
    assert [
        tuple(part for part in text if part is not None) if isinstance(text, tuple) else text
        for text in extracted(template)
    ] == texts


@pytest.mark.parametrize(
    ("original", "translation", "problem"),
    [
        ("Sale", "Bán hàng", ""),
        ("Sale", "", "without Vietnamese"),
        ("%(n)s left", "còn %(n)s", ""),
        ("%(n)s left", "còn", "other placeholders"),
        ("{count} left", "còn {n}", "other placeholders"),
        (("one %(n)s", "many %(n)s"), ("%(n)s cái",), ""),
        (("one", "%(n)s of them"), ("%(n)s cái",), ""),
        (("one %(n)s", "many %(n)s"), ("cái",), "other placeholders"),
        (("one %(n)s", "many %(n)s"), ("",), "without Vietnamese"),
    ],
)
def test_a_translation_is_whole_and_keeps_its_placeholders(original, translation, problem):
    found = messages._problems_of(Message(original, translation))

    assert [line.split(":")[0] for line in found] == ([problem] if problem else [])


@pytest.mark.parametrize("forms", [["voucher", ("voucher", "vouchers")], [("a", "b"), "a"]])
def test_a_text_stands_with_a_plural_form_everywhere_or_nowhere(tmp_path, forms):
    calls = [f"ngettext{one}" if isinstance(one, tuple) else f"gettext('{one}')" for one in forms]
    (tmp_path / "words.py").write_text("\n".join(calls))

    with pytest.raises(SystemExit, match="once with a plural form"):
        messages._extract_folder(tmp_path, "words", into=Catalog(locale="vi"))


def test_a_python_without_django_is_told_which_one_has_it():
    bare = [sys.executable, "-S", messages.__file__, "check"]

    done = subprocess.run(bare, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr == "This Python has no Django. Run: .venv/bin/python scripts/messages.py …\n"


def test_texts_go_by_the_names_that_are_looked_for():
    """Under another name, nobody would find and translate them."""
    imported = re.compile(r"^from django\.utils\.translation import \w+ as (?!_$)\w+", re.MULTILINE)
    sources = [path for name in messages.SOURCES for path in (messages.ROOT / name).rglob("*.py")]

    assert len(sources) > 300
    assert [str(path) for path in sources if imported.search(path.read_text("utf-8"))] == []
