"""Cases and pallets: their SSCCs, and signed codes of their own.

An SSCC is extension digit, company prefix, serial reference and check digit. Its serial reference
counts up, as GS1 wants it: who reads a pallet's label learns nothing that aggregation does not say,
and the signature still tells it from a made-up one.
"""

from collections.abc import Iterator
from itertools import count

from codes.checksums import check_digit
from codes.elements import validate
from codes.errors import CodeError
from codes.signing import Signer, sign_path

_DIGITS = 17


def sscc(company_prefix: str, reference: int, *, extension: int = 0) -> str:
    """The SSCC with this serial reference, 18 digits.

    >>> sscc("9506000", 1)
    '095060000000000015'

    Raises:
        CodeError: ``job-invalid``: prefix, extension or reference is out of its range.
    """
    width = _DIGITS - 1 - len(company_prefix)
    if not company_prefix.isdecimal() or not 4 <= len(company_prefix) <= 12:
        raise CodeError(
            "a company prefix has 4 to 12 digits", field="company_prefix", type="job-invalid"
        )
    if not 0 <= extension <= 9 or not 0 <= reference < 10**width:
        raise CodeError(
            f"an extension has one digit, a reference {width}",
            field="reference",
            type="job-invalid",
        )
    digits = f"{extension}{company_prefix}{reference:0{width}}"
    return validate("00", digits + check_digit(digits))


def sign_sscc(unit: str, signer: Signer, *, domain: str) -> str:
    """The signed code of a logistic unit.

    Raises:
        CodeError: it is no SSCC.
    """
    return sign_path(f"/00/{unit}", signer, domain=domain)


def signed_ssccs(
    company_prefix: str, first: int, signer: Signer, *, domain: str, extension: int = 0
) -> Iterator[tuple[str, str]]:
    """SSCCs from reference ``first`` on, each with its signed code, as many as are asked for.

    Raises:
        CodeError: as ``sscc``.
    """
    for reference in count(first):
        unit = sscc(company_prefix, reference, extension=extension)
        yield unit, sign_sscc(unit, signer, domain=domain)
