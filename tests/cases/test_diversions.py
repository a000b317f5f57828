"""Findings about one dealer that belong to one case of diversion."""

import pytest

from cases.cells import cell
from cases.diversions import Diversions
from cases.judgement import Judgement
from cases.surfaced import Surfaced

DAY_US = 86_400_000_000
JUDGED = Judgement(known_us=DAY_US, known_by="e", identity="e", subject="s")
PLACE, FAR = (15.0, 5.0), (17.0, 5.0)


@pytest.mark.parametrize(
    ("territories", "is_new"),
    [
        ({"north": 7.0, "border": 1.0}, False),
        ({"north": 19.0, "border": 1.0}, True),
        ({"north": 8.0}, True),
        ({}, True),
    ],
)
def test_what_shares_its_evidence_with_a_case_belongs_to_it_however_far(
    territories: dict[str, float], is_new: bool
) -> None:
    diversions = Diversions()
    case, _ = diversions.begin("D", PLACE, {}, JUDGED, 0.9)
    case.territories = {"border": 20.0, "south": 4.0}
    found, new = diversions.begin("D", FAR, territories, JUDGED, 0.9)
    assert (new, found is case) == (is_new, not is_new)
    assert diversions.begin("E", FAR, territories, JUDGED, 0.9)[1]


def test_a_case_lasts_as_long_as_the_origin_case_that_it_is_about_is_remembered() -> None:
    diversions = Diversions()
    for dealer_id, origin in (("D", "remembered"), ("E", "forgotten")):
        case, _ = diversions.begin(dealer_id, PLACE, {}, JUDGED, 0.9)
        case.add_alert(("case-surfaced", "logistic-unit", origin))
    diversions.surfaced["remembered", cell(*PLACE, 0)] = Surfaced(DAY_US, 90 * DAY_US)
    diversions.forget(100 * DAY_US, 60 * DAY_US)
    assert (len(diversions.open["D"]), len(diversions.open["E"])) == (1, 0)
    diversions.forget(300 * DAY_US, 60 * DAY_US)
    assert diversions.open["D"] == []
