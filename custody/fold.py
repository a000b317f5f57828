"""The fold: custody before a step, and the step, give custody after it.

Terms and defaults, where EPCIS leaves a choice (docs/custody.md says why):

* Goods change hands when they are received, not when they are shipped.
* A receipt counts as that of the dealer whose site it is; elsewhere as that of the party that the
  event names, or else of the one to whom the goods were shipped. Who runs a site holds the goods.
* What happens to a container happens to what is in it, but for its own commissioning, packing,
  unpacking and decommissioning: those are about the container.
* What goes into a transformation is used up; what comes out of it begins there.
* A class (a lot, a GTIN) has no holder: there are many of it, in many places.
"""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from custody.step import Role, Step
from custody.trail import Touch, Trail
from registry import SiteParty

PartyAt = Callable[[str, int], SiteParty | None]
"""(site GLN, known at in microseconds) → the party that receives there, if a row says so."""

RECEIPTS = frozenset(["receiving", "accepting"])
_PACKS = frozenset(["TransformationEvent", "AggregationEvent", "AssociationEvent"])
OWN_STEPS = frozenset(["commissioning", "packing", "unpacking", "decommissioning"])
DEFAULT_DISPOSITION = {
    "commissioning": "active",
    "shipping": "in_transit",
    "departing": "in_transit",
    "transporting": "in_transit",
    "arriving": "in_progress",
    "receiving": "in_progress",
    "accepting": "in_progress",
    "dispensing": "dispensed",
    "retail_selling": "retail_sold",
    "decommissioning": "inactive",
    "destroying": "destroyed",
}


class Custody(Struct, frozen=True, array_like=True):
    """Who holds an EPC; times in microseconds, parties as GLNs. ``since_us``: when the holder last
    changed; ``owned_us``: when the owner did; ``sold_us``: when it was sold to a consumer."""

    epc: str
    parents: dict[str, str]
    disposition: str | None = None
    holder: str | None = None
    since_us: int | None = None
    owner: str | None = None
    owned_us: int | None = None
    sold_us: int | None = None
    heading_holder: str | None = None
    heading_owner: str | None = None
    owned_by: str | None = None
    """Identity of the event that gave the owner; ``disposition_by`` and ``sold_by`` likewise."""
    disposition_by: str | None = None
    sold_by: str | None = None
    before_shipping: str | None = None
    """The disposition to which ``void_shipping`` goes back."""
    packed_by: dict[str, str] = {}
    """Identities of the events that put things into their containers, by thing."""
    owned_through: tuple[str, ...] = ()
    """Of those by which the EPC was in what ``owned_by`` names, innermost first; none where that
    event names the EPC itself."""
    heading_us: int | None = None
    """Since when it is on its way to those that it is heading for."""

    @property
    def container(self) -> str | None:
        """The immediate parent."""
        return self.parents.get(self.epc)

    def chain(self) -> list[str]:
        """The EPC and its containers, innermost first; a loop ends where it closes."""
        return _chain(self.epc, self.parents)


def _chain(epc: str, parents: dict[str, str]) -> list[str]:
    chain, current = [epc], parents.get(epc)
    while current is not None and current not in chain:
        chain.append(current)
        current = parents.get(current)
    return chain


def custody_of(trail: Trail, *, party_at: PartyAt, until_us: int | None = None) -> Custody:
    """Custody after all steps that happened up to and including ``until_us``."""
    return fold(trail.epc, trail.standing(), party_at=party_at, until_us=until_us)


def fold(
    epc: str, touches: Iterable[Touch], *, party_at: PartyAt, until_us: int | None = None
) -> Custody:
    """Fold touches that are in order and of which none is taken back."""
    custody = Custody(epc=epc, parents={})
    for touch in touches:
        if until_us is not None and touch.step.at_us > until_us:
            break
        custody = apply(custody, touch.step, touch.roles, party_at=party_at)
    return custody


def apply(
    custody: Custody, step: Step, roles: Mapping[str, Role], *, party_at: PartyAt
) -> Custody:
    """Custody after one step."""
    role = roles.get(custody.epc)
    if role == "class":
        return _of_class(custody, step)
    before = custody.parents
    if step.type in _PACKS:
        custody = _packed(custody, _contained(before, step, roles), step)
    if role is None:
        chain = _chain(custody.epc, before)
        if custody.parents is not before:
            chain += _chain(custody.epc, custody.parents)
        if not _bears_on(chain, step, roles):
            return custody
    elif role == "input":
        return _used_up(custody, step)
    return _handed_over(custody, step, roles, party_at)


def _of_class(custody: Custody, step: Step) -> Custody:
    disposition = step.disposition or DEFAULT_DISPOSITION.get(step.biz_step or "")
    if disposition is None:
        return custody
    return replace(custody, disposition=disposition, disposition_by=step.identity)


def _used_up(custody: Custody, step: Step) -> Custody:
    """The disposition that a transformation gives is that of its outputs (EPCIS 7.4.5)."""
    return replace(custody, disposition="inactive", disposition_by=step.identity)


def _contained(
    parents: dict[str, str], step: Step, roles: Mapping[str, Role]
) -> dict[str, str]:
    """Who is in what after an aggregation; what a transformation used up is in nothing."""
    if step.type == "TransformationEvent":
        used = [epc for epc, role in roles.items() if role == "input" and epc in parents]
        return {c: p for c, p in parents.items() if c not in used} if used else parents
    if step.type not in ("AggregationEvent", "AssociationEvent") or step.parent is None:
        return parents
    children = [epc for epc, role in roles.items() if role == "child"]
    if step.action == "DELETE":
        gone = [c for c in children if parents.get(c) == step.parent]
        if step.whole:
            gone = [child for child, parent in parents.items() if parent == step.parent]
        return {c: p for c, p in parents.items() if c not in gone} if gone else parents
    if all(parents.get(child) == step.parent for child in children):
        return parents
    return {**parents, **dict.fromkeys(children, step.parent)}


def _packed(custody: Custody, parents: dict[str, str], step: Step) -> Custody:
    """Custody with other containers, and which event put things there."""
    before = custody.parents
    if parents is before:
        return custody
    moved = [child for child, parent in parents.items() if before.get(child) != parent]
    packed_by = {**custody.packed_by, **dict.fromkeys(moved, step.identity)}
    return replace(custody, parents=parents, packed_by=packed_by)


def _through(custody: Custody, roles: Mapping[str, Role]) -> tuple[str, ...]:
    """The events by which the EPC is in what a step names."""
    found: list[str] = []
    for member in custody.chain():
        if member in roles:
            break
        if member in custody.packed_by:
            found.append(custody.packed_by[member])
    return tuple(dict.fromkeys(found))


def bears_on(custody: Custody, step: Step, roles: Mapping[str, Role]) -> bool:
    """Whether a step is about the EPC, or about a container that it is in."""
    return custody.epc in roles or _bears_on(custody.chain(), step, roles)


def _bears_on(chain: list[str], step: Step, roles: Mapping[str, Role]) -> bool:
    """Whether a step that does not name an EPC bears on it through its containers."""
    if step.type == "TransformationEvent":
        return False
    if step.biz_step in OWN_STEPS and not step.whole:
        return False
    if step.type == "AggregationEvent":
        return (step.whole and step.parent in chain) or any(
            roles.get(member) == "child" for member in chain
        )
    return not roles.keys().isdisjoint(chain)


def _handed_over(
    custody: Custody, step: Step, roles: Mapping[str, Role], party_at: PartyAt
) -> Custody:
    disposition = step.disposition or DEFAULT_DISPOSITION.get(step.biz_step or "")
    before_shipping = custody.before_shipping
    holder, owner = custody.holder, custody.owner
    heading, heading_us = (custody.heading_holder, custody.heading_owner), custody.heading_us
    sold_us, sold_by = custody.sold_us, custody.sold_by
    if step.biz_step == "shipping":
        holder, owner = holder or step.from_holder, owner or step.from_owner
        heading, heading_us = (step.to_holder, step.to_owner), step.at_us
        before_shipping = custody.disposition
    elif step.biz_step == "void_shipping":
        heading, heading_us = (None, None), None
        disposition, before_shipping = disposition or before_shipping, None
    elif step.biz_step in RECEIPTS:
        local = party_at(step.site_gln, step.received_us) if step.site_gln else None
        holder = (local.gln if local else None) or step.to_holder or heading[0] or holder
        owner = _new_owner(local, step.to_owner or heading[1]) or owner
        heading, heading_us, sold_us, sold_by = (None, None), None, None, None
    elif step.site_gln and (step.biz_step == "commissioning" or _begins(step)):
        local = party_at(step.site_gln, step.received_us)
        holder = holder or (local.gln if local else None)
    if disposition == "retail_sold":
        sold_us, sold_by = step.at_us, step.identity
    elif disposition == "returned":
        sold_us, sold_by = None, None
    is_owner = owner == custody.owner
    # By position: names would cost as much again, and this is done for every touch of every item.
    return Custody(
        custody.epc,
        custody.parents,
        disposition or custody.disposition,
        holder,
        custody.since_us if holder == custody.holder else step.at_us,
        owner,
        custody.owned_us if is_owner else step.at_us,
        sold_us,
        *heading,
        custody.owned_by if is_owner else step.identity,
        step.identity if disposition else custody.disposition_by,
        sold_by,
        before_shipping,
        custody.packed_by,
        custody.owned_through if is_owner else _through(custody, roles),
        heading_us,
    )


def _new_owner(local: SiteParty | None, named: str | None) -> str | None:
    """Who answers for goods once they are received: the dealer whose site it is; else whoever is
    named, however the goods got there; else the brand at a site of its own."""
    if local is not None and local.role == "dealer":
        return local.gln
    return named or (local.gln if local is not None and local.role == "own" else None)


def _begins(step: Step) -> bool:
    return step.type == "TransformationEvent"
