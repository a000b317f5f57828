"""The verdict as one value: what the page draws and what the JSON form says."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from api.consumer.history import History, history_of
from api.consumer.reading import ReadCode, read_item_code
from api.consumer.verdict import LEVELS, CodeFacts, Level, VerdictName, verdict_of
from api.consumer.visits import Visit
from api.services import Services
from codes.hidden_codes import HiddenCodes
from codes.issued import Activation
from events.model import Location
from registry.places import on_wgs84
from store.hidden_codes import first_use
from store.instants import to_us
from store.scan_views import scans_of

_log = logging.getLogger(__name__)

MOST_SCANS = 500
"""Scans of an item that are looked at; beyond it the page says 'more than'."""
LOCATION_WINDOW = timedelta(minutes=15)
"""How long after the reading a location still says where the item was read."""


@dataclass(frozen=True, slots=True)
class VerdictView:
    """All that is shown. ``place`` is the name of the province of the first located query;
    ``takes_location`` and ``takes_hidden_code`` say what this browser may add to the visit."""

    verdict: VerdictName
    activation: Activation | None
    code: ReadCode
    product_name: str | None
    history: History
    place: str | None
    at: datetime
    is_own: bool
    takes_location: bool
    takes_hidden_code: bool
    hidden_used_at: datetime | None
    has_expired: bool

    @property
    def level(self) -> Level:
        """How loud the page is."""
        return LEVELS[self.verdict]


def view_of(services: Services, visit: Visit, *, is_own: bool) -> VerdictView:
    """Look everything up; asks the database and so runs in a thread.

    Raises:
        CodeError: the visit's URI is no GS1 Digital Link.
        LookupError: it names no item.
    """
    now = services.clock()
    code = read_item_code(visit.uri, services.keys())
    if code is None:
        raise LookupError(visit.uri)
    product = services.registry().product(code.gtin, to_us(now))
    state = unless_down(lambda: services.item_state(code.gtin, code.serial))
    issue = unless_down(lambda: services.issue_of(code.gtin, code.serial))
    facts = CodeFacts(
        signature=code.signature,
        product_known=product is not None,
        issued=unless_down(lambda: services.issued(code.gtin, code.serial)),
        disposition=state.disposition if state is not None else None,
        activation=issue.activation if issue is not None else None,
        outlives_revocation=issue is not None and issue.outlives(code.key_id, code.revoked_at),
    )
    verdict = verdict_of(facts)
    secrets = services.hidden_codes() if code.signature == "valid" else None
    session = visit.visit_id if visit.recorded else None
    scans = unless_down(lambda: scans_of(services.engine, code.subject, MOST_SCANS)) or []
    history = history_of(scans, session, most=MOST_SCANS)
    return VerdictView(
        verdict=verdict,
        activation=facts.activation,
        code=code,
        product_name=product.name if product is not None else None,
        history=history,
        place=province_of(services, history.first_location, now),
        at=visit.at,
        is_own=is_own and visit.recorded,
        takes_location=is_own and visit.recorded and now - visit.at < LOCATION_WINDOW,
        takes_hidden_code=is_own and visit.recorded and secrets is not None,
        hidden_used_at=None if secrets is None else _hidden_use(services, secrets, code),
        has_expired=code.expires_on is not None and code.expires_on < now.astimezone(UTC).date(),
    )


def _hidden_use(services: Services, secrets: HiddenCodes, code: ReadCode) -> datetime | None:
    fingerprint = secrets.fingerprint(code.gtin, code.serial)
    return unless_down(lambda: first_use(services.engine, fingerprint))


Answer = TypeVar("Answer")


def unless_down(ask: Callable[[], Answer]) -> Answer | None:
    """What the database says; None where it does not answer, as the verdict waits for nothing."""
    try:
        return ask()
    except SQLAlchemyError as error:
        _log.error("the page does without the database: %s", error)
        return None


def province_of(services: Services, location: Location | None, now: datetime) -> str | None:
    """The largest territory of the registry that holds the place: a province, not a county."""
    if location is None:
        return None
    lon, lat = on_wgs84(location.lon, location.lat, location.crs)
    holding = services.registry().places.holding(lon, lat, to_us(now), to_us(now))
    return holding[-1].name if holding else None


def as_json(view: VerdictView, address: str) -> Mapping[str, Any]:
    """The JSON form, documented in ``docs/consumer.md``."""
    history = view.history
    return {
        "verdict": view.verdict,
        "level": view.level,
        "uri": view.code.uri,
        "gtin": view.code.gtin,
        "serial": view.code.serial,
        "lot": view.code.lot,
        "expires_on": view.code.expires_on.isoformat() if view.code.expires_on else None,
        "product": view.product_name,
        "signature": view.code.signature,
        "activation": view.activation,
        "queries": {
            "number": history.number,
            "total": history.total,
            "at_least": history.capped,
            "first_at": history.first_at.isoformat() if history.first_at else None,
            "first_place": view.place,
        },
        "checked_at": view.at.isoformat(),
        "own_visit": view.is_own,
        "location_url": f"/v/{address}/location" if view.takes_location else None,
        "hidden_code_url": f"/v/{address}/hidden-code" if view.takes_hidden_code else None,
        "hidden_code_used_at": view.hidden_used_at.isoformat() if view.hidden_used_at else None,
        "report_url": f"/v/{address}/report",
    }
