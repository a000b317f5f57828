"""What was found, rule by rule, and item by item."""

from collections.abc import Iterator, Sequence

from api.bundle.told import Told, shown_time
from api.console.cards import shown_card
from api.console.lines import product_name, short_subject, territory_name
from api.wording import Wording
from codes.digital_link import parse
from codes.errors import CodeError
from evidence.report import Section, Table
from registry.book import Registry
from store.alert_views import AlertRow, SignalRow

MOST_FINDINGS = 12
"""Of one rule; alerts.json and the entries hold them all."""
MOST_ITEMS = 200


def found_sections(told: Told, w: Wording) -> Iterator[Section]:
    """One for each rule that fired, the surest first: why, what would clear it, what it said."""
    by_rule: dict[str, list[SignalRow]] = {}
    for row in told.subject.signals:
        by_rule.setdefault(str(row.body["rule"]), []).append(row)
    for rule, rows in sorted(by_rule.items(), key=lambda pair: (-_surest(pair[1]), pair[0])):
        yield _found(rule, rows, w)


def _surest(rows: Sequence[SignalRow]) -> float:
    return max(float(row.body["strength"]) for row in rows)


def _found(rule: str, rows: list[SignalRow], w: Wording) -> Section:
    card = shown_card(rule, w.language)
    title = w("rule", title=card.title, rule=rule, version=rows[0].body["rule_version"])
    texts = [w("why", text=card.why), w("clears", text=card.clears)] if card.why else []
    rows.sort(key=lambda row: (not row.holds, -row.body["strength"], row.body["occurred_at"]))
    if len(rows) > MOST_FINDINGS:
        texts.append(w("found_most", shown=MOST_FINDINGS, number=len(rows)))
    head = (w("when"), w("said"), w("strength"), w("entry"))
    return Section(title, texts, table=Table(head, [_row(row, w) for row in rows[:MOST_FINDINGS]]))


def _row(row: SignalRow, w: Wording) -> tuple[str, ...]:
    reason = row.body["reason"][w.language]
    return (
        shown_time(row.body["occurred_at"]),
        reason if row.holds else w("withdrawn", reason=reason),
        f"{round(row.body['strength'] * 100)}\N{NO-BREAK SPACE}%",
        str(row.evidence_seq),
    )


def items_section(told: Told, w: Wording) -> Section | None:
    """The items that something was found of: since when, where, and what; none where there are
    none."""
    by_item: dict[str, list[AlertRow]] = {}
    for row in told.subject.alerts:
        if row.body["subject"]["type"] == "item":
            by_item.setdefault(row.body["subject"]["id"], []).append(row)
    if not by_item:
        return None
    registry = told.registry
    rows = sorted(_item(item, alerts, registry, w) for item, alerts in by_item.items())
    notes = []
    if len(rows) > MOST_ITEMS:
        notes.append(w("items_most", shown=MOST_ITEMS, number=len(rows)))
    head = (w("first_found"), w("item"), w("product"), w("place"), w("rules"))
    return Section(w("items"), notes, table=Table(head, rows[:MOST_ITEMS]))


def _item(item: str, rows: list[AlertRow], registry: Registry, w: Wording) -> tuple[str, ...]:
    places = {row.body.get("territory_id"): None for row in rows}
    names = [territory_name(registry, one) for one in places if one]
    titles = {shown_card(row.body["rule"], w.language).title: None for row in rows}
    return (
        shown_time(min(row.body["first_at"] for row in rows)),
        short_subject("item", item),
        _product(item, registry),
        ", ".join(name for name in names if name),
        ", ".join(titles),
    )


def _product(item: str, registry: Registry) -> str:
    try:
        return product_name(registry, parse(item).path[0][1])
    except CodeError:
        return ""
