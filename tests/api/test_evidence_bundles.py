"""The console's button that takes evidence out, and the pages for whoever checks it."""

import dataclasses
import json
import re
from collections.abc import AsyncIterator, Iterator
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from api.app import create_app
from cases.roles import Role
from evidence.note import Note
from store.accounts import begin_session, set_password
from store.evidence_anchors import Anchor, Seen, keep_anchor
from store.evidence_log import EvidenceLog
from store.evidence_service import SignedLog, signing
from tests.api.findings import add_finding
from tests.api.world import PHONE, World
from verifier import read_trust, verify_bundle

PAGE = Path("verifier/verify.html").read_text(encoding="utf-8")


@pytest.fixture
def signed(world: World, tmp_path: Path) -> Iterator[SignedLog]:
    with signing(world.engine, tmp_path / "private", "brand.example/log") as log:
        yield log


@pytest.fixture
async def console(world: World, signed: SignedLog) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of somebody who is logged in; whoever is asked to anchor lets the writer sign."""
    async with browser_of(world, signed, "mei", "decider") as client:
        yield client


def browser_of(world: World, signed: SignedLog, name: str, role: Role) -> httpx.AsyncClient:
    dealer_id = "D1" if role == "dealer" else None
    set_password(
        world.engine, name, "correct horse battery", world.clock(), role=role, dealer_id=dealer_id
    )
    token = begin_session(world.engine, name, now=world.clock(), entropy=world.random_bytes)

    def sign() -> None:
        signed.seal()

    services = dataclasses.replace(world.services(), anchor=sign)
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app(services), raise_app_exceptions=False),
        base_url=world.public_url,
        headers={"User-Agent": PHONE, "Cookie": f"tw_session={token}"},
    )


async def token_in(console: httpx.AsyncClient, alert_id: str) -> str:
    page = (await console.get(f"/console/alerts/{alert_id}")).text
    found = re.search(rf'action="/console/alerts/{alert_id}/bundle".*?name="csrf" value="(\w+)"',
                      page, re.DOTALL)  # fmt: skip
    assert found is not None
    return found[1]


async def test_one_button_gives_a_file_that_verifies_and_logs_who_took_it(
    world: World, console: httpx.AsyncClient, signed: SignedLog
) -> None:
    alert_id = add_finding(world, "a", change=1)
    form = {"csrf": await token_in(console, alert_id), "purpose": "arbitration", "events": "yes"}
    answer = await console.post(f"/console/alerts/{alert_id}/bundle", data=form)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    name = re.search(
        r'filename="(alert-[0-9a-f]+-(\d+)\.zip)"', answer.headers["content-disposition"]
    )
    assert name is not None
    assert verify_bundle(answer.content, read_trust(str(signed.verifier))).ok
    with ZipFile(BytesIO(answer.content)) as bundle:
        body = json.loads(bundle.read(f"entries/{name[2]}.json"))["body"]
    assert (body["kind"], body["by"], body["purpose"]) == ("evidence-export", "mei", "arbitration")


async def test_a_form_from_elsewhere_or_without_a_purpose_takes_nothing_out(
    world: World, console: httpx.AsyncClient
) -> None:
    alert_id = add_finding(world, "a", change=1)
    path = f"/console/alerts/{alert_id}/bundle"
    token = await token_in(console, alert_id)
    assert (await console.post(path, data={"purpose": "x"})).status_code == 403
    assert (await console.post(path, data={"csrf": "x", "purpose": "x"})).status_code == 403
    problem = (await console.post(path, data={"csrf": token, "purpose": " "})).json()
    assert problem["type"].endswith("purpose-invalid")
    for unknown in ("/console/alerts/none/bundle", "/console/cases/none/bundle"):
        answer = await console.post(unknown, data={"csrf": token, "purpose": "x"})
        assert answer.status_code == 404
    with world.engine.connect() as connection:
        assert EvidenceLog().head(connection).size == 1


async def test_a_dealer_and_a_stranger_take_nothing_out(world: World, signed: SignedLog) -> None:
    alert_id = add_finding(world, "a", change=1)
    path = f"/console/alerts/{alert_id}/bundle"
    async with world.client() as stranger:
        assert (await stranger.post(path, data={"purpose": "x"})).status_code == 303
    async with browser_of(world, signed, "dealer", "dealer") as dealer:
        assert (await dealer.post(path, data={"purpose": "x"})).status_code in (303, 403)


async def test_the_verifier_is_served_with_a_policy_that_lets_only_itself_run(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/verify")
    assert answer.text == PAGE
    policy = answer.headers["content-security-policy"]
    assert "script-src 'sha256-" in policy
    assert "connect-src" not in policy
    assert policy.startswith("default-src 'none'")


async def test_the_cosigned_checkpoint_is_published_once_there_is_one(
    world: World, client: httpx.AsyncClient, signed: SignedLog
) -> None:
    assert (await client.get("/log/cosigned")).status_code == 404
    add_finding(world, "a", change=1)
    note = signed.seal()
    with signed.transaction() as conn:
        made = Anchor(1, {"checkpoint": str(note).encode()}, (Seen("w", 1),), quorum=True)
        keep_anchor(conn, EvidenceLog(), made)
    answer = await client.get("/log/cosigned")
    assert Note.parse(answer.text) == note
