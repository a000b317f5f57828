"""The demo's world: simulated once into the data folder, its registry loaded, its keys in place."""

import secrets
import shutil
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
from sqlalchemy import Engine

from codes.epc import item_uri
from events.model import AnyEvent, ItemEvent, Offer, Order, Position, Scan
from events.wire import decode_event
from registry.recording import read_registry
from simulator.wish import Wish
from simulator.world import simulate_world
from store.registry import load_rows, revision_of
from store.transactions import reading
from stream_processors.topics import TOPIC_OF_KIND

WORLD_DAYS = 182


@dataclass(frozen=True)
class DemoWorld:
    """Paths of the world within the demo's data folder."""

    folder: Path

    @property
    def recording(self) -> Path:
        """The simulated recording."""
        return self.folder / "world"

    @property
    def passphrase_file(self) -> Path:
        """Opens the demo's private keys."""
        return self.folder / "key-passphrase.txt"

    @property
    def streamed(self) -> Path:
        """Says that the events were all published."""
        return self.folder / "world-streamed"

    def passphrase(self) -> str:
        """The passphrase, made at the first call."""
        if not self.passphrase_file.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.passphrase_file.touch(mode=0o600)
            self.passphrase_file.write_text(secrets.token_urlsafe(18))
        return self.passphrase_file.read_text()

    def make(self, *, seed: int, items: int, keys: Path) -> None:
        """Simulate the world up to now, unless it is there."""
        if (self.recording / "recording.json").exists():
            return
        shutil.rmtree(self.recording, ignore_errors=True)
        end = datetime.now(UTC).replace(microsecond=0)
        wish = Wish(seed, items, start=end - timedelta(days=WORLD_DAYS), end=end)
        simulate_world(wish, self.recording, passphrase=self.passphrase())
        shutil.copytree(self.recording / "keys", keys, dirs_exist_ok=True)

    def load(self, engine: Engine) -> None:
        """Load the registry, unless something is loaded already."""
        with reading(engine) as connection:
            if revision_of(connection):
                return
        head, rows = read_registry(self.recording)
        with engine.begin() as connection:
            load_rows(connection, head.name, rows, now_us=time.time_ns() // 1000)

    def lines(self) -> list[bytes]:
        """The events, in the order received."""
        return (self.recording / "events.jsonl").read_bytes().splitlines()

    def code_to_scan(self, address: str) -> str | None:
        """The code of an item that a dealer sold and that no incident touches, on our address."""
        truth = msgspec.json.decode((self.recording / "truth.json").read_bytes())
        named = msgspec.json.encode(truth).decode()
        for line in reversed(self.lines()):
            if b'"scan"' not in line or b'"valid"' not in line or b'"gnss"' not in line:
                continue
            scan = decode_event(line)
            if not isinstance(scan, Scan) or scan.gtin is None or scan.serial is None:
                continue
            if item_uri(scan.gtin, scan.serial) not in named:
                code = urlsplit(scan.uri)
                return f"{address}{code.path}?{code.query}"
        return None


def key_and_topic(line: bytes) -> tuple[str, str]:
    """The partition key of an event and the topic it belongs on."""
    event = decode_event(line)
    return _key(event), TOPIC_OF_KIND[str(event.__struct_config__.tag)]


def _key(event: AnyEvent) -> str:
    match event:
        case Scan(gtin=str(gtin), serial=str(serial)):
            return item_uri(gtin, serial)
        case Scan(uri=uri):
            return uri
        case ItemEvent(event=epcis):
            named = [*epcis.get("epcList", ()), epcis.get("parentID"), *epcis.get("childEPCs", ())]
            return next((str(epc) for epc in named if epc), "")
        case Position(tracker_id=tracker):
            return tracker
        case Order(gtin=gtin) | Offer(gtin=gtin):
            return gtin
        case _:
            return "tick"
