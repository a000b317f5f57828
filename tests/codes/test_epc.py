import pytest
from hypothesis import given
from hypothesis import strategies as st

from codes.checksums import CHARSET_82, check_digit
from codes.epc import canonical_epc, gln_of, item_uri
from codes.errors import CodeError

ID = "https://id.gs1.org"


@pytest.mark.parametrize(
    ("uri", "canonical"),
    [
        ("urn:epc:id:sgtin:0614141.107346.2017", "/01/10614141073464/21/2017"),
        ("urn:epc:id:sgtin:0614141.107346.a%2Fb.c", "/01/10614141073464/21/a%2Fb.c"),
        ("urn:epc:id:sscc:0614141.1234567890", "/00/106141412345678908"),
        ("urn:epc:id:sgln:0614141.07346.0", "/414/0614141073467"),
        ("urn:epc:id:sgln:0614141.07346.12", "/414/0614141073467/254/12"),
        ("urn:epc:id:pgln:0614141.07346", "/417/0614141073467"),
        ("urn:epc:id:grai:0614141.12345.400", "/8003/00614141123452400"),
        ("urn:epc:id:giai:0614141.12345400", "/8004/061414112345400"),
        ("urn:epc:id:gsrn:0614141.1234567890", "/8018/061414112345678902"),
        ("urn:epc:id:gsrnp:0614141.1234567890", "/8017/061414112345678902"),
        ("urn:epc:id:gdti:0614141.12345.400", "/253/0614141123452400"),
        ("urn:epc:id:cpi:0614141.123ABC.123456789", "/8010/0614141123ABC/8011/123456789"),
        ("urn:epc:id:sgcn:4012345.67890.04711", "/255/401234567890104711"),
        ("urn:epc:id:ginc:0614141.xyz3311cba", "/401/0614141xyz3311cba"),
        ("urn:epc:id:gsin:0614141.123456789", "/402/06141411234567890"),
        ("urn:epc:id:itip:4012345.012345.01.02.987", "/8006/040123451234560102/21/987"),
        ("urn:epc:id:upui:1234567.089456.51qIg", "/01/01234567894560/235/51qIg"),
        ("urn:epc:class:lgtin:4012345.012345.998877", "/01/04012345123456/10/998877"),
        ("urn:epc:idpat:sgtin:0614141.107346.*", "/01/10614141073464"),
        ("urn:epc:idpat:itip:4012345.012345.01.02.*", "/8006/040123451234560102"),
        ("HTTPS://B.EXAMPLE/x/01/09506000134352/10/L/21/A?TW=1", "/01/09506000134352/21/A"),
        ("http://b.example/01/09506000134352/22/V/10/L", "/01/09506000134352/10/L"),
        ("https://id.gs1.org/01/09506000134352/21/%41%2f", "/01/09506000134352/21/A%2F"),
        ("https://id.gs1.org/417/9506000134376", "/417/9506000134376"),
    ],
)  # fmt: skip
def test_every_form_of_an_identifier_has_one_canonical_uri(uri: str, canonical: str) -> None:
    assert canonical_epc(uri) == ID + canonical
    assert canonical_epc(ID + canonical) == ID + canonical


@pytest.mark.parametrize(
    "uri",
    [
        "urn:uuid:1f5b7f0c-2bb4-4f6c-9b5a-0a5a4a1c1a11",
        "https://example.com/pallet/7",
        "https://example.com/01/1",
        "https://id.gs1.org.example.com/01/1",
        "urn:epc:id:gid:95100000.12345.400",
        "tag:brand,2026:box-1",
    ],
)
def test_private_uris_stay_as_they_are(uri: str) -> None:
    assert canonical_epc(uri) == uri


@pytest.mark.parametrize(
    "uri",
    [
        "https://id.gs1.org/01/09506000134353/21/A",
        "https://id.gs1.org/01/09506000134352/21/%00",
        "HTTPS://ID.GS1.ORG/voc/x",
        "https://id.gs1.org",
        "urn:epc:id:sgtin:0614141.10734.2017",
        "urn:epc:id:sgtin:0614141.107346",
        "urn:epc:id:sgtin:0614141.107346.",
        "urn:epc:id:sgtin:0614141.10734X.1",
        "urn:epc:id:lgtin:4012345.012345.998877",
        "urn:epc:class:sgtin:4012345.012345.998877",
        "urn:epc:idpat:sgtin:0614141.*.*",
        "urn:epc:tag:sgtin-96:3.0614141.812345.6789",
        "urn:epc:id:nothing:1.2",
        "urn:epc:",
        "no uri",
        "",
    ],
)
def test_invalid_identifiers_are_refused(uri: str) -> None:
    with pytest.raises(CodeError) as caught:
        canonical_epc(uri)
    assert caught.value.type == "identifier-invalid"


def test_a_gln_is_found_in_places_and_parties() -> None:
    assert gln_of("urn:epc:id:sgln:0614141.07346.12") == "0614141073467"
    assert gln_of("https://id.gs1.org/417/9506000134376") == "9506000134376"
    assert gln_of("https://id.gs1.org/01/09506000134352") is None
    assert gln_of("urn:x:y") is None


@given(st.integers(0, 10**13 - 1), st.text(alphabet=CHARSET_82, min_size=1, max_size=20))
def test_an_items_uri_is_canonical(number: int, serial: str) -> None:
    gtin = f"{number:013}" + check_digit(f"{number:013}")
    assert canonical_epc(item_uri(gtin, serial)) == item_uri(gtin, serial)


@given(
    st.text(), st.sampled_from(["", "urn:epc:id:", "urn:epc:id:sgtin:", "https://id.gs1.org/01/"])
)
def test_any_text_gives_a_fixed_point_or_the_rooms_error(text: str, start: str) -> None:
    try:
        canonical = canonical_epc(start + text)
    except CodeError:
        return
    assert canonical_epc(canonical) == canonical
