import re
from typing import get_args

import pytest

from api.consumer.verdict import LEVELS, CodeFacts, verdict_of
from api.wording import texts
from codes.signing import SignatureVerdict

PLACE = re.compile(r"\{(\w+)\}")
PACKAGES = ("api.consumer", "api.console", "api.field", "api.resolver")
TOO_MUCH = re.compile(
    r"genuine|authentic|diver(t|sion)|dealer|正品|真品|窜货|经销商", re.IGNORECASE
)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_text_stands_in_both_languages_with_the_same_places(package: str) -> None:
    for key, text in texts(package).items():
        assert set(text) == {"en", "zh"}, key
        assert set(PLACE.findall(text["en"])) == set(PLACE.findall(text["zh"])), key
        assert re.search(r"[一-鿿]", text["zh"]), key


def test_consumers_words_claim_no_more_than_a_signature_proves() -> None:
    for key, text in texts("api.consumer").items():
        assert not TOO_MUCH.search(text["en"] + text["zh"]), key


def test_every_verdict_has_its_words_and_its_level() -> None:
    for verdict in LEVELS:
        assert {verdict, f"{verdict}_more"} <= set(texts("api.consumer"))


@pytest.mark.parametrize("signature", get_args(SignatureVerdict))
@pytest.mark.parametrize("product_known", [True, False])
@pytest.mark.parametrize("issued", [True, False, None])
@pytest.mark.parametrize("disposition", [None, "active", "recalled", "destroyed"])
def test_only_an_issued_code_of_a_known_product_is_called_signed(
    signature: SignatureVerdict, product_known: bool, issued: bool | None, disposition: str | None
) -> None:
    verdict = verdict_of(CodeFacts(signature, product_known, issued, disposition))
    is_fine = (
        signature == "valid"
        and product_known
        and issued is not False
        and disposition in (None, "active")
    )
    assert (verdict == "signed") is is_fine
    assert (LEVELS[verdict] == "ok") is is_fine
    if signature in ("invalid", "unknown-key"):
        assert LEVELS[verdict] == "warning"
