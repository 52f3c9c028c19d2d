"""
Pictures of rewards. What comes in is drawn anew: small, as WebP, and without anything else the
file held, such as where a photo was taken.
"""

import hashlib
import struct
import zipfile
from datetime import datetime
from io import BytesIO
from typing import Final

from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from loyalty.errors import DomainError
from rewards.models import Picture, Reward

MOST_BYTES: Final = 5 * 1024 * 1024
MOST_PIXELS: Final = 40_000_000
MOST_ASIDE: Final = 20_000  # A thread of pixels takes gigabytes to make smaller.
LONGEST_SIDE: Final = 800
QUALITY: Final = 80
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF")  # Raster only; no other decoder is asked.
# A file that is a picture and a page, a script or a document as well. Written in small letters.
_PASSENGERS: Final = (b"<script", b"<html", b"<!doctype", b"<svg ", b"<svg>", b"<?php", b"%pdf-")
# What decoders raise over a broken file.
_BROKEN: Final = (
    *(OSError, SyntaxError, ValueError, EOFError, struct.error, IndexError, KeyError),
    *(TypeError, OverflowError, ZeroDivisionError, NotImplementedError),
)
_TOO_BIG: Final = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class PictureRefused(DomainError):
    """The file is no picture that can be used; the text says why."""


def redrawn(data: bytes) -> bytes:
    """
    The picture as WebP, at most 800 pixels a side, upright, its first frame alone. Raises
    PictureRefused for more than 5 MB, 40 million pixels or 20,000 a side, for what is no JPEG,
    PNG, WebP or GIF, and for a picture that is something else as well.
    """
    if len(data) > MOST_BYTES:
        raise PictureRefused(_("A picture may have at most 5 MB."))
    lowered = data.lower()
    if any(mark in lowered for mark in _PASSENGERS) or zipfile.is_zipfile(BytesIO(data)):
        raise PictureRefused(_("This file holds more than a picture."))
    try:
        return _webp(data)
    except _TOO_BIG as error:
        raise PictureRefused(_("A picture may have at most 40 million pixels.")) from error
    except _BROKEN as error:
        raise PictureRefused(_("This is no picture: JPEG, PNG, WebP or GIF.")) from error


def _webp(data: bytes) -> bytes:
    with Image.open(BytesIO(data), formats=FORMATS) as opened:
        if opened.width * opened.height > MOST_PIXELS or max(opened.size) > MOST_ASIDE:
            raise Image.DecompressionBombError
        opened.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))  # A JPEG is read coarser.
        ImageOps.exif_transpose(opened, in_place=True)
        clear = "A" in opened.getbands() or "transparency" in opened.info
        drawn = opened.convert("RGBA" if clear else "RGB")
    drawn.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    bare = Image.new(drawn.mode, drawn.size)  # Nothing goes along but the pixels.
    bare.paste(drawn)
    written = BytesIO()
    bare.save(written, "WEBP", quality=QUALITY, method=4)
    return written.getvalue()


@transaction.atomic
def keep_picture(data: bytes, *, at: datetime) -> Picture:
    """
    The picture in `data`, kept, and held until the caller's transaction has given it to a reward.
    Safe to repeat: the same file is the same picture, and so is what came out of here before.
    Raises PictureRefused.
    """
    known = Picture.objects.filter(pk=_digest(data)).exists()
    return keep_redrawn(data if known else redrawn(data), at=at)


@transaction.atomic
def keep_redrawn(content: bytes, *, at: datetime) -> Picture:
    """The same for what `redrawn` made."""
    made = Picture(digest=_digest(content), content=content, added_at=at)
    Picture.objects.bulk_create([made], ignore_conflicts=True)
    return Picture.objects.defer("content").select_for_update(no_key=True).get(pk=made.pk)


@transaction.atomic
def drop_unused() -> int:
    """Take away the pictures that no reward has any more, but those just kept; return how many."""
    used = Reward.objects.filter(picture__isnull=False).values("picture")
    free = Picture.objects.exclude(pk__in=used).select_for_update(skip_locked=True)
    return Picture.objects.filter(pk__in=list(free.values_list("pk", flat=True))).delete()[0]


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
