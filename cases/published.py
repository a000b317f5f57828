"""The published form of a case: exposure, tier and deadline by the policy under which it opened."""

from collections.abc import Callable
from typing import Any

from cases.case import AlertKey, Case, as_json
from cases.deadlines import deadlines_of
from cases.exposure import exposure_of, tier_of
from registry import Registry


def published(
    case: Case, registry: Registry, alert_ids: Callable[[AlertKey], str | None]
) -> dict[str, Any]:
    """The case in the form of ``cases.jsonl``: a function of the case and of what was known when it
    changed last, so that a stream and a replay say the same."""
    in_force = registry.policies.at(case.opened_us)
    exposure = exposure_of(case, registry, case.known_us, in_force.policy)
    tier, days = tier_of(case, exposure, in_force.policy)
    deadlines = deadlines_of(case.opened_us, days, in_force.policy)
    return as_json(case, alert_ids, exposure, tier, deadlines) | {
        "policy": {"version": in_force.policy.version, "hash": in_force.digest}
    }
