"""Alerts, signals, events and evidence as the writer leaves them, for the pages to show."""

import hashlib
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import insert

from cases.alerts import alert_of
from evidence.entry import Entry
from rules.model import Reason, Subject
from rules.signal import Signal, as_json
from store.evidence_log import EvidenceLog
from store.instants import to_us
from store.judgements import SignalRow, hold, let_go, replace_alert
from store.schema.events import events
from tests.api.world import GTIN, NOW, World


def item_of(name: str) -> str:
    """The item that a finding is about: each has one of its own."""
    return f"https://id.gs1.org/01/{GTIN}/21/{serial_of(name)}"


def serial_of(name: str) -> str:
    """A serial without characters that a URI would encode."""
    return name if name.isalnum() else name.encode().hex()[:20]


def add_finding(
    world: World,
    name: str,
    *,
    change: int,
    rule: str = "scan-outside-territory",
    strength: float = 0.2,
    minutes: int = 0,
    lon: float = 108.0,
    lat: float = 24.0,
    where: str = "West",
    territory_id: str = "P2",
    **location: Any,
) -> str:
    """An alert with one signal from one scan; returns the alert's id."""
    at = NOW - timedelta(hours=2) + timedelta(minutes=minutes)
    scan = {
        "kind": "scan",
        "event_id": f"s-{name}",
        "received_at": at.isoformat(),
        "scanned_at": at.isoformat(),
        "uri": f"https://id.brand.example/01/{GTIN}/21/{serial_of(name)}",
        "gtin": GTIN,
        "serial": serial_of(name),
        "signature": "valid",
        "reader": "consumer",
        "location": {"lon": lon, "lat": lat, "accuracy_m": 800.0, "level": 0.95, **location},
    }
    signal = _signal(name, rule, to_us(at), strength, where, territory_id)
    alert = alert_of([signal])
    assert alert is not None
    order = (to_us(at), f"scan:s-{name}")
    stored = {
        "identity": f"scan:s-{name}",
        "kind": "scan",
        "subject": item_of(name),
        "happened_us": to_us(at),
        "received_us": to_us(at),
        "raw": msgspec.json.encode(scan).decode(),
    }
    with world.engine.begin() as connection:
        connection.execute(insert(events).values(stored))
        [place] = EvidenceLog().append(connection, [Entry(None, as_json(signal))])
        hold(connection, [SignalRow(item_of(name), order, 1, signal, place.index)])
        replace_alert(connection, (rule, "item", item_of(name)), alert, change - 1)
    return alert.alert_id


def withdraw(world: World, name: str, change: int, rule: str = "scan-outside-territory") -> None:
    """The alert no longer holds, as its signal was withdrawn."""
    with world.engine.begin() as connection:
        let_go(connection, [_signal_id(name)])
        replace_alert(connection, (rule, "item", item_of(name)), None, change - 1)


def _signal(
    name: str, rule: str, at_us: int, strength: float, where: str, territory_id: str
) -> Signal:
    return Signal(
        signal_id=_signal_id(name),
        rule=rule,
        rule_version=1,
        subject=Subject("item", item_of(name)),
        occurred_us=at_us,
        strength=strength,
        inputs=(f"scan:s-{name}",),
        reason=Reason(
            en=f"Orchid Trading's item was read in {where}, 204.1 km beyond the border.",
            zh=f"Orchid Trading 的商品在 {where} 被读取，超出边界 204.1 公里。",
        ),
        facts={"dealer_id": "D1", "gtin": GTIN, "territory_id": territory_id},
    )


def _signal_id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
