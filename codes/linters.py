"""The named checks of GS1's Barcode Syntax Dictionary, one function each.

A linter takes one component's text and answers with what is wrong, or ``None`` where nothing is.
Lengths and character sets are judged before it (``codes.elements``).
"""

import calendar
import re
from collections.abc import Callable

from codes.checksums import has_check_digit, has_check_pair, is_iban_checksum
from codes.code_lists import (
    COUNTRIES_ALPHA2,
    COUNTRIES_NUMERIC,
    CURRENCIES_NUMERIC,
    MEDIA_TYPES,
    PACKAGE_TYPES,
)
from codes.coupons import couponcode, couponposoffer

Linter = Callable[[str], str | None]

_PREFIX_DIGITS = re.compile(r"[0-9]{4}")
_BAD_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_POSITION = re.compile(r"([1-9][0-9]*)/([1-9][0-9]*)")
_IMPORTER_INDEX = re.compile(r"[-_0-9A-Za-z]")
_SHORTEST_IBAN = 11
_LATITUDE_MAX = 180 * 10**7
_LONGITUDE_MAX = 360 * 10**7


def csum(text: str) -> str | None:
    """The last digit is the check digit."""
    return None if has_check_digit(text) else "the check digit is wrong"


def csumalpha(text: str) -> str | None:
    """The last two characters are the check character pair."""
    return None if has_check_pair(text) else "the check character pair is wrong"


def gcppos1(text: str) -> str | None:
    """A GS1 Company Prefix, of at least four digits, stands at the start."""
    return None if _PREFIX_DIGITS.match(text) else "it does not start with a GS1 Company Prefix"


def gcppos2(text: str) -> str | None:
    """A GS1 Company Prefix stands from the second character on."""
    return gcppos1(text[1:])


def yyyymmd0(text: str) -> str | None:
    """A date, whose day may be 00."""
    year, month, day = int(text[:4]), int(text[4:6]), int(text[6:])
    if not 1 <= month <= 12:
        return "the month is not between 01 and 12"
    # 2000 stands in for year 0, which the calendar does not have and which is a leap year, too.
    last = calendar.monthrange(year or 2000, month)[1]
    return None if day <= last else "the month has no such day"


def yyyymmdd(text: str) -> str | None:
    """A date."""
    return "the day is 00" if text[6:] == "00" else yyyymmd0(text)


def yymmd0(text: str) -> str | None:
    """A date with a year of two digits, whose day may be 00.

    Every century that two digits can mean today has its leap years at multiples of four, 2000 too.
    """
    return yyyymmd0("20" + text)


def yymmdd(text: str) -> str | None:
    """A date with a year of two digits."""
    return yyyymmdd("20" + text)


def hh(text: str) -> str | None:
    """Hours, 00 to 23."""
    return None if int(text) < 24 else "the hour is over 23"


def mi(text: str) -> str | None:
    """Minutes, 00 to 59."""
    return None if int(text) < 60 else "the minutes are over 59"


def ss(text: str) -> str | None:
    """Seconds, 00 to 59."""
    return None if int(text) < 60 else "the seconds are over 59"


def hhmi(text: str) -> str | None:
    """Hours and minutes."""
    return hh(text[:2]) or mi(text[2:])


def iso3166(text: str) -> str | None:
    """An ISO 3166 numeric country code."""
    return None if text in COUNTRIES_NUMERIC else "it is no ISO 3166 country code"


def iso3166999(text: str) -> str | None:
    """An ISO 3166 numeric country code, or 999."""
    return None if text == "999" else iso3166(text)


def iso3166alpha2(text: str) -> str | None:
    """An ISO 3166 country code of two letters."""
    return None if text in COUNTRIES_ALPHA2 else "it is no ISO 3166 country code of two letters"


def iso4217(text: str) -> str | None:
    """An ISO 4217 numeric currency code."""
    return None if text in CURRENCIES_NUMERIC else "it is no ISO 4217 currency code"


def iso5218(text: str) -> str | None:
    """An ISO 5218 sex code."""
    return None if text in ("0", "1", "2", "9") else "it is no ISO 5218 code"


def iban(text: str) -> str | None:
    """An international bank account number."""
    if text[:2] not in COUNTRIES_ALPHA2:
        return "an IBAN starts with a country code of two letters"
    if len(text) < _SHORTEST_IBAN:
        return "it is too short for an IBAN"
    return None if is_iban_checksum(text) else "the IBAN's check digits are wrong"


def importeridx(text: str) -> str | None:
    """An importer index of EU 2018/574."""
    return None if _IMPORTER_INDEX.fullmatch(text) else "it is no importer index"


def pieceoftotal(text: str) -> str | None:
    """A piece's number, then the total of pieces, equally wide."""
    half = len(text) // 2
    if len(text) % 2 or not text:
        return "piece and total are not equally wide"
    piece, total = int(text[:half]), int(text[half:])
    return None if 0 < piece <= total else "the piece's number is not between 1 and the total"


def posinseqslash(text: str) -> str | None:
    """A position in a sequence, ``position/end``."""
    match = _POSITION.fullmatch(text)
    if match is None:
        return "it is not of the form position/end"
    return None if int(match[1]) <= int(match[2]) else "the position is after the end"


def zero(text: str) -> str | None:
    """Only zeros."""
    return "it is not zero" if text.strip("0") else None


def nonzero(text: str) -> str | None:
    """Not only zeros."""
    return None if text.strip("0") else "it is zero"


def nozeroprefix(text: str) -> str | None:
    """No zero in front."""
    return "it starts with a zero" if text.startswith("0") else None


def hyphen(text: str) -> str | None:
    """Only hyphens."""
    return "it is no hyphen" if text.strip("-") else None


def hasnondigit(text: str) -> str | None:
    """At least one character that is no digit."""
    return "it has nothing but digits" if text.isdecimal() else None


def winding(text: str) -> str | None:
    """A winding direction."""
    return None if text in ("0", "1", "9") else "it is no winding direction"


def yesno(text: str) -> str | None:
    """A flag."""
    return None if text in ("0", "1") else "it is neither 0 nor 1"


def latitude(text: str) -> str | None:
    """A latitude, shifted to be positive, in units of 10^-7 degrees."""
    return None if int(text) <= _LATITUDE_MAX else "the latitude is over its range"


def longitude(text: str) -> str | None:
    """A longitude, shifted to be positive, in units of 10^-7 degrees."""
    return None if int(text) <= _LONGITUDE_MAX else "the longitude is over its range"


def pcenc(text: str) -> str | None:
    """Percent signs are followed by two hexadecimal digits."""
    return "a percent sign has no two hex digits after it" if _BAD_PERCENT.search(text) else None


def mediatype(text: str) -> str | None:
    """An AIDC media type."""
    return None if text in MEDIA_TYPES else "it is no AIDC media type"


def packagetype(text: str) -> str | None:
    """A package type code."""
    return None if text in PACKAGE_TYPES else "it is no package type"


LINTERS: dict[str, Linter] = {
    linter.__name__: linter
    for linter in (
        csum, csumalpha, gcppos1, gcppos2, yyyymmd0, yyyymmdd, yymmd0, yymmdd, hh, mi, ss, hhmi,
        iso3166, iso3166999, iso3166alpha2, iso4217, iso5218, iban, importeridx, pieceoftotal,
        posinseqslash, zero, nonzero, nozeroprefix, hyphen, hasnondigit, winding, yesno, latitude,
        longitude, pcenc, mediatype, packagetype, couponcode, couponposoffer,
    )
}  # fmt: skip
"""The linters by the names that the dictionary gives them."""
