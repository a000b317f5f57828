"""Reading a code: the URI, what its signature proves, and the item that it names."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime

from codes.digital_link import DigitalLink, parse
from codes.epc import item_uri
from codes.jwks import KeySet, revoked_at_of
from codes.signing import SignatureVerdict, verify


@dataclass(frozen=True, slots=True)
class ReadCode:
    """A code of one item. ``subject`` is the item's URI on id.gs1.org, the key of its events;
    ``revoked_at`` is when the key was revoked, where the signature says so."""

    uri: str
    gtin: str
    serial: str
    lot: str | None
    expires_on: date | None
    signature: SignatureVerdict
    key_id: str | None = None
    revoked_at: datetime | None = None

    @property
    def subject(self) -> str:
        """The item's canonical URI."""
        return item_uri(self.gtin, self.serial)


def read_item_code(uri: str, keys: KeySet) -> ReadCode | None:
    """The code in ``uri``; None where it names something else than one item.

    Raises:
        CodeError: ``uri`` is no GS1 Digital Link.
    """
    link = parse(uri)
    found = verify(uri, keys)
    if found.gtin is None or found.serial is None:
        return None
    return ReadCode(
        uri=uri,
        gtin=found.gtin,
        serial=found.serial,
        lot=link.value("10"),
        expires_on=_expiry(link),
        signature=found.signature,
        key_id=found.key_id,
        revoked_at=revoked_at_of(found.key_id, keys),
    )


def _expiry(link: DigitalLink) -> date | None:
    """AI 17, YYMMDD of this century; a day of 00 is the month's last (General Specifications)."""
    text = link.value("17")
    if text is None:
        return None
    year, month, day = 2000 + int(text[:2]), int(text[2:4]), int(text[4:])
    return date(year, month, day or monthrange(year, month)[1])
