"""The pages of the field in a real browser: without a connection, with a scanner, with a camera."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    Page,
    Route,
    expect,
)

from codes import qr, qr_images
from codes.signing import SeedSigner, sign_path
from custody.step import read_step
from events.model import ItemEvent, Scan
from events.wire import decode_event
from tests.api.world import GTIN, RETIRED_SIGNER, SIGNER, World
from tests.browser.conftest import Served
from tests.browser.test_consumer_page import CONTRASTS, DENVER, IMAGES

SIZE = {"width": 360, "height": 780}
PHONE: Any = {"viewport": SIZE, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
STRANGER = SeedSigner("K9", bytes(range(9, 41)))
SSCC = "395060000010000082"
PLACE, PARTY, OTHER = "9506000200064", "9506000100067", "9506000100098"


def signed(path: str, signer: SeedSigner = SIGNER) -> str:
    return sign_path(path, signer, domain="id.brand.example")


ITEM = signed(f"/01/{GTIN}/10/L1/21/7K2M9QX4TR8WA?17=271231")
FORGED = ITEM.replace("7K2M", "7K2N")


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A new phone, which keeps what it keeps until the test's end."""
    context = browser.new_context(
        **PHONE, locale="en-GB", geolocation=DENVER, permissions=["geolocation"]
    )
    yield context
    context.close()


def opened(served: Served, context: BrowserContext, name: str) -> Page:
    """A page that is ready and kept on the device."""
    # A browser has the machine's clock, and what comes from the future is not taken.
    served.world.clock.now = datetime.now(UTC)
    page = context.new_page()
    page.goto(f"{served.url}/field/{name}")
    ready(page)
    page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    return page


def ready(page: Page) -> None:
    expect(page.locator("body")).to_have_attribute("data-ready", "yes")


def give_key(page: Page, world: World, scope: str) -> None:
    key = world.key(scope)["Authorization"].removeprefix("Bearer ")
    page.locator("#access-key").fill(key)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#setup-told")).to_contain_text("Saved. The service takes the key.")


def scan(page: Page, text: str) -> None:
    """What a scanner in keyboard mode does: keystrokes, then Enter; no field is chosen."""
    page.evaluate("document.activeElement.blur()")
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def notes(page: Page, state: str) -> Any:
    return page.locator(f"#notes li[data-state={state}]")


def published(world: World) -> list[Any]:
    return [decode_event(raw) for _, _, raw in world.publisher.published]


@pytest.mark.parametrize(
    ("uri", "verdict", "words"),
    [
        (ITEM, "valid", "Signature valid: issued by Orchard Brand"),
        (FORGED, "invalid", "Signature wrong"),
        (signed(f"/01/{GTIN}/21/A1", RETIRED_SIGNER), "revoked-key", "key that was withdrawn"),
        (signed(f"/01/{GTIN}/21/A1", STRANGER), "unknown-key", "not Orchard Brand"),
        (f"https://x.example/01/{GTIN}/21/A1", "absent", "No signature"),
    ],
)
def test_an_inspector_sees_what_a_signature_is_worth(
    served: Served, phone: BrowserContext, uri: str, verdict: str, words: str
) -> None:
    page = opened(served, phone, "inspector")
    scan(page, uri)
    expect(page.locator("#told")).to_have_attribute("data-verdict", verdict)
    expect(page.locator("#told h2")).to_contain_text(words)


def test_findings_without_a_connection_outlive_the_page_and_are_sent_once(
    served: Served, phone: BrowserContext
) -> None:
    page = opened(served, phone, "inspector")
    page.locator("#reader").fill("Inspector 7")
    give_key(page, served.world, "scans")
    phone.set_offline(True)
    # Playwright's switch reaches a page that is opened anew a moment too late, and routes may, too.
    phone.route("**/v1/scans", lambda route: route.abort())
    served.world.publisher.down = True
    page.reload()
    ready(page)
    expect(page.locator("#keys")).to_contain_text("No connection: public keys of")
    for uri in (ITEM, FORGED, signed(f"/00/{SSCC}")):
        scan(page, uri)
        expect(page.locator("#told h2")).not_to_be_empty()
    expect(notes(page, "waiting")).to_have_count(3)
    page.close()
    page = phone.new_page()
    page.goto(f"{served.url}/field/inspector")
    ready(page)
    expect(notes(page, "waiting")).to_have_count(3)
    assert published(served.world) == []
    served.world.publisher.down = False
    phone.unroute("**/v1/scans")
    phone.set_offline(False)
    expect(notes(page, "sent")).to_have_count(3, timeout=20_000)
    expect(page.locator("#status")).to_contain_text("All is sent.")
    scans = [event for event in published(served.world) if isinstance(event, Scan)]
    assert Counter(one.signature for one in scans) == {"valid": 2, "invalid": 1}
    assert {(one.reader, one.reader_id) for one in scans} == {("inspector", "Inspector 7")}
    assert len({one.event_id for one in scans}) == 3


def test_an_answer_that_is_lost_makes_no_second_event(
    served: Served, phone: BrowserContext
) -> None:
    page = opened(served, phone, "inspector")
    give_key(page, served.world, "scans")
    lost: list[int] = []

    def lose_the_answer(route: Route) -> None:
        if len(lost) < 2:
            lost.append(route.fetch().status)
            route.abort()
        else:
            route.continue_()

    page.route("**/v1/scans", lose_the_answer)
    scan(page, ITEM)
    expect(notes(page, "waiting")).to_have_count(1)
    page.get_by_role("button", name="Send now").click()
    page.wait_for_function("document.querySelector('#status').dataset.waiting === '1'")
    page.get_by_role("button", name="Send now").click()
    expect(notes(page, "sent")).to_have_count(1, timeout=20_000)
    assert lost == [202, 202]
    events = published(served.world)
    assert len(events) == 3
    assert len({event.event_id for event in events}) == 1


def test_what_is_no_acknowledgement_acknowledges_nothing(
    served: Served, phone: BrowserContext
) -> None:
    page = opened(served, phone, "inspector")
    give_key(page, served.world, "scans")
    answers = iter([(200, "<h1>Hotel</h1>"), (202, "{}"), (503, "{}"), (500, "")])

    def portal(route: Route) -> None:
        status, body = next(answers, (401, "{}"))
        route.fulfill(status=status, body=body)

    page.route("**/v1/scans", portal)
    scan(page, ITEM)
    expect(notes(page, "waiting")).to_have_count(1)
    for _ in range(4):
        page.get_by_role("button", name="Send now").click()
        page.wait_for_timeout(150)
    expect(page.locator("#status")).to_contain_text("An access key is needed")
    expect(notes(page, "waiting")).to_have_count(1)
    assert published(served.world) == []


def test_one_event_that_cannot_be_taken_holds_up_no_other(
    served: Served, phone: BrowserContext
) -> None:
    page = opened(served, phone, "inspector")
    give_key(page, served.world, "scans")
    phone.set_offline(True)
    scan(page, ITEM)
    expect(notes(page, "waiting")).to_have_count(1)
    # Such as an event that an older release of the page noted.
    page.evaluate(
        """async () => {
          const { Notebook } = await import("/static/field/notebook.js");
          const notebook = await Notebook.open("inspector");
          const event = { event_id: "old", uri: "nonsense" };
          await notebook.keep({ identity: "old", event, shown: { verdict: "absent", label: "x" },
            noted_at: new Date().toISOString() });
        }"""
    )
    scan(page, FORGED)
    expect(notes(page, "waiting")).to_have_count(3)
    phone.set_offline(False)
    expect(notes(page, "sent")).to_have_count(2, timeout=20_000)
    expect(notes(page, "refused")).to_contain_text("no GS1 Digital Link")
    assert len(published(served.world)) == 2


def test_the_place_is_sent_only_when_asked_for(served: Served, phone: BrowserContext) -> None:
    page = opened(served, phone, "inspector")
    give_key(page, served.world, "scans")
    scan(page, ITEM)
    expect(notes(page, "sent")).to_have_count(1)
    page.get_by_label("Note where I am").check()
    expect(page.locator("#located")).to_have_text("Known to 40 m.")
    scan(page, ITEM)
    expect(notes(page, "sent")).to_have_count(2)
    without, having = published(served.world)
    assert without.location is None
    assert (having.location.lon, having.location.source) == (-104.99025, "gnss")


def test_a_browser_without_ed25519_verifies_by_the_library(
    served: Served, phone: BrowserContext
) -> None:
    phone.add_init_script(
        "crypto.subtle.importKey = () => Promise.reject(new DOMException('', 'NotSupportedError'))"
    )
    page = opened(served, phone, "inspector")
    phone.set_offline(True)
    for uri, verdict in ((ITEM, "valid"), (FORGED, "invalid")):
        scan(page, uri)
        expect(page.locator("#told")).to_have_attribute("data-verdict", verdict)


def set_up_warehouse(served: Served, page: Page) -> None:
    page.locator("#place").fill(PLACE)
    page.locator("#party").fill(PARTY)
    give_key(page, served.world, "item-events")


def test_a_warehouses_scans_become_epcis_events_whatever_the_scanner_sends(
    served: Served, phone: BrowserContext
) -> None:
    page = opened(served, phone, "warehouse")
    set_up_warehouse(served, page)
    phone.set_offline(True)
    page.get_by_role("radio", name="Outbound").check()
    page.get_by_label("To whom").fill(OTHER)
    scan(page, f"414{PARTY}")
    expect(page.get_by_label("To whom")).to_have_value(PARTY)
    page.get_by_label("To whom").fill("")
    page.get_by_label("To whom").press_sequentially(OTHER)
    page.keyboard.type(signed(f"/00/{SSCC}") + "\n")
    expect(page.locator("#told h2")).to_have_text("Outbound noted")
    scan(page, f"]C100{SSCC}")
    expect(page.locator("#told h2")).to_have_text("Noted already")
    page.get_by_role("radio", name="Receipt").check()
    page.get_by_label("From whom").fill("")
    for text in (f"00{SSCC}", f"(01){GTIN}(21)A1", ITEM):
        scan(page, text)
        expect(page.locator("#told h2")).to_have_text("Receipt noted")
    page.get_by_role("radio", name="Return").check()
    scan(page, f"01{GTIN}21A1")
    expect(page.locator("#told h2")).to_have_text("Return noted")
    for text in ("395060000010000083", f"01{GTIN}", "hello", f"https://x.example/01/{GTIN}"):
        scan(page, text)
        expect(page.locator("#told h2")).to_have_text("This names no case and no item")
    expect(notes(page, "waiting")).to_have_count(5)
    phone.set_offline(False)
    expect(notes(page, "sent")).to_have_count(5, timeout=20_000)
    events = [event for event in published(served.world) if isinstance(event, ItemEvent)]
    steps = [read_step(event) for event in events]
    item = f"https://id.gs1.org/01/{GTIN}/21/"
    case = f"https://id.gs1.org/00/{SSCC}"
    assert [(step.biz_step, *roles) for step, roles in steps] == [
        ("shipping", case), ("receiving", case), ("receiving", item + "A1"),
        ("receiving", item + "7K2M9QX4TR8WA"), ("receiving", item + "A1"),
    ]
    shipped, received, *_, returned = (step for step, _ in steps)
    assert (shipped.from_holder, shipped.to_owner, shipped.site_gln) == (PARTY, OTHER, PLACE)
    assert (received.to_holder, received.site_gln) == (PARTY, PLACE)
    assert (returned.disposition, returned.site_gln) == ("returned", PLACE)
    assert len({event.event_id for event in events}) == 5


def test_a_scan_that_was_a_mistake_is_taken_back(served: Served, phone: BrowserContext) -> None:
    page = opened(served, phone, "warehouse")
    set_up_warehouse(served, page)
    page.on("dialog", lambda dialog: dialog.accept())
    scan(page, SSCC)
    expect(notes(page, "sent")).to_have_count(1)
    page.get_by_role("button", name="Take back").click()
    expect(notes(page, "sent")).to_have_count(2)
    expect(page.get_by_role("button", name="Take back")).to_have_count(0)
    event, error = published(served.world)
    step, _ = read_step(error)
    assert step.voids == f"item_event:{event.event_id}"
    scan(page, SSCC)
    expect(page.locator("#told h2")).to_have_text("Receipt noted")


def test_nothing_is_noted_before_the_place_is_known(
    served: Served, phone: BrowserContext
) -> None:
    page = opened(served, phone, "warehouse")
    scan(page, SSCC)
    expect(page.locator("#told h2")).to_have_text("Set the GLN of this place first")
    page.locator("#place").fill("9506000200065")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#setup-told")).to_contain_text("is no GLN")
    page.locator("#place").fill(PLACE)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("radio", name="Outbound").check()
    scan(page, SSCC)
    expect(page.locator("#told h2")).to_contain_text("Say to whom the goods go")
    assert page.locator("#notes li").count() == 0


def test_an_access_key_can_be_scanned_and_a_wrong_one_is_said(
    served: Served, phone: BrowserContext
) -> None:
    page = opened(served, phone, "warehouse")
    wrong_scope = served.world.key("read")["Authorization"].removeprefix("Bearer ")
    scan(page, wrong_scope)
    expect(page.locator("#setup-told")).to_contain_text("does not take this key")
    right = served.world.key("item-events")["Authorization"].removeprefix("Bearer ")
    scan(page, right)
    expect(page.locator("#setup-told")).to_contain_text("The service takes the key")
    assert right not in page.content()


@pytest.mark.parametrize("name", ["inspector", "warehouse"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_asks_nobody_else_fits_a_phone_and_can_be_read(
    served: Served, browser: Browser, name: str, scheme: Any
) -> None:
    context = browser.new_context(**PHONE, locale="zh-CN", color_scheme=scheme)
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{served.url}/field/{name}")
    ready(page)
    scan(page, ITEM)
    expect(page.locator("#told h2")).not_to_be_empty()
    assert all(url.startswith((served.url, "data:")) for url in asked)
    assert complaints == []
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZE["width"]
    assert page.evaluate(CONTRASTS) == []
    unlabelled = "[...document.querySelectorAll('input')].filter(e => !e.labels.length).length"
    assert page.evaluate(unlabelled) == 0
    context.close()


@pytest.mark.parametrize("name", ["inspector", "warehouse"])
def test_a_phone_can_install_the_page(served: Served, phone: BrowserContext, name: str) -> None:
    page = opened(served, phone, name)
    client = phone.new_cdp_session(page)
    told = client.send("Page.getAppManifest")
    assert told["errors"] == []
    manifest = json.loads(told["data"])
    assert manifest["start_url"] == f"/field/{name}"
    problems = client.send("Page.getInstallabilityErrors")["installabilityErrors"]
    # A test's browser forgets all at its end, as a private window does.
    assert [problem["errorId"] for problem in problems] == ["in-incognito"]


def video_of(text: str, path: Path) -> None:
    """Some frames of a label before a camera, as an uncompressed Y4M file."""
    modules = np.asarray(qr_images.with_quiet_zone(qr.encode(text)), dtype=bool)
    dots = 420 // len(modules)
    label = np.where(np.kron(modules, np.ones((dots, dots), dtype=bool)), 25, 235).astype(np.uint8)
    frame = np.full((480, 640), 120, dtype=np.uint8)
    top, left = (480 - len(label)) // 2, (640 - len(label)) // 2
    frame[top : top + len(label), left : left + len(label)] = label
    chroma = np.full((240, 320), 128, dtype=np.uint8).tobytes()
    with path.open("wb") as file:
        file.write(b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg\n")
        for _ in range(10):
            file.write(b"FRAME\n" + frame.tobytes() + chroma + chroma)


@pytest.fixture(scope="module")
def camera_video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("camera") / "label.y4m"
    video_of(ITEM, path)
    return path


def test_the_camera_reads_a_code_without_a_connection(
    served: Served, browser: Browser, chromium: Path, camera_video: Path
) -> None:
    kind = browser.browser_type
    seeing = kind.launch(
        executable_path=str(chromium),
        args=[
            "--no-sandbox", "--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={camera_video}",
        ],
    )
    context = seeing.new_context(**PHONE, locale="en-GB", permissions=["camera"])
    page = opened(served, context, "inspector")
    give_key(page, served.world, "scans")
    page.locator("#setup summary").click()
    context.set_offline(True)
    page.get_by_role("button", name="Use camera").click()
    expect(page.locator("#told")).to_have_attribute("data-verdict", "valid", timeout=20_000)
    expect(page.locator("#told")).to_contain_text("7K2M9QX4TR8WA")
    IMAGES.mkdir(parents=True, exist_ok=True)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=IMAGES / "inspector.png", full_page=True)
    page.get_by_role("button", name="Stop camera").click()
    expect(page.locator("#view")).to_be_hidden()
    seeing.close()


def test_screenshot_of_the_warehouses_page(served: Served, phone: BrowserContext) -> None:
    page = opened(served, phone, "warehouse")
    set_up_warehouse(served, page)
    for number in (SSCC, "395060000010000099"):
        scan(page, number)
        expect(page.locator("#told h2")).to_have_text("Receipt noted")
    expect(notes(page, "sent")).to_have_count(2)
    phone.set_offline(True)
    page.get_by_role("radio", name="Outbound").check()
    page.get_by_label("To whom").fill(OTHER)
    scan(page, ITEM)
    expect(page.locator("#told h2")).to_have_text("Outbound noted")
    page.locator("#setup").evaluate("setup => { setup.open = false; }")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.screenshot(path=IMAGES / "warehouse.png", full_page=True)
    assert (IMAGES / "warehouse.png").stat().st_size > 20_000
