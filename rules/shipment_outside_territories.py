"""A shipment that stops or is unloaded where neither end of it may sell. Passage is free."""

from collections.abc import Iterable, Sequence
from functools import partial

from custody import Step
from rules.contents import goods, told_by
from rules.model import Finding, Outcome, Place, PlaceQuestion, PlaceVerdict
from rules.plan import allowed, is_planned, receiver_id
from rules.stay import Stay, follow
from rules.transport import ShipmentContext, ShipmentInput, shipment_subject

UNLOADING = frozenset(["unpacking", "unloading", "receiving", "accepting", "storing", "stocking"])


class ShipmentOutsideTerritories:
    """Fires once a stay has lasted long enough, or at once on an unloading, where the place lies
    outside the areas of sender and receiver and near none of the planned places."""

    id = "shipment-outside-territories"
    initial: Stay | None = None

    def step(
        self, state: Stay | None, event: ShipmentInput, *, context: ShipmentContext
    ) -> tuple[Stay | None, Sequence[Outcome]]:
        """The state is the stay under way, None while under way."""
        if isinstance(event.event, Step):
            return state, tuple(self._unloaded(event.event, event.at_us, context))
        stay = follow(state, event.identity, event.at_us, event.event, context.policy)
        if stay is None or stay.told or stay.seconds < context.policy.stop_min_s:
            return stay, ()
        return stay._replace(told=1), tuple(self._stopped(stay, context))

    def _stopped(self, stay: Stay, context: ShipmentContext) -> Iterable[PlaceQuestion]:
        minutes = f"{stay.seconds / 60:.0f}"
        yield from self._ask(
            stay.place,
            stay.last.at_us,
            (stay.first.identity, stay.last.identity),
            {"what": "stop", "seconds": stay.seconds},
            {"what_en": f"stood still for {minutes} minutes", "what_zh": f"停留了 {minutes} 分钟"},
            context,
        )

    def _unloaded(
        self, step: Step, at_us: int, context: ShipmentContext
    ) -> Iterable[PlaceQuestion]:
        if step.biz_step not in UNLOADING or step.site_gln is None:
            return
        site = context.registry.site(step.site_gln, context.known_us)
        if site is None:
            return
        yield from self._ask(
            Place(site.lon, site.lat, 0.0, 0.95, "manual", "wgs84"),
            at_us,
            (step.identity,),
            {"what": step.biz_step, "site_gln": step.site_gln},
            {"what_en": f"was unloaded ({step.biz_step}) at site {step.site_gln}",
             "what_zh": f"在地点 {step.site_gln} 卸货（{step.biz_step}）"},
            context,
        )

    def _ask(
        self, place: Place, at_us: int, inputs: tuple[str, ...], facts: dict[str, object],
        values: dict[str, str], context: ShipmentContext,
    ) -> Iterable[PlaceQuestion]:
        area = allowed(at_us, context)
        if area is None or is_planned(place, context):
            return
        finding = Finding(
            rule=self.id,
            subject=shipment_subject(context),
            occurred_us=at_us,
            strength=context.policy.strengths.shipment_outside,
            inputs=(*inputs, *told_by(context.aboard)),
            facts={**facts, "dealer_id": receiver_id(context), **goods(context.aboard)},
            values=values,
        )
        answer = partial(_answer, finding, place)
        yield PlaceQuestion(area, place, at_us, context.known_us, answer)


def _answer(finding: Finding, place: Place, verdict: PlaceVerdict) -> Sequence[Finding]:
    if verdict.verdict != "outside":
        return ()
    territory = verdict.territory
    told = Finding(
        rule=finding.rule,
        subject=finding.subject,
        occurred_us=finding.occurred_us,
        strength=finding.strength * (1 - verdict.probability_inside),
        inputs=finding.inputs,
        facts={
            **finding.facts,
            "territory_id": territory.territory_id if territory else None,
            "probability_inside": verdict.probability_inside,
            "lon": round(place.lon, 4),
            "lat": round(place.lat, 4),
        },
        values={
            **finding.values,
            "where_en": territory.name if territory else "a place in no known territory",
            "where_zh": territory.name if territory else "不属于任何已知区域的地点",
        },
    )
    return (told,)
