"""An evidence entry: the bytes that are stored, and the leaf hash that the tree knows them by."""

from binascii import hexlify
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from msgspec import Struct

from evidence.canonical import canonical, parse
from evidence.errors import EntryError, EvidenceError
from evidence.tree import HASH_BYTES, leaf_hash

MAX_ENTRY_BYTES = 65_535
"""What the uint16 length of a C2SP tlog-tiles entry bundle can say."""

NO_LEAF = bytes(HASH_BYTES)
"""``prev`` of the first entry."""


class Entry(Struct, frozen=True):
    """What is to be logged: a body, and an id where the same body must not stand twice."""

    id: str | None
    body: Mapping[str, Any]


class Draft(Struct, frozen=True, gc=False):
    """An entry whose body and id are canonical already; only its place in the log is missing.

    ``key`` is what its id is looked up by, see :func:`id_hash`.
    """

    head: bytes
    key: bytes | None

    def at(self, seq: int, prev: bytes) -> bytes:
        """The canonical bytes of the entry at index ``seq`` behind the leaf ``prev``.

        The members' names are in canonical order (body, id, prev, seq), so that this is the
        RFC 8785 form of the whole without encoding the body again.

        Raises:
            EntryError: more than ``MAX_ENTRY_BYTES``; larger things enter by their hash.
        """
        data = b'%b"prev":"%b","seq":%d}' % (self.head, hexlify(prev), seq)
        if len(data) > MAX_ENTRY_BYTES:
            detail = f"{len(data)} bytes, and an entry has at most {MAX_ENTRY_BYTES}"
            raise EntryError(detail, field="body", type="entry-too-large")
        return data

    def stands_in(self, data: bytes) -> bool:
        """Whether stored bytes hold this id and this body."""
        return data.startswith(self.head + b'"prev":"')


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry read back from its bytes."""

    seq: int
    prev: bytes
    id: str | None
    body: Mapping[str, Any]
    leaf_hash: bytes


def draft(entry: Entry) -> Draft:
    """The entry with its body and id in canonical form.

    Raises:
        EntryError: the body is no JSON object, has no canonical form, or the id is no string.
    """
    if not isinstance(entry.body, dict):
        raise EntryError("a body is a JSON object", field="body", type="entry-not-object")
    try:
        body = canonical(entry.body)
    except EntryError as error:
        raise error.within("body") from None
    if entry.id is None:
        return Draft(b'{"body":%b,' % body, None)
    head = b'{"body":%b,"id":%b,' % (body, _canonical_id(entry.id))
    return Draft(head, id_hash(entry.id))


def draft_or_error(entry: Entry) -> Draft | EvidenceError:
    """As :func:`draft`, for who answers entries together: the error is the entry's answer."""
    try:
        return draft(entry)
    except EvidenceError as error:
        return error


def _canonical_id(value: object) -> bytes:
    if not isinstance(value, str):
        raise EntryError("an id is a string", field="id", type="entry-id-invalid")
    try:
        return canonical(value)
    except EntryError as error:
        raise error.within("id") from None


def entry_from_line(line: bytes) -> Entry:
    """A line of JSON as an entry: the object is the body, its member ``id`` is the id.

    Raises:
        EntryError: no JSON object, or its ``id`` is no string.
    """
    body = parse(line)
    if not isinstance(body, dict):
        raise EntryError("a line is a JSON object", type="entry-not-object")
    identity = body.get("id")
    if identity is not None and not isinstance(identity, str):
        raise EntryError("an id is a string", field="id", type="entry-id-invalid")
    return Entry(identity, body)


def id_hash(identity: str) -> bytes:
    """What an id is looked up by: of one length, whatever the id holds."""
    return sha256(identity.encode("utf-8", "surrogatepass")).digest()


def read_entry(data: bytes) -> Stored:
    """Stored bytes as an entry, strictly: only the canonical form of the four members.

    Raises:
        EntryError: anything else.
    """
    value = parse(data, canonical_form=True)
    if not isinstance(value, dict) or not {"body", "prev", "seq"} <= value.keys():
        raise EntryError("an entry has seq, prev and body", type="entry-not-object")
    identity, seq, prev = value.get("id"), value["seq"], value["prev"]
    if not isinstance(value["body"], dict) or type(seq) is not int or seq < 0:
        raise EntryError("seq is a natural number and body an object", type="entry-not-object")
    if not isinstance(prev, str) or len(prev) != 2 * HASH_BYTES:
        raise EntryError("prev is a leaf hash in hex", field="prev", type="entry-not-object")
    try:
        previous = bytes.fromhex(prev)
    except ValueError:
        raise EntryError("prev is no hex", field="prev", type="entry-not-object") from None
    if draft(Entry(identity, value["body"])).at(seq, previous) != data:
        raise EntryError("the bytes are not the canonical form", type="entry-not-canonical")
    return Stored(seq, previous, identity, value["body"], leaf_hash(data))
