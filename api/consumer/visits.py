"""Visits: one reading of a code by one browser, told apart without keeping anything of the person.

A browser gets a pass, a random number in a cookie that ends after half an hour. A visit's id is
a keyed hash of the pass and the code: reading the code again in that time is the same visit, and
visits of one browser to different codes cannot be linked. The visit's page has a signed address.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from store.instants import from_us, to_us

PASS_LENGTH = timedelta(minutes=30)
"""How long reading a code again is the same visit."""
ADDRESS_LENGTH = timedelta(days=7)
"""How long a visit's address answers."""
_MAC_BYTES = 16


@dataclass(frozen=True, slots=True)
class Visit:
    """``uri`` as it was read; ``recorded`` is false for a preview, which is no scan."""

    uri: str
    at: datetime
    visit_id: str
    recorded: bool

    @property
    def scan_id(self) -> str:
        """The scan's event id: the same however often the page is loaded."""
        return f"visit-{self.visit_id}"

    @property
    def location_scan_id(self) -> str:
        """The event id of the scan that adds the location."""
        return f"visit-{self.visit_id}-loc"


    @property
    def hidden_scan_id(self) -> str:
        """The event id of the scan that says that the right hidden code was given."""
        return f"visit-{self.visit_id}-hidden"


class _Address(msgspec.Struct, array_like=True):
    uri: str
    at_us: int
    visit_id: str
    recorded: bool


_decoder = msgspec.msgpack.Decoder(_Address)


class VisitBook:
    """Makes and reads passes and addresses; all are signed with one secret, each for its use."""

    def __init__(self, secret_key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        self._secret = secret_key
        self._random_bytes = random_bytes

    def _mac(self, purpose: str, message: bytes) -> bytes:
        key = hmac.digest(self._secret, f"tracewarden/{purpose}".encode(), hashlib.sha256)
        return hmac.digest(key, message, hashlib.sha256)[:_MAC_BYTES]

    def new_pass(self, now: datetime) -> str:
        """A pass for a browser that has none."""
        text = f"{self._random_bytes(16).hex()}.{int(now.timestamp())}"
        return f"{text}.{self._mac('pass', text.encode()).hex()}"

    def pass_holds(self, browser_pass: str | None, now: datetime) -> bool:
        """Whether this is a pass of ours that has not ended."""
        text, _, mac = (browser_pass or "").rpartition(".")
        expected = self._mac("pass", text.encode("utf-8", "replace")).hex()
        if not hmac.compare_digest(expected.encode(), mac.encode("utf-8", "replace")):
            return False
        made_at = datetime.fromtimestamp(int(text.rpartition(".")[2]), UTC)
        return timedelta(seconds=-1) <= now - made_at < PASS_LENGTH

    def visit_id(self, browser_pass: str, code: str) -> str:
        """The id of this browser's visit to ``code``."""
        return self._mac("visit", f"{browser_pass}\n{code}".encode()).hex()

    def address(self, visit: Visit) -> str:
        """The last part of the visit's address."""
        members = _Address(visit.uri, to_us(visit.at), visit.visit_id, visit.recorded)
        payload = msgspec.msgpack.encode(members)
        signed = payload + self._mac("address", payload)
        return base64.urlsafe_b64encode(signed).rstrip(b"=").decode()

    def read_address(self, address: str, now: datetime) -> Visit | None:
        """The visit; None where the address is not ours or has ended."""
        try:
            padded = address.encode("ascii") + b"=" * (-len(address) % 4)
            signed = base64.b64decode(padded, altchars=b"-_", validate=True)
        except (UnicodeEncodeError, binascii.Error, ValueError):
            return None
        payload, mac = signed[:-_MAC_BYTES], signed[-_MAC_BYTES:]
        if not hmac.compare_digest(self._mac("address", payload), mac):
            return None
        members = _decoder.decode(payload)
        at = from_us(members.at_us)
        if now - at >= ADDRESS_LENGTH:
            return None
        return Visit(members.uri, at, members.visit_id, members.recorded)
