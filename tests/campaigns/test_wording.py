import pytest
from django.core.exceptions import ValidationError

from campaigns.defaults import BIRTHDAY_EMAIL, BIRTHDAY_SMS, ensure_campaigns
from campaigns.models import Campaign
from campaigns.wording import PLACEHOLDERS, fill, validate_wording, values_for
from tests.factories.campaigns import BirthdayCustomerFactory, birthday_campaign
from tests.factories.shop import ShopFactory

OTHER_LANGUAGES = [
    "{{settings.SECRET_KEY}}",
    "{event.__init__.__globals__}",
    "{0.__class__}",
    "${7*7}",
    "#{7*7}",
    '{{ env "SECRET_KEY" }}',
    "{ten!r}",
    "{ten:>10}",
    "{ ten }",
    "{}",
]


@pytest.mark.parametrize("text", OTHER_LANGUAGES)
def test_a_text_with_an_unknown_placeholder_cannot_be_saved(text: str) -> None:
    campaign = birthday_campaign("email")
    campaign.body_vi = f"Chào {text}"

    with pytest.raises(ValidationError) as error:
        campaign.full_clean()

    assert list(error.value.message_dict) == ["body_vi"]


@pytest.mark.parametrize("text", [*OTHER_LANGUAGES, "{% debug %}", "%(ten)s", "{ten"])
def test_nothing_in_a_text_is_ever_evaluated(text: str) -> None:
    assert fill(text, {"ten": "Thảo"}) == text


def test_every_placeholder_has_a_value_in_both_languages() -> None:
    customer = BirthdayCustomerFactory()
    for language in ("vi", "en"):
        values = values_for(customer, shop=ShopFactory(), points=0, language=language)
        assert values.keys() == PLACEHOLDERS.keys()


@pytest.mark.parametrize(
    ("language", "name", "salutation", "expected"),
    [
        ("vi", "Nguyễn Thị Thảo", "chị", "Thảo | chị Thảo | chị | Chị"),
        ("vi", "Nguyễn Văn An", "anh", "An | anh An | anh | Anh"),
        ("vi", "Nguyễn Thị Thảo", "", "Thảo | bạn Thảo | bạn | Bạn"),
        ("vi", "", "", " | bạn | bạn | Bạn"),
        ("en", "Ada Lovelace", "chị", "Ada Lovelace | Ada Lovelace | you | You"),
        ("en", "", "", " | you | you | You"),
    ],
)
def test_customers_are_addressed_as_the_shop_would(
    language: str, name: str, salutation: str, expected: str
) -> None:
    customer = BirthdayCustomerFactory.build(name=name, salutation=salutation)
    values = values_for(customer, shop=ShopFactory(), points=0, language=language)

    assert fill("{ten} | {khach} | {danh_xung} | {Danh_xung}", values) == expected


def test_a_placeholder_inside_a_name_is_not_replaced_again() -> None:
    customer = BirthdayCustomerFactory.build(name="{hotline}", salutation="chị")
    values = values_for(customer, shop=ShopFactory(), points=1286, language="vi")

    assert fill("{khach}: {diem}", values) == "chị {hotline}: 1.286"


def test_the_texts_a_shop_begins_with_are_sound_and_made_once() -> None:
    for text in [*BIRTHDAY_EMAIL.values(), *BIRTHDAY_SMS.values()]:
        validate_wording(text)

    assert [ensure_campaigns(), ensure_campaigns()] == [2, 0]
    for campaign in Campaign.objects.all():
        campaign.full_clean()


def test_a_shops_own_words_are_kept() -> None:
    ensure_campaigns()
    Campaign.objects.filter(channel="sms").update(body_vi="Mừng {khach}")

    ensure_campaigns()

    assert Campaign.objects.get(channel="sms").body_vi == "Mừng {khach}"
