"""Data Matrix symbols (ISO/IEC 16022, ECC 200) for items too small for a QR code."""

import numpy as np
from ppf.datamatrix import DataMatrix  # type: ignore[import-untyped]

from codes.errors import CodeError
from codes.modules import Modules

QUIET_ZONE = 2
"""Light modules around a symbol; the standard asks for one."""


def encode(text: str) -> Modules:
    """The smallest square symbol for ``text``, without quiet zone.

    Raises:
        CodeError: ``label-invalid``: the text is not ASCII, or too long.
    """
    if not text.isascii() or not text:
        raise CodeError("a Data Matrix holds ASCII text", field="text", type="label-invalid")
    try:
        matrix = DataMatrix(text).matrix
    except (ValueError, IndexError, KeyError) as error:
        raise CodeError(
            f"the text does not fit: {error}", field="text", type="label-invalid"
        ) from None
    return np.array(matrix, dtype=np.uint8)
