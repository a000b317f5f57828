"""A case taken out of the service: complete, told in words, logged, and verified without us."""

import json
import re
from collections.abc import Iterator
from html import unescape
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pypdfium2  # type: ignore[import-untyped]
import pytest
from sqlalchemy import update

from api.bundle.taking_out import Wish, take_out
from evidence.errors import EvidenceError
from registry.known import FOREVER
from store.evidence_log import EvidenceLog
from store.evidence_service import SignedLog, signing
from store.evidence_signed import NotSignedError, PublishedLog
from store.schema.events import events
from tests.api.bundle.service import PHOTO, Stored, a_case, an_alert, judged_world
from verifier import read_trust, verify_bundle


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stored]:
    found = judged_world(tmp_path_factory.mktemp("service") / "data", items=200)
    yield found
    found.engine.dispose()


@pytest.fixture(scope="module")
def signed(stored: Stored, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SignedLog]:
    with signing(
        stored.engine, tmp_path_factory.mktemp("private") / "p", "brand.example/log"
    ) as it:
        yield it


def files_of(data: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(data)) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def wish(stored: Stored, **more: Any) -> Wish:
    return Wish("mei", "arbitration 2026/17", **({"alert_ids": [an_alert(stored)]} | more))


def test_an_alert_is_taken_out_with_its_entries_events_report_and_custody(
    stored: Stored, signed: SignedLog
) -> None:
    done = take_out(stored, signed, wish(stored))
    result = verify_bundle(done.data, read_trust(str(signed.verifier)))
    assert result.ok, result.first_problem
    assert result.checked["events"] >= 1
    files = files_of(done.data)
    body = json.loads(files[f"entries/{done.entry}.json"])["body"]
    assert (body["by"], body["purpose"]) == ("mei", "arbitration 2026/17")
    assert body["alert_ids"] == [an_alert(stored)]
    assert {"report.html", "report.pdf", "policy.json", "registry.json", "alerts.json"} <= set(
        files
    )


def test_what_is_exported_is_byte_for_byte_what_is_stored(
    stored: Stored, signed: SignedLog
) -> None:
    files = files_of(take_out(stored, signed, wish(stored)).data)
    with stored.engine.connect() as connection:
        raws = set(connection.execute(events.select().with_only_columns(events.c.raw)).scalars())
    shown = [data.decode() for name, data in files.items() if name.startswith("events/")]
    assert shown
    assert set(shown) <= raws


def test_the_officer_decides_what_stays_closed(stored: Stored, signed: SignedLog) -> None:
    everything = files_of(take_out(stored, signed, wish(stored)).data)
    shown = [name for name in everything if name.startswith("events/")]
    one = json.loads(everything[shown[0]])
    kept = wish(stored, keep_closed=[f"{one['kind']}:{one['event_id']}"])
    some = files_of(take_out(stored, signed, kept).data)
    assert shown[0] not in some
    closed = take_out(stored, signed, wish(stored, without_events=True))
    files = files_of(closed.data)
    assert not [name for name in files if name.startswith("events/")]
    assert "<circle" not in files["report.html"].decode()
    assert "<circle" in everything["report.html"].decode()
    assert verify_bundle(closed.data, read_trust(str(signed.verifier))).ok


def test_an_event_changed_after_it_was_judged_is_not_taken_out(
    stored: Stored, signed: SignedLog
) -> None:
    alert_id = an_alert(stored, "impossible-travel")
    before = files_of(take_out(stored, signed, wish(stored, alert_ids=[alert_id])).data)
    shown = [data for name, data in before.items() if name.startswith("events/")]
    event = json.loads(shown[0])
    same = events.c.identity == f"scan:{event['event_id']}"
    with stored.engine.begin() as connection:
        connection.execute(update(events).where(same).values(raw='{"kind":"scan"}'))
    try:
        after = take_out(stored, signed, wish(stored, alert_ids=[alert_id]))
        names = [name for name in files_of(after.data) if name.startswith("events/")]
        assert len(names) == len(shown) - 1
    finally:
        with stored.engine.begin() as connection:
            raw = shown[0].decode()
            connection.execute(update(events).where(same).values(raw=raw))


def test_the_report_reads_in_both_languages_and_its_glyphs_are_embedded(
    stored: Stored, signed: SignedLog
) -> None:
    files = files_of(take_out(stored, signed, wish(stored)).data)
    html = files["report.html"].decode()
    assert 'id="zh"' in html
    assert 'id="en"' in html
    assert "<svg" in html
    assert "http-equiv" not in html
    assert "<script" not in html
    document = pypdfium2.PdfDocument(files["report.pdf"])
    text = "".join(page.get_textpage().get_text_range() for page in document)
    for words in ("不能证明什么", "What this does not prove", "时间线", "Timeline", "mei"):
        assert words in text
    assert (
        files["report.pdf"].count(b"/FontFile2")
        == files["report.pdf"].count(b"/FontDescriptor ")
        > 0
    )


def test_the_report_says_first_what_happened_whose_goods_they_were_and_what_became_of_it(
    stored: Stored, signed: SignedLog
) -> None:
    one = stored.alerts("scan-outside-territory")[0]
    alone = files_of(take_out(stored, signed, wish(stored, alert_ids=[one.alert_id])).data)
    html = alone["report.html"].decode()
    english = unescape(html.split('<article id="en"')[1])
    headings = re.findall(r"<h2>(.*?)</h2>", english)
    assert headings[:5] == [
        "In short",
        "Found: Read outside the dealer's territory (scan-outside-territory, version 2)",
        "Where",
        "In whose hands the goods were",
        "The items",
    ]
    assert headings[-2:] == ["Timeline", "The log's entries in this bundle"]
    assert "No outsider had signed for all these findings" in html
    hands = html.split("In whose hands the goods were")[1].split("</section>")[0]
    assert "Item event: packed" in hands
    assert "Item event: received" in hands
    dealer = stored.registry().dealer(one.body["dealer_id"], FOREVER)
    assert dealer is not None
    assert dealer.name in hands


def test_a_case_is_taken_out_with_its_steps_and_files_and_a_changed_photo_is_named(
    stored: Stored, signed: SignedLog
) -> None:
    done = take_out(stored, signed, wish(stored, alert_ids=[], case_id=a_case(stored)))
    files = files_of(done.data)
    (photo,) = [name for name in files if name.startswith("attachments/")]
    assert files[photo] == PHOTO
    case = json.loads(files["case.json"])
    assert case["kind"] == "diversion"
    assert case["alert_ids"] == [row["alert_id"] for row in json.loads(files["alerts.json"])]
    assert case["alert_ids"]
    trust = read_trust(str(signed.verifier))
    result = verify_bundle(done.data, trust)
    assert result.ok, result.first_problem
    assert "Nobody has decided the case yet." in files["report.html"].decode()
    assert result.checked["attachments"] == 1
    assert result.checked["disclosures"] == 0
    told = take_out(stored, signed, wish(stored, alert_ids=[], case_id="c" * 64, with_words=True))
    assert verify_bundle(told.data, trust).checked["disclosures"] == 1
    assert "a test purchase" in files_of(told.data)["disclosures.json"].decode()
    result = verify_bundle(done.data.replace(PHOTO, PHOTO.replace(b"test", b"Test")), trust)
    assert result.first_problem is not None
    assert (result.first_problem.file, result.first_problem.problem) == (photo, "file-changed")


def test_what_is_not_there_is_refused_by_name_and_nothing_is_logged(
    stored: Stored, signed: SignedLog
) -> None:
    with stored.engine.connect() as connection:
        size = EvidenceLog().head(connection).size
    for bad, type in (
        ({"alert_ids": ["0" * 64]}, "alert-unknown"),
        ({"alert_ids": [], "case_id": "none"}, "case-unknown"),
        ({"open": ["0" * 64]}, "opening-unknown"),
    ):
        with pytest.raises(EvidenceError) as refused:
            take_out(stored, signed, wish(stored, **bad))
        assert refused.value.type == type
    with stored.engine.connect() as connection:
        assert EvidenceLog().head(connection).size == size


def test_a_process_without_the_key_waits_for_the_writer_and_says_when_there_is_none(
    stored: Stored, signed: SignedLog
) -> None:
    published = PublishedLog(stored.engine, wait_s=0.3)
    assert published.verifier == signed.verifier
    with pytest.raises(NotSignedError):
        take_out(stored, published, wish(stored))
    signed.seal()

    def sign() -> None:
        signed.seal()

    done = take_out(stored, published, wish(stored), anchor=sign)
    assert verify_bundle(done.data, read_trust(str(signed.verifier))).ok
