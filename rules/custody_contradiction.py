"""Item events that cannot all be true: received before it was shipped, in two cases at once, moved
after it was destroyed, and the like."""

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct

from custody import Custody, Step
from custody.fold import RECEIPTS
from custody.trail import Touch
from events.identity import Identity
from events.timed import Timed
from rules.handling import HandlingContext, handled_subject
from rules.model import Finding

ENDED = frozenset(["destroyed", "disposed", "inactive"])
MOVES = frozenset(["shipping", "receiving", "accepting", "packing", "retail_selling"])
WORDS = {
    "received-before-shipped": (
        "it was shipped to a party that had received it already", "发货之前，收货方已经收货"),
    "two-containers": (
        "it was packed while it was in another container", "已在另一容器中，又被装入新的容器"),
    "unpacked-elsewhere": (
        "it was unpacked from a container that it was not in", "从并不包含它的容器中拆出"),
    "inside-itself": (
        "it was packed into something that it contains", "被装入它自身所包含的容器"),
    "moved-after-end": (
        "it was moved after its life had ended", "已销毁或注销之后仍有流转"),
    "sold-twice": (
        "it was sold twice without a return between", "未经退货而两次售出"),
    "made-twice": (
        "it was commissioned twice", "被两次赋码激活"),
}  # fmt: skip


class Handled(Struct, frozen=True, array_like=True):
    """Which events last packed, received and made the thing."""

    packed_by: Identity | None = None
    received_by: Identity | None = None
    made_by: Identity | None = None


class CustodyContradiction:
    """Fires on an event that names the thing itself and contradicts an earlier one."""

    id = "custody-contradiction"
    initial = Handled()

    def step(
        self, state: Handled, event: Timed[Touch], *, context: HandlingContext
    ) -> tuple[Handled, Sequence[Finding]]:
        """Reads custody as it stood before the event."""
        step = event.event.step
        found = [
            _finding(self.id, step, kind, because, context, facts)
            for kind, because, facts in _contradictions(state, step, context)
        ]
        return _after(state, step, context), found


Contradiction = tuple[str, Identity | None, dict[str, Any]]
"""Kind, the event that is contradicted, and further facts."""


def _contradictions(
    state: Handled, step: Step, context: HandlingContext
) -> Iterator[Contradiction]:
    custody = context.custody
    if context.role == "child":
        yield from _packing(state, step, custody)
    has_ended = custody.disposition in ENDED
    if has_ended and context.role in ("self", "child", "input") and step.biz_step in MOVES:
        yield "moved-after-end", custody.disposition_by, {"disposition": custody.disposition}
    if context.role != "self":
        return
    if step.biz_step == "retail_selling" and custody.sold_us is not None:
        yield "sold-twice", custody.sold_by, {}
    if _makes(step) and state.made_by is not None and not has_ended:
        yield "made-twice", state.made_by, {}
    if step.biz_step == "shipping" and state.received_by is not None and _is_there(step, custody):
        yield "received-before-shipped", state.received_by, {"holder": custody.holder}


def _packing(state: Handled, step: Step, custody: Custody) -> Iterator[Contradiction]:
    known = custody.container
    if step.action == "ADD" and step.parent in _within(custody, step.parent):
        yield "inside-itself", state.packed_by, {"container": step.parent}
    elif known is not None and known != step.parent:
        kind = {"ADD": "two-containers", "DELETE": "unpacked-elsewhere"}.get(step.action or "")
        if kind is not None:
            yield kind, state.packed_by, {"container": known, "other_container": step.parent}


def _within(custody: Custody, container: str | None) -> set[str | None]:
    """The container, if following what it is in leads back to the thing."""
    current, seen = container, set()
    while current is not None and current not in seen:
        if current == custody.epc:
            return {container}
        seen.add(current)
        current = custody.parents.get(current)
    return set()


def _is_there(step: Step, custody: Custody) -> bool:
    """Whether the goods are with whom they are only now shipped to, by somebody else."""
    giver = step.from_holder or step.from_owner
    return (
        step.to_holder is not None
        and step.to_holder == custody.holder
        and giver is not None
        and giver != custody.holder
    )


def _after(state: Handled, step: Step, context: HandlingContext) -> Handled:
    packed, received, made = state.packed_by, state.received_by, state.made_by
    if context.role == "child" and step.action == "ADD":
        packed = step.identity
    if context.bears and step.biz_step in RECEIPTS:
        received = step.identity
    elif context.bears and step.biz_step == "shipping":
        received = None
    if context.role == "self" and _makes(step):
        made = step.identity
    return Handled(packed, received, made)


def _makes(step: Step) -> bool:
    return step.biz_step == "commissioning" and step.action == "ADD"


def _finding(
    rule: str,
    step: Step,
    kind: str,
    because: Identity | None,
    context: HandlingContext,
    facts: dict[str, Any],
) -> Finding:
    en, zh = WORDS[kind]
    return Finding(
        rule=rule,
        subject=handled_subject(context.epc),
        occurred_us=step.at_us,
        strength=getattr(context.policy.strengths, kind.replace("-", "_")),
        inputs=(step.identity,) if because is None else (step.identity, because),
        facts={"contradiction": kind, "biz_step": step.biz_step, **facts},
        values={"what": en, "what_zh": zh},
    )
