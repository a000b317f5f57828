"""The CBV event hash: an id that follows from an event's content, however it is written down.

CBV 2.0, section 8.9: the members of an event are written into one string in a canonical order,
values in canonical form, and the SHA-256 of that string is the id. ``eventID``, ``recordTime`` and
``errorDeclaration`` play no part. Two points in which published implementations differ are as the
standard's text has them: a type follows the value that it describes (rule 13), and ``epcList``
comes before ``parentID``.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from codes.epc import canonical_epc
from codes.errors import CodeError
from custody.epcis import cbv
from custody.epcis.context import own_contexts, prefixes_of

Prefixes = Mapping[str, str]

VERSION = "CBV2.0"
_LEFT_OUT = frozenset([
    "@context", "type", "eventID", "recordTime", "errorDeclaration", "rdfs:comment", "comment",
    "#text",
])  # fmt: skip
_TIMES = frozenset(["eventTime", "time", "startTime", "endTime"])
_METADATA = (
    "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData",
    "dataProcessingMethod", "bizRules",
)  # fmt: skip
_REPORT = (
    "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time",
    "microorganism", "chemicalSubstance", "value", "component", "stringValue", "booleanValue",
    "hexBinaryValue", "uriValue", "minValue", "maxValue", "meanValue", "sDev", "percRank",
    "percValue", "uom", "coordinateReferenceSystem",
)  # fmt: skip
_EPC_LISTS = frozenset(["epcList", "inputEPCList", "childEPCs", "outputEPCList"])
_QUANTITY_LISTS = frozenset(
    ["quantityList", "childQuantityList", "inputQuantityList", "outputQuantityList"]
)
_TYPED_LISTS: dict[str, tuple[str, cbv.Kind]] = {
    "bizTransactionList": ("bizTransaction", "BTT"),
    "sourceList": ("source", "SDT"),
    "destinationList": ("destination", "SDT"),
}
ORDER = (
    "eventTime", "eventTimeZoneOffset", "certificationInfo", "epcList", "parentID",
    "inputEPCList", "childEPCs", "quantityList", "childQuantityList", "inputQuantityList",
    "outputEPCList", "outputQuantityList", "action", "transformationID", "bizStep", "disposition",
    "persistentDisposition", "readPoint", "bizLocation", "bizTransactionList", "sourceList",
    "destinationList", "sensorElementList", "ilmd",
)  # fmt: skip
"""The canonical property order, after ``eventType``."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_TIME = re.compile(r"(.*[T ]\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|z|[+-]\d\d:\d\d)")


def event_hash(event: Mapping[str, Any], contexts: Iterable[Any] = ()) -> str:
    """The event's hash as ``ni:///sha-256;…?ver=CBV2.0``.

    Args:
        contexts: the contexts of the document that the event came in, where it has not them itself.
    """
    digest = hashlib.sha256(pre_hash(event, contexts).encode()).hexdigest()
    return f"ni:///sha-256;{digest}?ver={VERSION}"


def pre_hash(event: Mapping[str, Any], contexts: Iterable[Any] = ()) -> str:
    """The string that is hashed."""
    prefixes = prefixes_of([*contexts, *own_contexts(event)])
    parts = [f"eventType={event.get('type', '')}"]
    parts += [_standard(name, event[name], prefixes) for name in ORDER if name in event]
    parts += _extensions(event, {*ORDER, *_LEFT_OUT}, prefixes)
    return "".join(parts)


def _standard(name: str, value: Any, prefixes: Prefixes) -> str:
    if name in _EPC_LISTS:
        return _listed(name, [_pair("epc", epc, prefixes) for epc in _items(value)])
    if name in _QUANTITY_LISTS:
        members = ("epcClass", "quantity", "uom")
        elements = [_members(one, members, prefixes) for one in _items(value)]
        return _listed(name, [f"quantityElement{element}" for element in elements])
    if name in _TYPED_LISTS:
        return _listed(name, [_typed(one, *_TYPED_LISTS[name], prefixes) for one in _items(value)])
    match name:
        case "bizStep":
            return _pair(name, cbv.web_uri("BizStep", str(value)), prefixes)
        case "disposition":
            return _pair(name, cbv.web_uri("Disp", str(value)), prefixes)
        case "persistentDisposition":
            return _persistent(value, prefixes)
        case "readPoint" | "bizLocation":
            return _nested(name, value, ("id",), prefixes)
        case "sensorElementList":
            return _listed(name, [_sensor_element(one, prefixes) for one in _items(value)])
        case "ilmd":
            return "ilmd" + "".join(_extensions(_mapping(value), frozenset(), prefixes))
    return "".join(sorted(_pair(name, one, prefixes) for one in _items(value)))


def _items(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else [value]


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _listed(name: str, elements: Iterable[str]) -> str:
    joined = "".join(sorted(elements))
    return name + joined if joined else ""


def _members(value: Any, names: Sequence[str], prefixes: Prefixes) -> str:
    holder = _mapping(value)
    return "".join(_pair(name, holder[name], prefixes) for name in names if name in holder)


def _nested(name: str, value: Any, members: Sequence[str], prefixes: Prefixes) -> str:
    """A member with an extension point: its own members in order, then the sender's."""
    holder = _mapping(value)
    own = _members(holder, members, prefixes)
    return name + own + "".join(_extensions(holder, {*members, *_COMMENTS}, prefixes))


_COMMENTS = frozenset(["rdfs:comment", "comment", "#text"])


def _typed(value: Any, member: str, kind: cbv.Kind, prefixes: Prefixes) -> str:
    holder = _mapping(value)
    written = _members(holder, (member,), prefixes)
    if "type" in holder:
        written += _pair("type", cbv.web_uri(kind, str(holder["type"])), prefixes)
    return written


def _persistent(value: Any, prefixes: Prefixes) -> str:
    holder, parts = _mapping(value), []
    for name in ("set", "unset"):
        terms = [cbv.web_uri("Disp", str(one)) for one in _items(holder.get(name, []))]
        parts += sorted(_pair(name, term, prefixes) for term in terms)
    return "persistentDisposition" + "".join(parts)


def _sensor_element(value: Any, prefixes: Prefixes) -> str:
    holder, parts = _mapping(value), []
    if "sensorMetadata" in holder:
        parts.append(_nested("sensorMetadata", holder["sensorMetadata"], _METADATA, prefixes))
    reports = [_nested("sensorReport", _report(one), _REPORT, prefixes)
               for one in _items(holder.get("sensorReport", []))]  # fmt: skip
    parts += sorted(reports)
    known = {"sensorMetadata", "sensorReport", *_COMMENTS}
    return "sensorElement" + "".join(parts) + "".join(_extensions(holder, known, prefixes))


_BARE_IN_REPORT = {
    "type": "https://gs1.org/voc/",
    "exception": "https://gs1.org/voc/",
    "component": "https://ref.gs1.org/cbv/Comp-",
}


def _report(value: Any) -> dict[str, Any]:
    """A sensor report with its bare words as web URIs."""
    report = dict(_mapping(value))
    for name, stem in _BARE_IN_REPORT.items():
        word = report.get(name)
        if isinstance(word, str) and word and ":" not in word:
            report[name] = stem + word
    return report


def _extensions(
    holder: Mapping[str, Any], known: Iterable[str], prefixes: Prefixes
) -> list[str]:
    """What the sender added, as ``{namespace}name=value``, in lexical order."""
    skipped = frozenset(known)
    written: list[str] = []
    for name, value in holder.items():
        if name not in skipped:
            written += _extension(_expanded_name(name, prefixes), value, prefixes)
    return sorted(written)


def _extension(name: str, value: Any, prefixes: Prefixes) -> list[str]:
    if isinstance(value, list):
        return [part for one in value for part in _extension(name, one, prefixes)]
    if isinstance(value, dict):
        return [name + "".join(_extensions(value, _COMMENTS, prefixes))]
    return [_pair(name, value, prefixes)]


def _expanded_name(name: str, prefixes: Prefixes) -> str:
    prefix, colon, local = name.partition(":")
    if colon and prefix in prefixes:
        # A URN's namespace ends before the colon in XML, and the hash is to be the same.
        return f"{{{prefixes[prefix].removesuffix(':')}}}{local}"
    cut = max(name.rfind("/"), name.rfind("#")) + 1
    return f"{{{name[:cut]}}}{name[cut:]}" if colon and cut else name


def _pair(name: str, value: Any, prefixes: Prefixes) -> str:
    if name in _TIMES and isinstance(value, str):
        return f"{name}={_time(value)}"
    canonical = _value(value, prefixes)
    return f"{name}={canonical}" if canonical else name if name.startswith("{") else ""


def _value(value: Any, prefixes: Prefixes) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if isinstance(value, int | float):
        return _number(repr(value))
    return _text(str(value).strip(), prefixes)


def _text(text: str, prefixes: Prefixes) -> str:
    if _NUMBER.fullmatch(text):
        return _number(text)
    prefix, colon, local = text.partition(":")
    if colon and prefix in prefixes and not local.startswith("//"):
        text = prefixes[prefix] + local
    term = cbv.split_term(text)
    if term is not None and term[0] is not None:
        return f"{cbv.WEB}{term[0]}-{term[1]}"
    return _identifier(text)


@lru_cache(maxsize=65536)
def _identifier(text: str) -> str:
    """GS1 identifiers as constrained canonical Digital Links; anything else as it is."""
    try:
        return canonical_epc(text)
    except CodeError:
        return text


def _number(text: str) -> str:
    """Plain decimal without leading or trailing zeros."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return text
    if not number:
        return "0"
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def _time(text: str) -> str:
    """UTC with milliseconds, the fourth decimal rounded half up; what is no time stays."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        return text
    whole, fraction, offset = match.groups()
    try:
        at = datetime.fromisoformat(whole + ("Z" if offset in "Zz" else offset)).astimezone(UTC)
        digits = ((fraction or "") + "0000")[:4]
        milliseconds = int(digits[:3]) + (digits[3] >= "5")
        at = datetime.fromtimestamp(at.timestamp() + milliseconds // 1000, UTC)
    except (ValueError, OverflowError):
        return text
    return f"{at:%Y-%m-%dT%H:%M:%S}.{milliseconds % 1000:03d}Z"
