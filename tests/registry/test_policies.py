"""Which policy is in force when."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from events.timed import microseconds
from registry import Authority, Policy, Registry, RegistryRows, Window
from registry.model import Authorisation, Dealer, Territory
from registry.policies import Policies, PolicyVersion

DAY = timedelta(days=1)
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


def version(number: int, valid: int | None, recorded: int | None) -> PolicyVersion:
    return PolicyVersion(
        policy=Policy(version=number),
        valid_from=None if valid is None else BEGIN + valid * DAY,
        recorded_at=None if recorded is None else BEGIN + recorded * DAY,
    )


def in_force(later: list[PolicyVersion], day: float) -> int:
    return Policies(Policy(), later).at(microseconds(BEGIN + day * DAY)).policy.version


@pytest.mark.parametrize(
    ("day", "number"), [(-1, 1), (4.99, 1), (5, 2), (9, 2), (10, 3), (400, 3)]
)
def test_a_version_counts_from_its_time_on(day: float, number: int) -> None:
    assert in_force([version(3, 10, 0), version(2, 5, 0)], day) == number


def test_a_version_never_reaches_back_before_it_was_recorded() -> None:
    assert [in_force([version(2, -300, 7)], day) for day in (6.9, 7)] == [1, 2]


def test_of_two_versions_from_one_time_on_the_one_recorded_last_counts() -> None:
    assert in_force([version(3, 5, 2), version(2, 5, 1)], 6) == 3


@given(st.permutations([version(2, 5, 1), version(3, 5, 2), version(4, 1, 8), version(5, 9, 3)]))
def test_the_order_of_rows_plays_no_part(rows: list[PolicyVersion]) -> None:
    assert [in_force(rows, day) for day in (0, 5, 8, 9)] == [1, 3, 4, 5]


SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
ROWS = RegistryRows(
    dealers=(Dealer(dealer_id="D", gln="9506000100012", name="D"),),
    territories=(Territory(territory_id="T", name="T", version=1, geometry=SQUARE),),
    authorisations=(
        Authorisation(
            authorisation_id="A", dealer_id="D", gtins="all", territory_ids=["T"], exclusive=True,
            valid_from=BEGIN - 100 * DAY, valid_to=BEGIN,
        ),
    ),
    policies=(
        PolicyVersion(policy=Policy(version=2, sell_through_days=10), valid_from=BEGIN + 30 * DAY),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("known", "is_open"), [(29, True), (31, False)])
def test_the_sell_through_period_is_that_of_the_policy_in_force_when_it_became_known(
    known: int, is_open: bool
) -> None:
    at_us = microseconds(BEGIN + 20 * DAY)
    window = Window(at_us, at_us, microseconds(BEGIN - DAY))
    area = Authority(ROWS).where("D", "09506000134352", window, microseconds(BEGIN + known * DAY))
    assert bool(area) == is_open


def test_a_registry_tells_policy_and_hash_of_a_time() -> None:
    registry = Registry(replace(ROWS, policy=Policy(tier_1_days=2)))
    before, after = microseconds(BEGIN), microseconds(BEGIN + 40 * DAY)
    assert (registry.policy(before).version, registry.policy(after).version) == (1, 2)
    assert registry.policy_hash(before) == Policy(tier_1_days=2).digest()
    assert registry.policy_hash(after) == Policy(version=2, sell_through_days=10).digest()
