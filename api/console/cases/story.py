"""What happened, in two sentences: what was found where, and what that rests on."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, NamedTuple

from api.console.cards import title_of
from api.console.cases.lines import CaseLine
from api.wording import Wording
from store.alert_views import AlertRow

_MOST_PRODUCTS = 3


class Story(NamedTuple):
    """``found`` says what happened, ``rests_on`` by which rules it is known."""

    found: str
    rests_on: str


def story_of(line: CaseLine, items: int, alerts: list[AlertRow], w: Wording) -> Story:
    """The two sentences; ``items`` is how many the case itself knows of."""
    bodies = [alert.body for alert in alerts]
    key = f"story_{line.kind}" if w.has(f"story_{line.kind}") else "story_other"
    found = w(
        key,
        count=_count(items, bodies, w),
        products=_joined(line.products, w),
        dealer=line.dealer or w("dealer_unknown"),
        territory=line.territory or w("territory_unknown"),
        subject=line.subject,
        period=_period(bodies, line, w),
    )
    return Story(found, w("story_rests_on", rules=_rules(bodies, w)))


def _count(items: int, bodies: list[dict[str, Any]], w: Wording) -> str:
    subjects = {body["subject"]["id"] for body in bodies if body["subject"]["type"] == "item"}
    named = [body.get("facts", {}).get("items") for body in bodies]
    number = max([items, len(subjects), *(n for n in named if isinstance(n, int))])
    if number == 0:
        return w("goods")
    return w("one_item") if number == 1 else w("many_items", number=number)


def _period(bodies: list[dict[str, Any]], line: CaseLine, w: Wording) -> str:
    first = min((_day(body["first_at"]) for body in bodies), default=_day_of(line.opened_at))
    last = max((_day(body["last_at"]) for body in bodies), default=first)
    return w("on_day", day=first) if first == last else w("between_days", first=first, last=last)


def _day(text: str) -> str:
    return _day_of(datetime.fromisoformat(text))


def _day_of(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d")


def _rules(bodies: list[dict[str, Any]], w: Wording) -> str:
    counts = Counter(body["rule"] for body in bodies)
    names = [
        f"{title_of(rule, w.language)}{f' × {number}' if number > 1 else ''}"
        for rule, number in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    ]
    return w("list_joint").join(names) or w("nothing_left")


def _joined(products: list[str], w: Wording) -> str:
    if not products:
        return w("products_unknown")
    shown = w("list_joint").join(products[:_MOST_PRODUCTS])
    more = len(products) - _MOST_PRODUCTS
    return w("and_more", shown=shown, number=more) if more > 0 else shown
