import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes.errors import CodeError
from codes.jwks import dump_jwks, load_jwks
from codes.keyring import public_key_of
from tests.codes.conftest import SEED

KEY = public_key_of("K1", SEED)
JWK = json.loads(dump_jwks([KEY]))["keys"][0]
AT = datetime(2026, 3, 1, tzinfo=UTC)


def jwks(*keys: object) -> bytes:
    return json.dumps({"keys": keys}).encode()


def test_a_set_that_was_written_reads_back_as_it_was() -> None:
    keys = [replace(KEY, valid_from=AT), replace(KEY, key_id="K-2", valid_to=AT, revoked_at=AT)]
    assert load_jwks(dump_jwks(keys)) == {key.key_id: key for key in keys}


def test_keys_of_other_kinds_and_unknown_members_are_passed_over() -> None:
    raw = jwks({"kty": "RSA", "n": "x", "e": "AQAB"}, {**JWK, "note": "ours", "revoked_at": None})
    assert load_jwks(raw) == {"K1": KEY}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"x": "AA"}, "keys[0].x"),
        ({"x": None}, "keys[0].x"),
        ({"x": "!" * 43}, "keys[0].x"),
        ({"kid": "k1"}, "keys[0].kid"),
        ({"kid": "A" * 17}, "keys[0].kid"),
        ({"kid": None}, "keys[0].kid"),
        ({"revoked_at": "2026-03-01T00:00:00"}, "keys[0].revoked_at"),
    ],
)
def test_a_malformed_key_is_refused_by_its_place(change: dict[str, object], field: str) -> None:
    with pytest.raises(CodeError) as caught:
        load_jwks(jwks({**JWK, **change}))
    assert (caught.value.type, caught.value.field) == ("keys-invalid", field)


def test_an_id_that_stands_twice_is_refused() -> None:
    with pytest.raises(CodeError, match="twice"):
        load_jwks(jwks(JWK, JWK))


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_keys_or_the_rooms_error(raw: bytes) -> None:
    try:
        found = load_jwks(raw)
    except CodeError:
        found = {}
    assert found == {}


def test_validity_and_revocation_bound_when_a_key_may_sign() -> None:
    early, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
    assert not replace(KEY, valid_from=AT).may_sign_at(early)
    assert replace(KEY, valid_from=AT).may_sign_at(AT)
    assert not replace(KEY, valid_to=AT).may_sign_at(AT)
    assert replace(KEY, revoked_at=AT).may_sign_at(early)
    assert not replace(KEY, revoked_at=AT).may_sign_at(late)
