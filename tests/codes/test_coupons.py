import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes.coupons import couponcode, couponposoffer

BASE = "012345612345611110123"
OPTIONS = [
    "1" + "0" + "11" + "0" + "123" + "9",
    "1" + "3" + "11" + "9" + "123" + "0123456",
    "2" + "212" + "4" + "123" + "9",
    "3" + "271231",
    "4" + "270101",
    "3" + "271231" + "4" + "271231",
    "5" + "0123456",
    "6" + "11234567",
    "9" + "0" + "0" + "0" + "0",
    "9" + "6" + "2" + "9" + "1",
]


@pytest.mark.parametrize("option", OPTIONS)
def test_a_coupon_may_have_each_optional_field(option: str) -> None:
    assert couponcode(BASE) is None
    assert couponcode(BASE + option) is None


@pytest.mark.parametrize("option", OPTIONS)
def test_a_field_that_is_cut_off_is_refused(option: str) -> None:
    for end in range(1, len(option)):
        if not (option.startswith("3") and end == 7):
            assert couponcode(BASE + option[:end]) is not None


@pytest.mark.parametrize(
    "wrong",
    [
        "3" + "271231" + "4" + "280101",
        "3" + "271300",
        "4" + "270230",
        "6" + "01234567",
        "9" + "3" + "0" + "0" + "0",
        "9" + "0" + "3" + "0" + "0",
        "9" + "0" + "0" + "0" + "2",
        "5" + "0123456" + "4" + "270101",
        "7",
        "A",
    ],
)
def test_a_wrong_optional_field_is_refused(wrong: str) -> None:
    assert couponcode(BASE + wrong) is not None


@given(st.text(alphabet="0123456789", max_size=70))
def test_any_digits_get_an_answer(digits: str) -> None:
    for linter in (couponcode, couponposoffer):
        assert linter(digits) is None or isinstance(linter(digits), str)


@given(st.integers(0, 6), st.integers(0, 9))
def test_a_positive_offer_has_the_lengths_that_it_says(funder: int, serial: int) -> None:
    offer = f"0{funder}" + "1" * (funder + 6) + "2" * 6 + str(serial) + "3" * (serial + 6)
    assert couponposoffer(offer) is None
    assert couponposoffer(offer + "0") is not None
    assert couponposoffer(offer[:-1]) is not None
