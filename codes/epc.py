"""One name for each thing: EPC URNs and Digital Links of any domain as URIs on id.gs1.org.

The translations of URNs follow the EPC Tag Data Standard and EPCIS 2.0, section 8.
"""

import re
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

from codes.checksums import check_digit, has_check_digit
from codes.digital_link import CANONICAL_STEM, Element, encode, parse, path_of
from codes.elements import problem
from codes.errors import CodeError

_COMMON_ITEM = re.compile(r"https://id\.gs1\.org/01/([0-9]{14})/21/[A-Za-z0-9\-._]{1,20}")
_COMMON_SSCC = re.compile(r"https://id\.gs1\.org/00/([0-9]{18})")
_CANONICAL_HOST = re.compile(r"https?://id\.gs1\.org(?=[/?#:]|$)", re.IGNORECASE)
_HTTP = re.compile(r"https?://", re.IGNORECASE)
_URN_EPC = re.compile(r"urn:epc:", re.IGNORECASE)
_GLN_PATH = re.compile(r"https://id\.gs1\.org/41[47]/([0-9]{13})(?:/.*)?")

Path = tuple[Element, ...]


def _refused(detail: str, field: str) -> CodeError:
    return CodeError(detail, field=field, type="identifier-invalid")


def _join(company: str, reference: str, length: int) -> str:
    """Company prefix and reference, together ``length`` digits."""
    digits = company + reference
    if len(digits) != length or not digits.isdecimal() or not digits.isascii():
        raise _refused(f"company prefix and reference are not {length} digits together", "epc")
    if not 4 <= len(company) <= 12:
        raise _refused("a company prefix has 4 to 12 digits", "epc")
    return digits


def _checked(digits: str) -> str:
    return digits + check_digit(digits)


def _with_indicator(company: str, reference: str, length: int) -> str:
    """A GTIN or SSCC: the reference's first digit goes to the front."""
    _join(company, reference, length)
    return _checked(reference[:1] + company + reference[1:])


def _gtin(company: str, reference: str) -> str:
    return _with_indicator(company, reference, 13)


def _key13(company: str, reference: str) -> str:
    return _checked(_join(company, reference, 12))


def _sgln(company: str, reference: str, extension: str = "0") -> Path:
    gln = ("414", _key13(company, reference))
    return (gln,) if extension == "0" else (gln, ("254", extension))


def _itip(company: str, reference: str, piece: str, total: str, serial: str = "") -> Path:
    item = ("8006", _gtin(company, reference) + piece + total)
    return (item, ("21", serial)) if serial else (item,)


def _gtin_with(ai: str) -> Callable[..., Path]:
    def path(company: str, reference: str, value: str = "") -> Path:
        gtin = ("01", _gtin(company, reference))
        return (gtin, (ai, value)) if value else (gtin,)

    return path


def _cpi(company: str, part: str, serial: str = "") -> Path:
    component = ("8010", company + part)
    return (component, ("8011", serial)) if serial else (component,)


_SCHEMES: dict[str, tuple[int, Callable[..., Path]]] = {
    "sgtin": (3, _gtin_with("21")),
    "upui": (3, _gtin_with("235")),
    "lgtin": (3, _gtin_with("10")),
    "sscc": (2, lambda company, serial: (("00", _with_indicator(company, serial, 17)),)),
    "sgln": (3, _sgln),
    "pgln": (2, lambda company, party: (("417", _key13(company, party)),)),
    "grai": (3, lambda c, asset, serial="": (("8003", "0" + _key13(c, asset) + serial),)),
    "giai": (2, lambda company, asset: (("8004", company + asset),)),
    "gsrn": (2, lambda company, service: (("8018", _checked(_join(company, service, 17))),)),
    "gsrnp": (2, lambda company, service: (("8017", _checked(_join(company, service, 17))),)),
    "gdti": (3, lambda c, document, serial="": (("253", _key13(c, document) + serial),)),
    "cpi": (3, _cpi),
    "sgcn": (3, lambda company, coupon, serial="": (("255", _key13(company, coupon) + serial),)),
    "ginc": (2, lambda company, consignment: (("401", company + consignment),)),
    "gsin": (2, lambda company, shipper: (("402", _checked(_join(company, shipper, 16))),)),
    "itip": (5, _itip),
}
_KEYLESS_SCHEMES = frozenset({"gid", "usdod", "adi", "bic", "imovn"})


def _urn_fields(kind: str, scheme: str, text: str, count: int) -> list[str]:
    fields = text.split(".", count - 1)
    if len(fields) != count:
        raise _refused(f"a {scheme} has {count} fields between its dots", "epc")
    if kind == "idpat" and fields[-1] == "*":
        fields.pop()
    if not all(fields) or "*" in fields:
        raise _refused("a field is empty, or a pattern of more than serials", "epc")
    return [unquote(field, errors="replace") for field in fields]


def _from_urn(urn: str) -> str:
    parts = urn.split(":", 4)
    if len(parts) != 5 or parts[2] not in ("id", "class", "idpat"):
        raise _refused("it is no urn:epc:id, class or idpat URN", "epc")
    kind, scheme, text = parts[2:]
    if scheme in _KEYLESS_SCHEMES:
        return urn
    if scheme not in _SCHEMES or (kind == "class") != (scheme == "lgtin"):
        raise _refused(f"urn:epc:{kind}:{scheme} is unknown", "epc")
    count, translate = _SCHEMES[scheme]
    path = translate(*_urn_fields(kind, scheme, text, count))
    for ai, value in path:
        found = problem(ai, value)
        if found is not None:
            raise _refused(f"{scheme}: {found}", ai)
    return CANONICAL_STEM + path_of(path)


def _identity(path: Path) -> Path:
    """What of a Digital Link's path names the thing: a serial makes lot and variant say nothing."""
    (key, *qualifiers) = path
    if key[0] not in ("01", "8006"):
        return path
    values = dict(qualifiers)
    for ai in ("21", "235", "10"):
        if ai in values:
            return key, (ai, values[ai])
    return (key,)


def _from_http(uri: str) -> str:
    try:
        link = parse(uri)
    except CodeError as error:
        if _CANONICAL_HOST.match(uri):
            raise _refused(error.detail, error.field) from None
        return uri
    return CANONICAL_STEM + path_of(_identity(link.path))


@lru_cache(maxsize=65536)
def _canonical(uri: str) -> str:
    if _URN_EPC.match(uri):
        return _from_urn(uri)
    if _HTTP.match(uri):
        return _from_http(uri)
    if ":" not in uri or not uri.isprintable() or " " in uri:
        raise _refused("it is no URI", "epc")
    return uri


def canonical_epc(uri: str) -> str:
    """The one URI for what ``uri`` names.

    Digital Links of any domain and EPC URNs become URIs on id.gs1.org: items ``/01/…/21/…``,
    logistic units ``/00/…``, places ``/414/…``, parties ``/417/…``, lots ``/01/…/10/…``. Private
    URIs, and schemes of EPC that have no GS1 key, come back as they are.

    Raises:
        CodeError: ``identifier-invalid``: an identifier on id.gs1.org or of urn:epc is wrong, or it
            is no URI at all.
    """
    match = _COMMON_ITEM.fullmatch(uri) or _COMMON_SSCC.fullmatch(uri)
    if match is not None and has_check_digit(match[1]):
        return uri
    return _canonical(uri)


def item_uri(gtin: str, serial: str) -> str:
    """The canonical URI of an item; ``gtin`` has 14 digits. Neither is judged here."""
    return f"{CANONICAL_STEM}/01/{gtin}/21/{encode(serial)}"


def logistic_unit_uri(sscc: str) -> str:
    """The canonical URI of a case or pallet. The SSCC is not judged here."""
    return f"{CANONICAL_STEM}/00/{sscc}"


def party_uri(gln: str) -> str:
    """The canonical URI of a party. The GLN is not judged here."""
    return f"{CANONICAL_STEM}/417/{gln}"


def gln_of(uri: str) -> str | None:
    """The GLN of a place or party (``/414/…``, ``/417/…``, ``sgln``, ``pgln``), else ``None``.

    Raises:
        CodeError: as ``canonical_epc``.
    """
    match = _GLN_PATH.fullmatch(canonical_epc(uri))
    return None if match is None else match[1]
