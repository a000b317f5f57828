"""One alert: what happened and why, how sure that is, what would clear it, and the proof."""

import asyncio
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.console.cards import ShownCard, shown_card
from api.console.lines import AlertLine, line_of
from api.console.session import User, console_wording
from api.dependencies import Ports
from api.negotiation import Language
from api.pages import console_page
from api.services import Records, Services
from store.alert_views import (
    EvidenceRow,
    SignalRow,
    events_by_identity,
    find_alert,
    find_evidence,
    signals_by_id,
)
from store.instants import to_us

router = APIRouter(prefix="/console", include_in_schema=False)

MOST_SIGNALS = 50
"""Signals that are shown in full; the page says how many there are."""
_TIMES = ("scanned_at", "fixed_at", "ordered_at", "seen_at")


class ShownSignal(NamedTuple):
    """A signal and its entry in the evidence log."""

    row: SignalRow
    occurred_at: datetime
    reason: str
    percent: int
    evidence: EvidenceRow | None


class ShownEvent(NamedTuple):
    """An event that the alert rests on; ``facts`` are its members worth a column."""

    kind: str
    event_id: str
    at: str
    facts: list[tuple[str, str]]
    raw: str


class AlertContent(NamedTuple):
    """All that the page shows."""

    line: AlertLine
    holds: bool
    card: ShownCard
    signals: list[ShownSignal]
    signal_count: int
    events: list[ShownEvent]


@router.get("/alerts/{alert_id}")
async def show_alert(alert_id: str, request: Request, services: Ports, user: User) -> Response:
    """The page; an alert that was withdrawn says so and stays readable."""
    w = console_wording(request)
    content = await asyncio.to_thread(content_of, services, alert_id, w.language)
    if content is None:
        return console_page("console/missing.html", status=404, w=w, user=user)
    return console_page("console/alert.html", w=w, user=user, **content._asdict())


def content_of(services: Services, alert_id: str, language: Language) -> AlertContent | None:
    """Everything about an alert; None where there is none. Asks the database."""
    row = find_alert(services.engine, alert_id)
    if row is None:
        return None
    signals = signals_by_id(services.engine, row.body["signal_ids"])
    shown = signals[-MOST_SIGNALS:]
    return AlertContent(
        line=line_of(row, services.registry(), to_us(services.clock()), language),
        holds=row.holds,
        card=shown_card(row.body["rule"], language),
        signals=[_signal(services, signal, language) for signal in reversed(shown)],
        signal_count=len(signals),
        events=[_event(event) for event in events_of(services, shown)],
    )


def events_of(services: Records, signals: list[SignalRow]) -> list[dict[str, Any]]:
    """The stored events that these signals rest on, in order of their time."""
    identities = dict.fromkeys(identity for signal in signals for identity in signal.inputs)
    return events_by_identity(services.engine, list(identities))


def _signal(services: Services, row: SignalRow, language: Language) -> ShownSignal:
    return ShownSignal(
        row=row,
        occurred_at=datetime.fromisoformat(row.body["occurred_at"]).astimezone(UTC),
        reason=row.body["reason"][language],
        percent=round(row.body["strength"] * 100),
        evidence=find_evidence(services.engine, row.evidence_seq),
    )


def _event(event: dict[str, Any]) -> ShownEvent:
    kind = event["kind"]
    content = event["event"] if kind == "item_event" else event
    at = next((content[name] for name in (*_TIMES, "eventTime") if name in content), "")
    raw = msgspec.json.format(msgspec.json.encode(event), indent=2).decode()
    return ShownEvent(kind, event["event_id"], at, _facts(kind, content), raw)


def _facts(kind: str, content: dict[str, Any]) -> list[tuple[str, str]]:
    """The few members that say what an event was, in the words of its format."""
    names = {
        "scan": ("reader", "reader_id", "signature", "issued", "session"),
        "item_event": ("type", "action", "bizStep", "disposition"),
        "position": ("tracker_id", "speed_mps", "temperature_c"),
        "order": ("order_id", "dealer_id", "quantity"),
        "offer": ("seller", "dealer_id", "amount", "currency"),
    }.get(kind, ())
    facts = [(name, _said(content[name])) for name in names if content.get(name) is not None]
    place = content if kind == "position" else content.get("location")
    if isinstance(place, dict):
        text = f"{place['lon']}, {place['lat']} ± {place['accuracy_m']} m"
        facts.append(("lon, lat", f"{text} ({place.get('crs', 'wgs84')})"))
    return facts


def _said(value: object) -> str:
    """A member as its format writes it."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
