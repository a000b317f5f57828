import pytest

from codes.digital_link import parse
from simulator import identifiers


def test_keys_are_those_of_the_example_recording() -> None:
    assert identifiers.gtin(2) == "09506000001029"
    assert identifiers.gln(0, 1) == "9506000000015"
    assert identifiers.gln(1, 6) == "9506000100067"
    assert identifiers.sscc_uri(8) == "https://id.gs1.org/00/395060000010000082"


@pytest.mark.parametrize("number", [0, 7, 99])
def test_uris_parse_with_valid_check_digits(number: int) -> None:
    parse(identifiers.item_uri(identifiers.gtin(number), "A1"))
    parse(identifiers.sscc_uri(number))
    parse(identifiers.party_uri(identifiers.gln(1, number)))
    parse(identifiers.site_uri(identifiers.gln(4, number)))
