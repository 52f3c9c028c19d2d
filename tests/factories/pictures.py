"""Files with pictures in them, made on the spot."""

from io import BytesIO

from PIL import Image


def picture_file(
    kind: str = "JPEG", *, size: tuple[int, int] = (1200, 600), mode: str = "RGB", **more: object
) -> bytes:
    """A file of that kind: its left half red, its right half blue."""
    image = Image.new("RGB", size, "red")
    image.paste("blue", (size[0] // 2, 0, size[0], size[1]))
    file = BytesIO()
    image.convert(mode).save(file, kind, **more)
    return file.getvalue()
