import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from codes.checksums import CHARSET_82
from codes.errors import CodeError
from codes.jwks import PublicKey
from codes.keyring import public_key_of
from codes.signing import SeedSigner, sign_item, sign_path, verify, verify_any
from tests.codes.conftest import SEED

GTIN = "09506000134352"
PATH = f"/01/{GTIN}/21/7K2M9QX4TR8WA?17=271231"
KEYS = {"K1": public_key_of("K1", SEED)}
SIGNER = SeedSigner("K1", SEED)


def test_the_signature_is_what_the_specification_says_byte_for_byte() -> None:
    uri = sign_path(PATH, SIGNER, domain="brand.example")
    message = b"tracewarden-code/1\nK1\n" + PATH.encode()
    signature = Ed25519PrivateKey.from_private_bytes(SEED).sign(message)
    token = base64.b32encode(signature).decode().rstrip("=")
    assert uri == f"HTTPS://BRAND.EXAMPLE{PATH}&TW=K1.{token}"
    assert len(token) == 103


def test_a_code_says_whose_it_is() -> None:
    found = verify(sign_path(PATH, SIGNER, domain="brand.example"), KEYS)
    assert (found.ok, found.signature) == (True, "valid")
    assert (found.gtin, found.serial, found.key_id) == (GTIN, "7K2M9QX4TR8WA", "K1")


def test_a_pallets_code_has_neither_gtin_nor_serial() -> None:
    found = verify(sign_path("/00/106141412345678908", SIGNER, domain="b.example"), KEYS)
    assert (found.ok, found.gtin, found.serial) == (True, None, None)


CODE = sign_path(PATH, SIGNER, domain="brand.example")
TOKEN = CODE.partition("TW=")[2]


@pytest.mark.parametrize(
    "uri",
    [
        CODE.replace("HTTPS://BRAND.EXAMPLE", "http://elsewhere.example:8080/shop"),
        CODE + "#here",
        CODE + "&utm_source=wechat&from=timeline",
        f"https://a/01/{GTIN}/21/7K2M9QX4TR8WA?TW={TOKEN}&x&17=271231",
        f"https://a/01/{GTIN}/21/7K2M9QX4TR8W%41?TW={TOKEN}&17=2712%331",
        CODE.replace("TW=K1.", "TW=K1%2E"),
    ],
)
def test_what_is_not_signed_does_not_matter(uri: str) -> None:
    assert verify(uri, KEYS).signature == "valid"


@pytest.mark.parametrize(
    "uri",
    [
        CODE.replace("7K2M9", "7K2M8"),
        CODE.replace("?17=271231&", "?"),
        CODE.replace("17=271231", "17=281231"),
        CODE.replace("17=271231", "17=271231&15=271231"),
        CODE + "&TW=" + TOKEN,
        CODE + "&TW",
        CODE[:-1],
        CODE + "A",
        CODE.replace(TOKEN, TOKEN.lower()),
        CODE.replace(TOKEN, TOKEN[:-1] + chr(ord(TOKEN[-1]) + 1)),
        CODE.replace(TOKEN, ""),
        CODE.replace("K1.", "K1"),
        CODE.replace("K1.", "K_1."),
        CODE.replace("K1.", "ABCDEFGHIJKLMNOPQ."),
    ],
)
def test_a_changed_or_malformed_signature_is_invalid(uri: str) -> None:
    assert verify(uri, KEYS).signature == "invalid"


def test_the_other_verdicts_are_told_apart() -> None:
    assert verify(CODE, {}).signature == "unknown-key"
    assert verify(CODE, {}).key_id == "K1"
    assert verify(CODE.partition("&TW")[0], KEYS).signature == "absent"
    revoked = {"K1": replace(KEYS["K1"], revoked_at=datetime(2026, 1, 1, tzinfo=UTC))}
    assert verify(CODE, revoked).signature == "revoked-key"
    assert verify(CODE.replace("7K2M9", "7K2M8"), revoked).signature == "invalid"
    assert not verify(CODE, revoked).ok


def test_attributes_are_signed_in_the_order_of_their_ais() -> None:
    one = sign_item(
        GTIN, "A", SIGNER, domain="a.example", attributes=[("17", "271231"), ("11", "260101")]
    )
    two = sign_item(
        GTIN, "A", SIGNER, domain="a.example", attributes=[("11", "260101"), ("17", "271231")]
    )
    assert one == two
    assert verify(one.replace("11=260101&17=271231", "17=271231&11=260101"), KEYS).ok


@given(
    serial=st.text(alphabet=CHARSET_82, min_size=1, max_size=20),
    lot=st.none() | st.text(alphabet=CHARSET_82, min_size=1, max_size=20),
    note=st.none() | st.text(alphabet=CHARSET_82, min_size=1, max_size=90),
    seed=st.binary(min_size=32, max_size=32),
)
def test_whatever_is_signed_verifies_and_only_under_its_key(
    serial: str, lot: str | None, note: str | None, seed: bytes
) -> None:
    signer = SeedSigner("KEY-7", seed)
    attributes = [("99", note)] if note else []
    uri = sign_item(GTIN, serial, signer, domain="b.example", lot=lot, attributes=attributes)
    own: dict[str, PublicKey] = {"KEY-7": public_key_of("KEY-7", seed)}
    found = verify(uri, own)
    assert (found.signature, found.serial) == ("valid", serial)
    if seed != SEED:
        assert verify(uri, {"KEY-7": replace(KEYS["K1"], key_id="KEY-7")}).signature == "invalid"


@pytest.mark.parametrize(
    "path", ["", "/21/A", "/x/01/" + GTIN, "/01/" + GTIN + "?a=b", PATH + "#f"]
)
def test_only_a_whole_digital_link_path_is_signed(path: str) -> None:
    with pytest.raises(CodeError):
        sign_path(path, SIGNER, domain="b.example")


@pytest.mark.parametrize("domain", ["", "a b", "a/b", "a_b", "a..b", "a?"])
def test_only_a_domain_name_is_signed_for(domain: str) -> None:
    with pytest.raises(CodeError):
        sign_path(PATH, SIGNER, domain=domain)


def test_what_is_no_digital_link_is_invalid_where_it_claims_a_signature_and_else_absent() -> None:
    claiming, error = verify_any("https://a/01/1?x&TW=" + TOKEN, KEYS)
    assert (claiming.signature, error is None) == ("invalid", False)
    plain, error = verify_any("https://a/01/1#?TW=" + TOKEN, KEYS)
    assert (plain.signature, error is None) == ("absent", False)
    assert verify_any(CODE, KEYS) == (verify(CODE, KEYS), None)
