"""One world, and how its events are posted by those who would: partners and trade users."""

import json
from collections.abc import Iterator
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from simulator.wish import Wish
from simulator.world import simulate_world
from tests.integration.stacks import PASSPHRASE

PATHS = {
    "scan": "/v1/scans",
    "item_event": "/v1/item-events",
    "position": "/v1/positions",
    "order": "/v1/orders",
    "offer": "/v1/offers",
}
JUDGED_HERE = ("kind", "received_at", "gtin", "serial", "signature", "issued")
SCOPES = ["scans", "positions", "item-events", "offers", "orders", "read"]
BATCH = 200


def make_world(folder: Path, *, items: int, seed: int = 11) -> Path:
    """A hard little world; its keys lie in ``keys/``."""
    simulate_world(
        Wish(seed=seed, items=items, difficulty="hard"), folder, passphrase=PASSPHRASE
    )
    return folder


def batches(recording: Path) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """(path, batch) in the order in which the world's events came, each as its sender writes it."""
    events = map(json.loads, (recording / "events.jsonl").read_bytes().splitlines())
    for kind, group in groupby(events, key=lambda event: event["kind"]):
        while chunk := list(islice(group, BATCH)):
            yield PATHS[kind], [_as_sent(kind, event) for event in chunk]


def _as_sent(kind: str, event: dict[str, Any]) -> dict[str, Any]:
    if kind == "item_event":
        return dict(event["event"])
    left_out = JUDGED_HERE if kind == "scan" else ("kind", "received_at")
    return {name: value for name, value in event.items() if name not in left_out}
