"""An alert as a line of the list: the words and names that a person reads."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from api.console.cards import title_of
from api.negotiation import Language
from codes.digital_link import parse
from codes.errors import CodeError
from registry.book import Registry
from store.alert_views import AlertRow


@dataclass(frozen=True, slots=True)
class AlertLine:
    """``subject`` is short; ``subject_id`` is the whole identifier."""

    alert_id: str
    severity: str
    rule: str
    title: str
    subject: str
    subject_type: str
    subject_id: str
    dealer: str | None
    territory: str | None
    last_at: datetime
    signals: int
    percent: int


def line_of(row: AlertRow, registry: Registry, known_us: int, language: Language) -> AlertLine:
    """The line of an alert."""
    body = row.body
    subject: dict[str, str] = body["subject"]
    return AlertLine(
        alert_id=row.alert_id,
        severity=body["severity"],
        rule=body["rule"],
        title=title_of(body["rule"], language),
        subject=short_subject(subject["type"], subject["id"]),
        subject_type=subject["type"],
        subject_id=subject["id"],
        dealer=dealer_name(registry, body.get("dealer_id"), known_us),
        territory=territory_name(registry, body.get("territory_id")),
        last_at=datetime.fromisoformat(body["last_at"]),
        signals=len(body["signal_ids"]),
        percent=round(row.strength * 100),
    )


def short_subject(subject_type: str, subject_id: str) -> str:
    """The part of an identifier that tells one from another: a serial, an SSCC, an id."""
    if subject_type not in ("item", "logistic-unit", "lot"):
        return subject_id
    try:
        return parse(subject_id).path[-1][1]
    except CodeError:
        return subject_id


def dealer_name(registry: Registry, dealer_id: Any, known_us: int) -> str | None:
    """The dealer's name; its id where the registry has no name."""
    if not isinstance(dealer_id, str):
        return None
    dealer = registry.dealer(dealer_id, known_us)
    return dealer_id if dealer is None else dealer.name


def territory_name(registry: Registry, territory_id: Any) -> str | None:
    """The territory's name; its id where the registry has no name."""
    if not isinstance(territory_id, str):
        return None
    versions = [row for row in registry.rows.territories if row.territory_id == territory_id]
    return versions[-1].name if versions else territory_id


def product_name(registry: Registry, gtin: str) -> str:
    """The product's name, or its GTIN where the registry does not know it."""
    names = {product.gtin: product.name for product in registry.rows.products}
    return names.get(gtin, gtin)
