"""Pictures come in as files of strangers and go out as our own drawing of them."""

import hashlib
import random
import zipfile
from io import BytesIO

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from PIL import Image, PngImagePlugin

from rewards import pictures
from rewards.catalogue import InvalidCatalogue, Loaded, dump, load
from rewards.models import Picture, Reward
from rewards.pictures import PictureRefused, drop_unused, keep_picture, redrawn
from tests.factories.clock import NOON
from tests.factories.pictures import picture_file
from tests.factories.rewards import RewardFactory
from tests.factories.shop import shop_with_programme
from tests.support.rounds import rounds

TEA = '[[rewards]]\nkey = "tea"\nname = "Trà"\ncost_points = 10\n'
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'


def drawn(data: bytes) -> Image.Image:
    return Image.open(BytesIO(redrawn(data)))


def near(pixel: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 40 for one, other in zip(pixel, wanted, strict=False))


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *[("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGB"), ("PNG", "P")],
        *[("PNG", "1"), ("PNG", "LA"), ("PNG", "I;16"), ("WEBP", "RGB"), ("GIF", "P")],
    ],
)
def test_any_usual_file_becomes_a_small_webp(kind, mode):
    data = picture_file(kind) if mode == "I;16" else picture_file(kind, mode=mode)

    picture = drawn(data)

    assert (picture.format, picture.size) == ("WEBP", (800, 400))


def test_a_small_picture_keeps_its_size_and_its_clear_parts():
    file = BytesIO()
    Image.new("RGBA", (10, 20), (255, 0, 0, 0)).save(file, "PNG")

    picture = drawn(file.getvalue())

    assert (picture.size, picture.mode) == ((10, 20), "RGBA")
    assert picture.getpixel((5, 5))[3] == 0


def test_a_photo_is_turned_upright_and_tells_nothing_of_where_it_was_taken():
    exif = Image.Exif()
    exif[0x0112] = 6  # Turned a quarter by the camera.
    exif[0x8825] = {1: "N", 2: (21.0, 1.0, 42.0)}  # GPS.
    exif[0x010E] = "Nhà của Lan"
    data = picture_file(size=(600, 300), exif=exif, comment=b"Nh\xc3\xa0 c\xe1\xbb\xa7a Lan")
    assert "Nhà của Lan".encode() in data

    out = redrawn(data)
    picture = Image.open(BytesIO(out))

    assert picture.size == (300, 600)
    assert near(picture.convert("RGB").getpixel((150, 50)), (255, 0, 0))
    assert near(picture.convert("RGB").getpixel((150, 550)), (0, 0, 255))
    assert (dict(picture.getexif()), picture.info.get("exif"), picture.info.get("xmp")) == (
        {},
        None,
        None,
    )
    assert b"Lan" not in out


def test_texts_and_profiles_in_a_file_stay_behind():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Nguyen Thu Thao")

    out = redrawn(picture_file("PNG", pnginfo=notes, icc_profile=b"not a profile"))

    assert b"Thao" not in out
    assert b"ICCP" not in out


def test_of_moving_pictures_the_first_one_is_taken():
    file = BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:])

    picture = drawn(file.getvalue())

    assert getattr(picture, "n_frames", 1) == 1
    assert near(picture.convert("RGB").getpixel((10, 10)), (255, 0, 0))


def archive() -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        made.writestr("a.txt", "a")
    return file.getvalue()


def bmp() -> bytes:
    file = BytesIO()
    Image.new("RGB", (5, 5)).save(file, "BMP")
    return file.getvalue()


def huge() -> bytes:
    """Much more than 40 million pixels, in a file of some kilobytes."""
    file = BytesIO()
    Image.new("1", (8_000, 5_001)).save(file, "PNG")
    return file.getvalue()


def thread() -> bytes:
    """Few pixels, all in one row."""
    file = BytesIO()
    Image.new("1", (20_001, 1)).save(file, "PNG")
    return file.getvalue()


def bomb() -> bytes:
    data = bytearray(picture_file("GIF", mode="P", size=(4, 4)))
    data[6:10] = b"\xff\xff\xff\xff"  # It says that it is 65535 wide and high.
    return bytes(data)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "Không phải ảnh"),
        (b"GIF89a", "Không phải ảnh"),
        (b"hello" * 100, "Không phải ảnh"),
        (SVG, "nhiều hơn một tấm ảnh"),
        (b"<!DOCTYPE html><html><body>", "nhiều hơn một tấm ảnh"),
        (b"%PDF-1.7\n" + b"0" * 500, "nhiều hơn một tấm ảnh"),
        (picture_file() + b"<SCRIPT>alert(1)</SCRIPT>", "nhiều hơn một tấm ảnh"),
        (picture_file("GIF", mode="P", comment=b"<?php system(1);"), "nhiều hơn một tấm ảnh"),
        (picture_file("PNG") + SVG, "nhiều hơn một tấm ảnh"),
        (picture_file("PNG") + archive(), "nhiều hơn một tấm ảnh"),
        (picture_file()[:-2000], "Không phải ảnh"),
        (picture_file("PNG")[:200], "Không phải ảnh"),
        (picture_file("WEBP")[:200], "Không phải ảnh"),
        (bmp(), "Không phải ảnh"),
        (huge(), "40 triệu điểm ảnh"),
        (thread(), "40 triệu điểm ảnh"),
        (bomb(), "40 triệu điểm ảnh"),
        (picture_file() + b"\x00" * (5 * 1024 * 1024), "5 MB"),
    ],
)
def test_what_is_no_picture_or_more_than_one_is_refused(data, why):
    with pytest.raises(PictureRefused, match=why):
        redrawn(data)


def test_a_broken_file_is_refused_or_drawn_and_never_anything_else():
    dice = random.Random(7)
    wholes = [picture_file(kind, size=(64, 48)) for kind in ("JPEG", "PNG", "WEBP")]
    wholes.append(picture_file("GIF", mode="P", size=(64, 48)))
    for _round in range(rounds(usual=400, soak=20_000)):
        data = bytearray(dice.choice(wholes))
        for _byte in range(dice.randint(1, 12)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            out = redrawn(
                bytes(data[: dice.randint(1, len(data))] if dice.random() < 0.3 else data)
            )
        except PictureRefused:
            continue
        assert max(Image.open(BytesIO(out)).size) <= 800


@pytest.mark.django_db
def test_a_picture_is_kept_once_under_the_name_of_its_content():
    first, again = (keep_picture(picture_file(), at=NOON) for _turn in range(2))
    picture = Picture.objects.get()

    assert first == again == picture
    assert picture.digest == hashlib.sha256(picture.content).hexdigest()
    assert keep_picture(bytes(picture.content), at=NOON) == picture  # Our own file, unchanged.


@pytest.mark.django_db
def test_pictures_that_no_reward_has_are_taken_away():
    used, free = (keep_picture(picture_file(size=(n, n)), at=NOON) for n in (10, 20))
    RewardFactory(picture=used, is_active=False)  # Its vouchers still show it.
    with transaction.atomic():
        assert drop_unused() == 1

    assert list(Picture.objects.all()) == [used]
    assert free != used


@pytest.mark.django_db
@pytest.mark.parametrize(
    "columns",
    [
        {"digest": "0" * 64, "content": b"RIFF0000WEBP"},
        {"digest": hashlib.sha256(b"<html>").hexdigest(), "content": b"<html>"},
    ],
)
def test_the_database_keeps_nothing_but_webp_under_its_name(columns):
    with pytest.raises(IntegrityError, match="picture_"), transaction.atomic():
        Picture.objects.create(**columns, added_at=NOON)

    keep_picture(picture_file(), at=NOON)
    with pytest.raises(DatabaseError, match="picture_"), transaction.atomic():
        Picture.objects.update(content=b"RIFF0000WEBP")


@pytest.mark.django_db
class TestInTheCatalogue:
    @pytest.fixture(autouse=True)
    def shop(self, db):
        shop_with_programme()

    def test_a_file_beside_the_document_becomes_the_rewards_picture(self, tmp_path):
        (tmp_path / "tra.jpg").write_bytes(picture_file())
        document = TEA + 'picture = "tra.jpg"\n'

        assert load(document, at=NOON, folder=tmp_path) == Loaded(1, 0, 0)
        assert load(document, at=NOON, folder=tmp_path) == Loaded(0, 0, 0)
        assert load(TEA, at=NOON) == Loaded(0, 0, 0)  # It does not speak of it.
        assert Reward.objects.get().picture == Picture.objects.get()
        assert load(TEA + 'picture = ""\n', at=NOON) == Loaded(0, 1, 0)
        assert (Reward.objects.get().picture, Picture.objects.count()) == (None, 0)

    def test_pictures_survive_the_round_trip(self, tmp_path):
        (tmp_path / "tra.png").write_bytes(picture_file("PNG"))
        load(TEA + 'picture = "tra.png"\n', at=NOON, folder=tmp_path)
        before = list(Reward.objects.values())

        document = dump(folder=tmp_path / "out")

        assert f'picture = "{Picture.objects.get().pk}.webp"' in document
        assert load(document, at=NOON, folder=tmp_path / "out") == Loaded(0, 0, 0)
        assert list(Reward.objects.values()) == before
        assert "picture" not in dump()

    @pytest.mark.parametrize(
        "name", ["tra.svg", "missing.jpg", "../secret.jpg", "/etc/passwd", ".hidden", "sub/a.jpg"]
    )
    def test_a_file_that_will_not_do_is_named_by_its_line(self, tmp_path, name):
        folder = tmp_path / "catalogue"
        (folder / "sub").mkdir(parents=True)
        (folder / "tra.svg").write_bytes(SVG)
        for place in (tmp_path / "secret.jpg", folder / ".hidden", folder / "sub" / "a.jpg"):
            place.write_bytes(picture_file(size=(8, 8)))

        with pytest.raises(InvalidCatalogue, match=r"5: rewards\[1\]\.picture:"):
            load(TEA + f'picture = "{name}"\n', at=NOON, folder=folder)

        assert (Reward.objects.count(), Picture.objects.count()) == (0, 0)

    def test_a_document_from_nowhere_has_no_files(self):
        with pytest.raises(InvalidCatalogue, match="picture"):
            load(TEA + 'picture = "tra.jpg"\n', at=NOON)


def test_the_limits_are_those_we_say():
    assert (pictures.MOST_BYTES, pictures.MOST_PIXELS, pictures.LONGEST_SIDE) == (
        5_242_880,
        40_000_000,
        800,
    )
