"""The console in a real browser: live, keyboard and phone, map and proof."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from store.accounts import set_password
from tests.api.findings import add_finding, withdraw
from tests.api.world import World
from tests.browser.conftest import Served
from tests.browser.test_consumer_page import CONTRASTS

IMAGES = Path(__file__).parents[2] / "docs" / "images"
PASSWORD = "correct horse battery"


def logged_in(served: Served, browser: Browser, **options: Any) -> Page:
    """A page of somebody who has logged in by the form."""
    set_password(served.world.engine, "mei", PASSWORD, served.world.clock())
    page = browser.new_context(
        **{"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", **options}
    ).new_page()
    page.goto(served.url + "/console/")
    page.get_by_label("User name").fill("mei")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Alerts")
    return page


def some_alerts(world: World) -> str:
    """A believable list; returns the last alert's id."""
    kinds = (
        ("7K2M9QX4TR8WA", "code-invalid", 0.95, "Colorado", "US-08"),
        ("QA7DBWB0TY54", "scan-outside-territory", 0.2, "Oklahoma", "US-40"),
        ("VVNKNDTXCWP7", "code-unknown", 0.9, "Utah", "US-49"),
        ("2YPCF4JP830S", "item-inactive", 0.5, "Wyoming", "US-56"),
        ("ZXW529A4KZT0", "impossible-travel", 0.7, "Nebraska", "US-31"),
    )
    for change, (serial, rule, strength, where, territory_id) in enumerate(kinds, start=1):
        add_finding(
            world,
            serial,
            change=change,
            rule=rule,
            strength=strength,
            minutes=9 * change,
            where=where,
            territory_id=territory_id,
            lon=-98.0,
            lat=36.0,
        )
    return add_finding(
        world,
        "0NY01DEEERTF",
        change=6,
        strength=0.76,
        minutes=71,
        where="Kansas",
        territory_id="US-20",
        lon=-99.65,
        lat=38.9,
    )


def test_an_alert_appears_and_goes_by_itself(served: Served, browser: Browser) -> None:
    page = logged_in(served, browser)
    expect(page.locator("#state")).to_have_text("Live")
    expect(page.locator("#none")).to_be_visible()
    add_finding(served.world, "a", change=1)
    expect(page.locator(".line")).to_have_count(1, timeout=2000)
    add_finding(served.world, "b", change=2, minutes=1)
    expect(page.locator(".line").first).to_contain_text("b", timeout=2000)
    withdraw(served.world, "a", change=3)
    expect(page.locator(".line")).to_have_count(1, timeout=2000)


def test_the_list_is_narrowed_by_the_address(served: Served, browser: Browser) -> None:
    some_alerts(served.world)
    page = logged_in(served, browser)
    expect(page.locator(".line")).to_have_count(6)
    page.get_by_label("Rule").select_option("code-invalid")
    page.wait_for_url("**/console/?*rule=code-invalid*")
    expect(page.locator(".line")).to_have_count(1)
    add_finding(served.world, "c", change=9)
    page.wait_for_timeout(900)
    expect(page.locator(".line")).to_have_count(1)


def test_the_console_can_be_used_by_keyboard(served: Served, browser: Browser) -> None:
    some_alerts(served.world)
    page = logged_in(served, browser)
    page.locator("body").press("Tab")
    expect(page.get_by_text("Skip to content")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.closest('.line') !== null"):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()


def test_an_alerts_map_is_drawn_from_local_files_alone(served: Served, browser: Browser) -> None:
    alert_id = some_alerts(served.world)
    page = logged_in(served, browser)
    asked: list[Request] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{served.url}/console/alerts/{alert_id}", wait_until="networkidle")
    expect(page.locator("#map[data-drawn=yes]")).to_be_visible()
    assert page.locator("#map path").count() > 10
    assert all(request.url.startswith((served.url, "data:")) for request in asked)
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_can_be_read(
    served: Served, browser: Browser, scheme: Any
) -> None:
    alert_id = some_alerts(served.world)
    narrow = {"width": 360, "height": 740}
    page = logged_in(served, browser, viewport=narrow, color_scheme=scheme)
    for path in ("/console/", f"/console/alerts/{alert_id}", "/docs"):
        page.goto(served.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert page.evaluate(CONTRASTS) == [], path


def test_the_console_can_be_read_without_javascript(served: Served, browser: Browser) -> None:
    alert_id = some_alerts(served.world)
    page = logged_in(served, browser, java_script_enabled=False)
    expect(page.locator(".line")).to_have_count(6)
    page.goto(f"{served.url}/console/alerts/{alert_id}")
    expect(page.get_by_text("-99.65, 38.9 ± 800.0 m")).to_be_visible()


def test_screenshots_of_the_console(served: Served, browser: Browser) -> None:
    alert_id = some_alerts(served.world)
    page = logged_in(served, browser)
    expect(page.locator("#state")).to_have_text("Live")
    IMAGES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=IMAGES / "console.png")
    page.goto(f"{served.url}/console/alerts/{alert_id}", wait_until="networkidle")
    expect(page.locator("#map[data-drawn=yes]")).to_be_visible()
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / "alert.png", full_page=True)
    for name in ("console.png", "alert.png"):
        assert (IMAGES / name).stat().st_size > 20_000
