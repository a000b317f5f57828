"""A consumer's photo: checked, and encoded again without place, time and device of the camera."""

import io
import warnings

from PIL import Image, ImageOps, UnidentifiedImageError

from events.errors import TracewardenError
from store.reports import Photo

LARGEST_PHOTO = 5 * 1024 * 1024
"""Bytes as uploaded."""
_MOST_PIXELS = 50_000_000
_LONGEST_SIDE = 1600
_FORMATS = ("JPEG", "PNG", "WEBP")


class PhotoError(TracewardenError):
    """A photo that cannot be taken."""

    type = "photo-invalid"


def clean_photo(raw: bytes) -> Photo:
    """The picture alone, as a JPEG of at most 1600 pixels a side.

    Raises:
        PhotoError: too large, of another format, or damaged.
    """
    if len(raw) > LARGEST_PHOTO:
        raise PhotoError(f"a photo has at most {LARGEST_PHOTO} bytes", field="photo")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(raw), formats=_FORMATS) as image:
                if image.width * image.height > _MOST_PIXELS:
                    raise PhotoError("the photo has too many pixels", field="photo")
                return Photo("image/jpeg", _as_jpeg(image))
    except UnidentifiedImageError:
        raise PhotoError("a photo is JPEG, PNG or WebP", field="photo") from None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise PhotoError(f"the photo is damaged: {error}", field="photo") from None


def _as_jpeg(image: Image.Image) -> bytes:
    upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((_LONGEST_SIDE, _LONGEST_SIDE))
    plain = Image.new("RGB", upright.size)
    plain.paste(upright)
    encoded = io.BytesIO()
    plain.save(encoded, "JPEG", quality=82)
    return encoded.getvalue()
