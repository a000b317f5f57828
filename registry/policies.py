"""Which policy is in force when: a version that is enacted takes effect from a time on.

A judgement uses the policy in force when what it rests on became known: a threshold says how the
brand judges, so that a change neither reaches back nor waits for old events to run out.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from registry.known import BEFORE_EVERYTHING, instant, recorded_us
from registry.model import Time
from registry.policy import Policy, PolicyError, read_policy


class PolicyVersion(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A policy that was enacted: in force from ``valid_from``, and not before it was recorded."""

    policy: Policy
    valid_from: Time | None = None
    why: str | None = None
    recorded_at: Time | None = None

    @property
    def from_us(self) -> int:
        """From when it is in force (microseconds)."""
        return max(instant(self.valid_from, absent=BEFORE_EVERYTHING), recorded_us(self))


def read_proposed(raw: bytes) -> PolicyVersion:
    """A policy that somebody proposes: the thresholds alone, or ``{"policy","valid_from","why"}``.

    Raises:
        PolicyError: it is neither.
    """
    try:
        whole = msgspec.json.decode(raw)
        if not (isinstance(whole, dict) and "policy" in whole):
            return PolicyVersion(policy=read_policy(raw))
        return msgspec.convert(whole, _Proposed).version()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        detail, _, path = str(error).partition(" - at `$")
        raise PolicyError(detail, field=path.rstrip("`").lstrip(".")) from None


class _Proposed(Struct, frozen=True, forbid_unknown_fields=True):
    """When it was recorded a proposal cannot say: it was not yet."""

    policy: Policy
    valid_from: Time | None = None
    why: str | None = None

    def version(self) -> PolicyVersion:
        return PolicyVersion(policy=self.policy, valid_from=self.valid_from, why=self.why)


class Change(NamedTuple):
    """A threshold that differs, by its name (``strengths.code_lost``)."""

    name: str
    was: Any
    now: Any


def changes(before: Policy, after: Policy) -> list[Change]:
    """What differs between two policies, besides their number."""
    was, now = _flat(msgspec.to_builtins(before)), _flat(msgspec.to_builtins(after))
    return [
        Change(name, was[name], now[name])
        for name in was
        if was[name] != now[name] and name != "version"
    ]


def _flat(plain: dict[str, Any], above: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in plain.items():
        found |= _flat(value, f"{name}.") if isinstance(value, dict) else {f"{above}{name}": value}
    return found


def changed(before: Policy, given: bytes, version: int) -> Policy:
    """A policy with some thresholds changed: ``given`` is a JSON object of just these.

    Raises:
        PolicyError: it is no such object.
    """
    try:
        members = msgspec.json.decode(given, type=dict[str, Any])
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise PolicyError(str(error)) from None
    plain = msgspec.to_builtins(before)
    for name, value in members.items():
        inner = plain.get(name)
        both = isinstance(inner, dict) and isinstance(value, dict)
        plain[name] = inner | value if both else value
    return read_policy(msgspec.json.encode(plain | {"version": version}))


class InForce(NamedTuple):
    """A policy, its hash, and from when it is in force."""

    policy: Policy
    digest: str
    from_us: int


class Policies:
    """The policy of a recording or a service, and the versions that followed it."""

    def __init__(self, first: Policy, later: Iterable[PolicyVersion] = ()) -> None:
        in_turn = sorted(later, key=lambda row: (row.from_us, recorded_us(row)))
        self.all = [InForce(first, first.digest(), BEFORE_EVERYTHING)]
        self.all += [InForce(row.policy, row.policy.digest(), row.from_us) for row in in_turn]
        self.changes = [one.from_us for one in self.all[1:]]
        """When another version takes effect."""

    def at(self, known_us: int) -> InForce:
        """What is in force then; of versions of one instant the one recorded last."""
        if not self.changes:
            return self.all[0]
        return self.all[bisect_right(self.changes, known_us)]
