"""GS1 Digital Link URIs, strictly: parsed into their elements, and built from them.

The syntax is that of 'GS1 Digital Link: URI Syntax'; what is refused beyond it follows the defaults
of GS1's own engine. A URI is read from the right: its path ends in AI/value pairs that begin with a
primary key, and whatever stands before them is the stem.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from codes.application_identifiers import CONVENIENCE_ALPHAS, PRIMARY_KEYS, TABLE
from codes.elements import problem
from codes.errors import CodeError

CANONICAL_STEM = "https://id.gs1.org"
"""Where GS1's own resolver lives, and with it the canonical form of every identifier."""

Element = tuple[str, str]
"""An AI and its decoded value."""

_URI_CHARACTERS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*")
_SCHEME = re.compile(r"https?://|HTTPS?://")
_DOMAIN = re.compile(r"[A-Za-z0-9\-.:\[\]]+")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_SHORT_GTIN_LENGTHS = (8, 12, 13)


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """A Digital Link URI in its parts.

    ``stem`` is everything before the primary key; ``path`` and ``attributes`` are the elements of
    path and query in their order, values decoded; ``other`` are the query's parts that are not
    GS1's, as they stood; ``fragment`` is what followed ``#``.
    """

    stem: str
    path: tuple[Element, ...]
    attributes: tuple[Element, ...] = ()
    other: tuple[str, ...] = ()
    fragment: str | None = None

    @property
    def elements(self) -> tuple[Element, ...]:
        """All elements in the URI's canonical order: the path's, then the query's."""
        return self.path + self.attributes

    def value(self, ai: str) -> str | None:
        """The value of ``ai``, or ``None`` where the URI does not have it."""
        return next((value for key, value in self.elements if key == ai), None)


def encode(value: str) -> str:
    """RFC 3986's normal form: unreserved characters literal, all else ``%XX`` in upper case."""
    # Nearly every serial is like that, and quoting costs ten times as much as looking.
    if value.isalnum() and value.isascii():
        return value
    return quote(value, safe="")


def decode(text: str, *, in_query: bool) -> str:
    """``text`` without percent-encoding, one character a byte; ``+`` in a query is a space.

    As in GS1's engine a percent sign without two hexadecimal digits after it stands for itself.
    """
    if in_query:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    raw = _PERCENT.sub(lambda match: bytes((int(match[1], 16),)), text.encode("latin-1"))
    return raw.decode("latin-1")


def _refused(detail: str, field: str) -> CodeError:
    return CodeError(detail, field=field, type="uri-invalid")


def _ai(text: str, alphabetic: bool) -> str | None:
    if text in TABLE:
        return text
    return CONVENIENCE_ALPHAS.get(text) if alphabetic else None


def _split_path(path: str, alphabetic: bool) -> tuple[str, list[Element]]:
    """The stem's path, and the pairs from the rightmost primary key on, still encoded."""
    segments = path.split("/")
    pairs: list[Element] = []
    end = len(segments)
    while end >= 3:
        ai = _ai(segments[end - 2], alphabetic)
        if ai is None:
            break
        pairs.append((ai, segments[end - 1]))
        end -= 2
        if ai in PRIMARY_KEYS:
            return "/".join(segments[:end]), pairs[::-1]
    raise _refused("there is no GS1 key in the path", "path")


def _checked(ai: str, raw: str, *, in_query: bool, short_gtins: bool) -> Element:
    if not raw:
        raise _refused(f"AI {ai} has no value", ai)
    value = decode(raw, in_query=in_query)
    if ai == "01" and short_gtins and len(value) in _SHORT_GTIN_LENGTHS:
        value = value.zfill(14)
    found = problem(ai, value)
    if found is not None:
        raise _refused(f"AI {ai}: {found}", ai)
    return ai, value


def _split_query(query: str) -> tuple[list[Element], tuple[str, ...]]:
    """The GS1 attributes, still encoded, and the parts that are not GS1's."""
    attributes: list[Element] = []
    other: list[str] = []
    for part in filter(None, query.split("&")):
        key, equals, raw = part.partition("=")
        if not equals or (key and not key.isdecimal()):
            other.append(part)
        elif key in TABLE:
            attributes.append((key, raw))
        else:
            raise _refused(f"the query has an unknown AI '{key}'", "query")
    return attributes, tuple(other)


def _check_attributes(path: Sequence[Element], attributes: Iterable[Element]) -> None:
    keys = tuple(ai for ai, _ in path)
    sequences = TABLE[keys[0]].sequences
    seen = set(keys)
    for ai, _ in attributes:
        if ai in seen:
            raise _refused(f"AI {ai} stands there twice", ai)
        seen.add(ai)
        if not TABLE[ai].attribute:
            raise _refused(f"AI {ai} cannot be a data attribute", ai)
        if any((*keys[:at], ai, *keys[at:]) in sequences for at in range(1, len(keys) + 1)):
            raise _refused(f"AI {ai} belongs into the path", ai)


def _check_sequence(path: Sequence[Element]) -> None:
    keys = tuple(ai for ai, _ in path)
    if keys not in TABLE[keys[0]].sequences:
        raise _refused(f"the path may not be {'/'.join(keys)} in this order", "path")


def parse(uri: str, *, short_gtins: bool = False, alphabetic: bool = False) -> DigitalLink:
    """The parts of ``uri``.

    ``short_gtins`` also takes GTINs of 8, 12 and 13 digits in the path and pads them;
    ``alphabetic`` also takes the names that early versions had in place of AIs (``gtin``, ``ser``).

    Raises:
        CodeError: ``uri-invalid``; its field is ``uri``, ``scheme``, ``domain``, ``path``,
            ``query`` or the AI whose value is wrong.
    """
    if not _URI_CHARACTERS.fullmatch(uri):
        raise _refused("it has characters that no URI may have", "uri")
    scheme = _SCHEME.match(uri)
    if scheme is None:
        raise _refused("it does not start with http:// or https:// in one case", "scheme")
    slash = uri.find("/", scheme.end())
    if slash <= scheme.end():
        raise _refused("there is no domain with a path after it", "domain")
    if not _DOMAIN.fullmatch(uri, scheme.end(), slash):
        raise _refused("the domain has characters that it may not have", "domain")
    rest, hash_sign, fragment = uri[slash:].partition("#")
    path_text, _, query_text = rest.partition("?")
    stem, pairs = _split_path(path_text, alphabetic)
    path = tuple(_checked(ai, raw, in_query=False, short_gtins=short_gtins) for ai, raw in pairs)
    raw_attributes, other = _split_query(query_text)
    # In a query GS1's engine always takes a short GTIN, since there it is no key.
    attributes = tuple(
        _checked(ai, raw, in_query=True, short_gtins=True) for ai, raw in raw_attributes
    )
    _check_sequence(path)
    _check_attributes(path, attributes)
    return DigitalLink(uri[:slash] + stem, path, attributes, other, fragment if hash_sign else None)


def is_valid(uri: str) -> bool:
    """Whether ``uri`` is a GS1 Digital Link URI."""
    try:
        parse(uri)
    except CodeError:
        return False
    return True


def path_of(path: Iterable[Element]) -> str:
    """Elements as a URI's path, ``/01/…/21/…``, in normal form."""
    return "".join(f"/{ai}/{encode(value)}" for ai, value in path)


def build(
    path: Sequence[Element],
    attributes: Sequence[Element] = (),
    *,
    stem: str = CANONICAL_STEM,
    other: Sequence[str] = (),
) -> str:
    """A Digital Link URI of these elements; parsing it gives them back.

    Raises:
        CodeError: the elements make no Digital Link.
    """
    query = "&".join([*(f"{ai}={encode(value)}" for ai, value in attributes), *other])
    uri = stem.rstrip("/") + path_of(path) + ("?" + query if query else "")
    parse(uri)
    return uri
