import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes.digital_link import encode
from codes.errors import CodeError
from codes.hidden_codes import LENGTH as HIDDEN_LENGTH
from codes.hidden_codes import HiddenCodes
from codes.serials import ALPHABET, INDICES, LENGTH, Serials, SerialScheme

GTIN = "09506000134352"
SCHEME = SerialScheme(b"k" * 32)


@given(st.lists(st.integers(0, INDICES - 1), unique=True, max_size=50))
def test_the_permutation_has_an_inverse_and_no_collision(indices: list[int]) -> None:
    array = np.array(indices, dtype=np.uint64)
    values = SCHEME.values(array)
    assert SCHEME.indices(values).tolist() == indices
    assert len(set(values.tolist())) == len(indices)


@given(st.integers(0, INDICES - 100), st.integers(0, 99))
def test_a_serial_tells_its_index(first: int, offset: int) -> None:
    serials = SCHEME.serials(first, offset + 1)
    assert SCHEME.index_of(serials[offset]) == first + offset
    assert SCHEME.indices_of([*serials, "x"]) == [*range(first, first + offset + 1), None]


def test_serials_keep_to_their_alphabet_and_need_no_percent_encoding() -> None:
    serials = SCHEME.serials(0, 5000)
    assert len(set(serials)) == 5000
    assert all(len(serial) == LENGTH and set(serial) <= set(ALPHABET) for serial in serials)
    assert all(encode(serial) == serial for serial in serials)


@given(st.text(alphabet=ALPHABET + "ILOUa!", max_size=15))
def test_any_text_is_a_serial_of_one_index_or_none(text: str) -> None:
    index = SCHEME.index_of(text)
    assert index is None or SCHEME.serials(index, 1) == [text]


def test_what_is_beyond_64_bits_is_no_serial() -> None:
    assert SCHEME.index_of("Z" * LENGTH) is None
    assert SCHEME.index_of("F" + "Z" * (LENGTH - 1)) is not None
    with pytest.raises(CodeError):
        SCHEME.serials(INDICES - 1, 2)


def test_neighbours_look_unrelated() -> None:
    values = SCHEME.values(np.arange(2000, dtype=np.uint64))
    changed = np.bitwise_count(values[:-1] ^ values[1:])
    assert 31 < changed.mean() < 33


def test_each_product_and_each_ring_has_its_own_order() -> None:
    ring, other = Serials(b"a" * 32), Serials(b"b" * 32)
    serial = ring.of(GTIN).serials(7, 1)[0]
    assert ring.index_of(GTIN, serial) == 7
    assert ring.index_of("00614141073467", serial) != 7
    assert other.index_of(GTIN, serial) != 7


def test_a_hidden_code_matches_however_it_is_typed() -> None:
    hidden = HiddenCodes(b"m" * 32)
    code = hidden.code(GTIN, "A1")
    assert len(code) == HIDDEN_LENGTH
    typed = f" {code[:3].lower()}-{code[3:]}".replace("0", "o").replace("1", "l")
    assert hidden.matches(GTIN, "A1", typed)
    assert not hidden.matches(GTIN, "A2", code)
    assert not hidden.matches(GTIN, "A1", "")
    assert not hidden.matches(GTIN, "A1", "ä" * 6)


def test_a_fingerprint_does_not_give_the_hidden_code_away() -> None:
    hidden = HiddenCodes(b"m" * 32)
    assert hidden.code(GTIN, "A1") not in hidden.fingerprint(GTIN, "A1").upper()
    assert hidden.fingerprint(GTIN, "A1") != hidden.fingerprint(GTIN, "A2")
