"""Writes ``docs/schemas/*.json`` from the code's own structs.

``python -m deploy.schemas`` writes them; a test fails where one is not current. Rows and events are
read through these very structs, so a schema cannot promise what the code refuses.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from msgspec import Meta, Struct

from cases.case import Kind
from custody.answer import AnswerLine, QuestionLine
from events.model import AnyEvent, Currency, Decimal, Id
from registry.model import Head, Time
from registry.policy import Policy
from registry.recording import ROW_TYPES
from registry.schemas import schema_of
from rules.card import Severity
from rules.model import Reason

FOLDER = Path(__file__).parents[1] / "docs" / "schemas"
SINGULAR = {
    "products": "product",
    "dealers": "dealer",
    "authorisations": "authorisation",
    "permits": "permit",
    "sites": "site",
    "shipments": "shipment",
    "jobs": "job",
    "links": "link",
    "print_reports": "print-report",
    "policies": "policy-version",
}
"""Files of rows and what one row of each is called."""

Hash = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]
Share = Annotated[float, Meta(ge=0, le=1)]


class TerritoryProperties(Struct, frozen=True, kw_only=True):
    """``properties`` of a feature in ``registry/territories.geojson``; its geometry is a GeoJSON
    Polygon or MultiPolygon."""

    territory_id: Id
    name: str
    version: int
    valid_from: Time | None = None
    recorded_at: Time | None = None


class SubjectForm(Struct, frozen=True, kw_only=True):
    """What a signal is about."""

    type: Literal["item", "logistic-unit", "lot", "product", "shipment", "tracker", "dealer"]
    id: str


class SignalForm(Struct, frozen=True, kw_only=True):
    """A line of ``signals.jsonl``."""

    signal_id: Hash
    rule: str
    rule_version: Annotated[int, Meta(ge=1)]
    subject: SubjectForm
    occurred_at: Time
    strength: Share
    input_ids: list[str]
    reason: Reason
    facts: dict[str, Any]
    withdraws: list[Hash] = []
    corrects: list[Hash] = []


class AlertForm(Struct, frozen=True, kw_only=True):
    """A line of ``alerts.jsonl``."""

    alert_id: Hash
    rule: str
    subject: SubjectForm
    severity: Severity
    first_at: Time
    last_at: Time
    signal_ids: list[Hash]
    facts: dict[str, Any]
    dealer_id: str | None = None
    territory_id: str | None = None


class KnownItemsForm(Struct, frozen=True, kw_only=True):
    """Items that are known, and what they are worth."""

    items: Annotated[int, Meta(ge=0)]
    amount: Decimal


class EstimateForm(Struct, frozen=True, kw_only=True):
    """How many items there are by estimate, with an interval of probability ``level``; from the
    share of goods that is ever read, known of so many origin cases, of the dealer or of all."""

    items: Annotated[int, Meta(ge=0)]
    low: Annotated[int, Meta(ge=0)]
    high: Annotated[int, Meta(ge=0)]
    amount: Decimal
    amount_low: Decimal
    amount_high: Decimal
    level: Share
    share: Share
    origins: Annotated[int, Meta(ge=1)]
    of_dealer: bool


class ExposureForm(Struct, frozen=True, kw_only=True):
    """What a case is about in money; ``basis`` says what was counted at which value."""

    amount: Decimal
    currency: Currency
    basis: Literal[
        "items-known",
        "items-known-at-floor-price",
        "items-estimated",
        "items-estimated-at-floor-price",
    ]
    known: KnownItemsForm
    unknown_units: Annotated[int, Meta(ge=1)] | None = None
    without_value: list[str] | None = None
    estimated: EstimateForm | None = None


class PolicyForm(Struct, frozen=True, kw_only=True):
    """The policy under which a case opened."""

    version: int
    hash: Hash


class CaseForm(Struct, frozen=True, kw_only=True):
    """A line of ``cases.jsonl``."""

    case_id: Hash
    kind: Kind
    subject: SubjectForm
    gtins: list[str]
    opened_at: Time
    opening_event_id: str
    alert_ids: list[Hash]
    confidence: Share
    tier: Annotated[int, Meta(ge=1, le=3)]
    look_by: Time
    decide_by: Time
    items: Annotated[int, Meta(ge=0)]
    facts: dict[str, Any]
    dealer_id: str | None = None
    territory_id: str | None = None
    exposure: ExposureForm | None = None
    policy: PolicyForm | None = None


class EntryForm(Struct, frozen=True, kw_only=True):
    """An entry of the evidence log; its bytes are the canonical JSON (RFC 8785) of this form."""

    seq: Annotated[int, Meta(ge=0)]
    prev: Hash
    body: dict[str, Any]
    id: str | None = None


class CommitmentForm(Struct, frozen=True, kw_only=True):
    """What stands in a value's place: SHA-256 over domain, salt and the value's canonical JSON."""

    commitment: Hash


class KnownForm(Struct, frozen=True, kw_only=True):
    """The registry that a signal was judged by."""

    revision: Annotated[int, Meta(ge=0)]
    territories_sha256: Hash
    authorisations_sha256: Hash


class OpenSignalForm(Struct, frozen=True, kw_only=True):
    """What an entry says of a signal in the open; of more than 200 ids, a commitment to them."""

    signal_id: Hash
    rule: str
    rule_version: Annotated[int, Meta(ge=1)]
    withdraws: list[Hash] | CommitmentForm = []
    corrects: list[Hash] | CommitmentForm = []


class SignalEntryForm(Struct, frozen=True, kw_only=True):
    """The body of a signal's entry; ``content`` commits to the signal, ``sources`` to each stored
    event that it rests on (of more than 200, ``sources_sha256`` to their list)."""

    kind: Literal["signal"]
    recorded_at: Time
    revision: int
    policy_hash: str
    signal: OpenSignalForm
    content: CommitmentForm
    registry: KnownForm | None = None
    sources: list[CommitmentForm] | None = None
    sources_sha256: Hash | None = None


def schemas() -> Iterator[tuple[str, dict[str, Any]]]:
    """(file name, schema) of every form that other people write or read."""
    yield "recording.json", schema_of(Head)
    yield "policy.json", schema_of(Policy)
    yield "territory-properties.json", schema_of(TerritoryProperties)
    for name, row_type in ROW_TYPES.items():
        yield f"{SINGULAR[name]}.json", schema_of(row_type)
    for event_type in get_args(AnyEvent):
        yield f"event-{_kind(event_type)}.json", schema_of(event_type)
    yield "custody-question.json", schema_of(QuestionLine)
    yield "custody-answer.json", schema_of(AnswerLine)
    yield "signal.json", schema_of(SignalForm)
    yield "alert.json", schema_of(AlertForm)
    yield "case.json", schema_of(CaseForm)
    yield "evidence-entry.json", schema_of(EntryForm)
    yield "evidence-entry-signal.json", schema_of(SignalEntryForm)


def _kind(event_type: type[Struct]) -> str:
    return str(event_type.__struct_config__.tag).replace("_", "-")


def written(schema: dict[str, Any]) -> str:
    """A schema as its file holds it."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every schema; files of forms that are no more are removed."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    current = {name: written(schema) for name, schema in schemas()}
    for path in FOLDER.glob("*.json"):
        if path.name not in current:
            path.unlink()
    for name, text in current.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
