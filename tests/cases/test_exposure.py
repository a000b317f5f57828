"""What a case is about in money: what is known, what is estimated, and what is said of neither."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.exposure import Exposure, exposure_of, tier_of
from cases.scanned import SAMPLED, Scanned, ShareRead
from registry import Policy, Registry, RegistryRows
from registry.model import Money, Product

POLICY = Policy()
SIZE = 24


def gtin(number: int) -> str:
    return f"{number:014d}"


def product(number: int, amount: str | None, currency: str = "CNY", floor: str = "0") -> Product:
    return Product(
        gtin=gtin(number), name=f"P{number}", case_size=SIZE,
        unit_value=None if amount is None else Money(amount=amount, currency=currency),
        floor_price=None if floor == "0" else Money(amount=floor, currency=currency),
    )  # fmt: skip


REGISTRY = Registry(
    RegistryRows(
        products=(
            product(1, "10.00"), product(2, "2.50"), product(3, None), product(4, "7", "USD"),
            product(5, None, floor="4.00"),
        )
    )
)  # fmt: skip


@dataclass
class Counted:
    """As much of a case as is counted."""

    gtins: dict[str, int]
    shares: dict[str, ShareRead] = field(default_factory=dict)
    unknown_units: int = 0
    most_items: int | None = None

    @property
    def item_count(self) -> int:
        return sum(self.gtins.values())


def exposed(case: Counted) -> Exposure:
    found = exposure_of(case, REGISTRY, 0, POLICY)
    assert found is not None
    return found


def scanned(share: float, cases: int, seed: int, dealer: str = "D") -> Scanned:
    """What is read of so many cases, where each item is read with this probability."""
    read = np.random.default_rng(seed).binomial(SIZE, share, cases)
    learned = Scanned()
    for number, count in enumerate(read):
        for _ in range(count):
            learned.note(dealer, gtin(1), f"{dealer}{number}")
    learned.turn(1)
    return learned


def test_known_items_count_at_their_value_and_what_has_none_is_named() -> None:
    found = exposed(Counted({gtin(1): 3, gtin(2): 4, gtin(3): 5, gtin(9): 1}))
    assert (found.amount, found.currency, found.basis) == ("40.00", "CNY", "items-known")
    assert (found.known_items, found.without_value) == (13, (gtin(3), gtin(9)))


def test_another_currency_is_named_and_not_converted() -> None:
    found = exposed(Counted({gtin(1): 3, gtin(4): 2}))
    assert (found.amount, found.currency, found.without_value) == ("30.00", "CNY", (gtin(4),))


def test_a_floor_price_stands_in_and_is_said_to() -> None:
    assert exposed(Counted({gtin(5): 3})).basis == "items-known-at-floor-price"


def test_where_no_value_or_no_item_is_known_there_is_no_amount_and_items_set_the_tier() -> None:
    for case in (Counted({gtin(3): 30}), Counted({})):
        assert exposure_of(case, REGISTRY, 0, POLICY) is None
    assert tier_of(Counted({gtin(3): 30}), None, POLICY) == (2, POLICY.tier_2_days)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_the_interval_of_an_estimate_holds_the_truth_as_often_as_it_says(share: float) -> None:
    chance, held, middles = np.random.default_rng(7), 0, []
    rounds, true = 150, 200
    for seed in range(rounds):
        found = scanned(share, 60, seed).share("D", gtin(1), SIZE, 8)
        assert found is not None
        assert found.of_dealer
        seen = int(chance.binomial(true, share))
        estimate = exposed(Counted({gtin(1): seen}, {gtin(1): found})).estimate
        assert estimate is not None
        held += estimate.low <= true <= estimate.high
        middles.append(estimate.items)
    assert 0.82 <= held / rounds <= 0.99
    assert 0.9 * true <= np.median(middles) <= 1.1 * true


def test_the_estimate_sets_the_amount_and_with_it_the_tier() -> None:
    share = scanned(0.2, 64, 3).share("D", gtin(1), SIZE, 8)
    assert share is not None
    known, more = Counted({gtin(1): 40}), Counted({gtin(1): 40}, {gtin(1): share})
    found = exposed(more)
    assert found.basis == "items-estimated"
    assert found.estimate is not None
    assert found.known_amount == "400.00"
    assert found.estimate.low <= found.estimate.items <= found.estimate.high
    assert float(found.amount) == pytest.approx(10 * found.estimate.items, rel=0.01)
    assert tier_of(known, exposed(known), POLICY)[0] == 3
    assert tier_of(more, found, POLICY)[0] == 2


def test_there_are_no_more_than_the_cases_that_surfaced_hold_nor_fewer_than_known() -> None:
    share = scanned(0.1, 64, 3).share("D", gtin(1), SIZE, 8)
    assert share is not None
    estimate = exposed(Counted({gtin(1): 10}, {gtin(1): share}, most_items=24)).estimate
    assert estimate is not None
    assert (estimate.items, estimate.high, estimate.amount_high) == (24, 24, "240.00")
    assert 10 <= estimate.low <= 24


def test_a_dealer_of_whom_little_is_known_has_the_share_of_all_dealers() -> None:
    learned = scanned(0.3, 40, 1, "other")
    learned.note("D", gtin(1), "own")
    learned.turn(2)
    of_all = learned.share("D", gtin(1), SIZE, 8)
    assert of_all is not None
    assert not of_all.of_dealer
    assert of_all.origins == 41
    assert learned.share("D", gtin(2), SIZE, 8) is None


def test_what_a_day_brings_counts_from_the_next_on() -> None:
    learned = Scanned(day=3)
    learned.note("D", gtin(1), "case")
    learned.turn(3)
    assert not learned.sampled
    learned.turn(4)
    assert list(learned.sampled["D"][gtin(1)].values()) == [1]


@given(st.randoms(use_true_random=False))
def test_the_sample_is_the_same_in_any_order_and_bounded(chance: object) -> None:
    read = [f"case{number % 90}" for number in range(200)]
    shuffled = list(read)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    samples = []
    for origins in (read, shuffled):
        learned = Scanned()
        for origin in origins:
            learned.note("D", gtin(1), origin)
        learned.turn(1)
        samples.append(learned.sampled["D"][gtin(1)])
    assert samples[0] == samples[1]
    assert len(samples[0]) == SAMPLED
