"""A case as a line of the list: the words and names that a person reads."""

from dataclasses import dataclass
from datetime import datetime

from api.console.cases.exposure import money, money_range
from api.console.lines import dealer_name, product_name, short_subject, territory_name
from cases.deadlines import due_us
from cases.standing import Standing
from cases.steps import State
from registry.book import Registry
from store.case_views import CaseRow
from store.instants import from_us, to_us

SUREST = 99
"""Per cent; nothing that was judged is shown as wholly certain."""


@dataclass(frozen=True, slots=True)
class CaseLine:
    """``due_at`` is when the next thing is due; ``is_late`` whether that is over."""

    case_id: str
    kind: str
    state: str
    holds: bool
    tier: int
    percent: int
    subject_type: str
    subject: str
    dealer: str | None
    territory: str | None
    products: list[str]
    alerts: int
    exposure: str | None
    exposure_range: tuple[str, str]
    opened_at: datetime
    due_at: datetime | None
    is_late: bool
    is_silent: bool
    assignee: str | None
    steps: int


def line_of(row: CaseRow, registry: Registry, now_us: int) -> CaseLine:
    """The line of a case."""
    body = row.body
    opened_at = datetime.fromisoformat(body["opened_at"])
    due = _due_us(row, to_us(opened_at))
    silent = row.silent_until_us is not None and now_us < row.silent_until_us
    return CaseLine(
        case_id=row.case_id,
        kind=body["kind"],
        state=row.state,
        holds=row.holds,
        tier=body["tier"],
        percent=min(round(body["confidence"] * 100), SUREST),
        subject_type=body["subject"]["type"],
        subject=short_subject(body["subject"]["type"], body["subject"]["id"]),
        dealer=dealer_name(registry, body.get("dealer_id"), now_us),
        territory=territory_name(registry, body.get("territory_id")),
        products=[product_name(registry, gtin) for gtin in body.get("gtins", ())],
        alerts=row.alerts,
        exposure=money(body.get("exposure")),
        exposure_range=money_range(body.get("exposure")),
        opened_at=opened_at,
        due_at=None if due is None else from_us(due),
        is_late=due is not None and due < now_us and not silent and row.holds,
        is_silent=silent,
        assignee=row.assignee,
        steps=row.steps,
    )


def _due_us(row: CaseRow, opened_us: int) -> int | None:
    state: State = row.state  # type: ignore[assignment]
    return due_us(row.body, opened_us, Standing(state=state))
