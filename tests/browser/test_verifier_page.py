"""The verifier as a page: opened from disk, without a network, with the verdicts of the package."""

import base64
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect
from playwright.sync_api import Error as PageError

from evidence.bundle import container
from tests.verifier.anchored import KEY, Anchored, anchored_bundle, cosigned_bundle
from tests.verifier.tampering import REFUSED_TRUST, tampered
from tests.verifier.test_signature_types import (
    AT,
    ED25519,
    ML_DSA,
    STRANGE,
    STRANGE_LINE,
    STRANGE_VERIFIER,
)
from verifier import read_trust, verify_bundle
from verifier.notes import FormatError
from verifier.signatures import UNKNOWN

DOCS = Path("docs/evidence.md")
PAGE = Path("verifier/verify.html").resolve().as_uri()
CALL = """async ([data, trust]) => {
  const bytes = Uint8Array.from(atob(data), char => char.charCodeAt(0));
  return await verifyBundle(bytes, trust);
}"""


@pytest.fixture(scope="module", params=[False, True], ids=["rsa", "p-256"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Anchored:
    return anchored_bundle(tmp_path_factory.mktemp("page"), curve=request.param)


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    page.on("request", note)
    page.goto(PAGE)
    yield page
    assert asked == [PAGE]
    context.close()


def verdict(page: Page, data: bytes, trust: str) -> dict[str, Any]:
    found: dict[str, Any] = page.evaluate(CALL, [base64.b64encode(data).decode(), trust])
    return found


def test_page_and_package_say_the_same_of_every_bundle(page: Page, made: Anchored) -> None:
    for name, data, trust in tampered(made):
        expected = verify_bundle(data, read_trust(trust))
        found = verdict(page, data, trust)
        assert found["ok"] == expected.ok, (name, found)
        if expected.first_problem is not None:
            problem = expected.first_problem
            told = (found["first_problem"]["file"], found["first_problem"]["problem"])
            assert told == (problem.file, problem.problem), name
        else:
            assert found["checked"] == expected.checked, name


def test_page_and_package_refuse_the_same_files_of_keys(page: Page, made: Anchored) -> None:
    for text in REFUSED_TRUST:
        with pytest.raises(FormatError) as refused:
            read_trust(text)
        with pytest.raises(PageError, match=re.escape(str(refused.value))):
            verdict(page, made.data, text)


def test_a_bundle_of_more_files_than_a_small_zip_can_number_is_read_and_written(
    page: Page,
) -> None:
    data = container({f"{number}": b"" for number in range(65_536)})
    same = page.evaluate(
        """text => {
          const data = Uint8Array.from(atob(text), char => char.charCodeAt(0));
          return same(writeContainer(openContainer(data)), data);
        }""",
        base64.b64encode(data).decode(),
    )
    assert same


KNOWS_ML_DSA = """async () => {
  const how = { name: "ML-DSA-44" };
  try { await crypto.subtle.importKey("raw-public", new Uint8Array(1312), how, false, ["verify"]); }
  catch { return false; }
  return true;
}"""


def test_the_page_counts_ml_dsa_if_the_browser_knows_it_and_says_so_if_not(
    page: Page, tmp_path: Path
) -> None:
    data = cosigned_bundle(tmp_path, AT, ED25519, ML_DSA, more=STRANGE_LINE)
    lines = [KEY.verifier, ED25519.verifier, ML_DSA.verifier, STRANGE_VERIFIER]
    trust = "\n".join(map(str, [*lines, "quorum 2"]))
    found = verdict(page, data, trust)
    if page.evaluate(KNOWS_ML_DSA):
        assert found["checked"] == verify_bundle(data, read_trust(trust)).checked
    else:
        assert found["first_problem"]["detail"].endswith(f"{ML_DSA.name}: {UNKNOWN}")
    three = verdict(page, data, trust.replace("quorum 2", "quorum 3"))
    assert three["first_problem"]["detail"].endswith(f"{STRANGE}: {UNKNOWN}")


def test_the_page_says_in_words_what_each_problem_means(page: Page) -> None:
    explained = set(page.evaluate("Object.keys(MEANING)"))
    told = {
        word
        for source in Path("verifier").glob("*.py")
        for word in re.findall(r'"([a-z]+(?:-[a-z]+)+)"', source.read_text())
    }
    documented = set(re.findall(r"^\| (`[a-z].*?) \|", DOCS.read_text(), re.MULTILINE))
    named = {word for cell in documented for word in re.findall("`([a-z-]+)`", cell)}
    assert explained <= named
    assert explained - {"unreadable"} <= told


def test_sampled_bytes_cannot_be_changed_unseen(page: Page, made: Anchored) -> None:
    chance = random.Random(3)
    for place in chance.sample(range(len(made.data)), 60):
        bent = bytearray(made.data)
        bent[place] ^= 1 << chance.randrange(8)
        assert verdict(page, bytes(bent), made.trust)["ok"] is False, place


def test_an_arbitrator_chooses_files_and_reads_the_verdict(
    page: Page, made: Anchored, tmp_path: Path
) -> None:
    (tmp_path / "case.zip").write_bytes(made.data)
    (tmp_path / "bent.zip").write_bytes(made.data.replace(b"receipt", b"Receipt"))
    (tmp_path / "keys.txt").write_text(made.trust)
    page.set_input_files("#bundle", tmp_path / "case.zip")
    page.set_input_files("#trust-file", tmp_path / "keys.txt")
    expect(page.locator("#trust")).not_to_have_value("")
    page.click("#go")
    expect(page.locator("#verdict.good")).to_contain_text("证据包验证通过")
    page.set_input_files("#bundle", tmp_path / "bent.zip")
    page.click("#go")
    expect(page.locator("#verdict.bad")).to_contain_text("attachments/photo.jpg")
    expect(page.locator("#verdict.bad")).to_contain_text("该文件与导出时不一致")
    page.fill("#trust", "nonsense")
    page.click("#go")
    expect(page.locator("#verdict")).to_contain_text("could not be checked")
