"""The rooms of cases in a real browser: by keyboard, on a phone, and as pictures for the docs."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from cases.steps import Ask, Assign, Comment
from store.case_steps import Author, take_step
from store.instants import to_us
from tests.api.world import NOW
from tests.browser.conftest import Served
from tests.browser.leak_at_hand import add_leak
from tests.browser.test_console import logged_in, some_alerts
from tests.browser.test_consumer_page import CONTRASTS
from tests.store.cases_at_hand import add_case

IMAGES = Path(__file__).parents[2] / "docs" / "images"


def some_cases(served: Served) -> str:
    """A believable list; returns the id of the case with the most to it."""
    engine = served.world.engine
    some_alerts(served.world)
    leak = add_leak(served.world, change=7)
    now_us = to_us(NOW)
    rows: tuple[tuple[str, dict[str, Any]], ...] = (
        ("c1d0", {**leak, "territory_id": "US-20", "tier": 1}),
        ("c2aa", {"kind": "clone", "dealer_id": None, "confidence": 0.99, "territory_id": "US-08"}),
        ("c3bb", {"kind": "cold-chain", "dealer_id": None, "territory_id": None, "tier": 3,
                  "subject": {"type": "shipment", "id": "SH-10022"}, "exposure": None}),
        ("c4cc", {"territory_id": "US-31", "confidence": 0.91, "tier": 3}),
    )  # fmt: skip
    for number, (name, more) in enumerate(rows, start=1):
        opened_us = now_us - number * 20 * 3_600_000_000
        more["opened_at"] = f"2026-05-0{4 - min(number, 3)}T09:30:00Z"
        add_case(engine, name * 16, change=number, opened_us=opened_us, **more)
    mei = Author("mei", "decider", os.urandom)
    take_step(engine, "c1d0" * 16, Assign("mei"), mei, at_us=now_us)
    text = "Invoice 4711 names these serials. Whom did you sell them to?"
    asked = Ask("D1", text, now_us, ("gtins",))
    take_step(engine, "c1d0" * 16, asked, mei, at_us=now_us)
    return "c1d0" * 16


def cases_page(served: Served, browser: Browser, **options: Any) -> Page:
    page = logged_in(served, browser, **options)
    page.goto(served.url + "/console/cases")
    return page


def test_the_list_is_worked_by_keyboard(served: Served, browser: Browser) -> None:
    some_cases(served)
    page = cases_page(served, browser)
    expect(page.locator("#cases tbody tr")).to_have_count(4)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#cases tbody tr.at input[name=case]")).to_be_checked()
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    page.goto(served.url + "/console/cases")
    page.keyboard.press("/")
    expect(page.locator("#q")).to_be_focused()


def test_a_case_is_decided_in_the_browser(served: Served, browser: Browser) -> None:
    case_id = some_cases(served)
    page = cases_page(served, browser)
    page.goto(f"{served.url}/console/cases/{case_id}")
    expect(page.locator("#map[data-drawn=yes]")).to_be_visible()
    page.locator("summary", has_text="Confirm").click()
    form = page.locator("details.step[open]")
    form.get_by_label("In words").fill("Their invoice names the serials.")
    form.get_by_role("button", name="Confirm").click()
    expect(page.locator(".heading .pill")).to_have_text("confirmed")
    expect(page.locator(".timeline")).to_contain_text("Their invoice names the serials.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_rooms_of_cases_fit_a_phone_and_can_be_read(
    served: Served, browser: Browser, scheme: Any
) -> None:
    case_id = some_cases(served)
    narrow = {"width": 360, "height": 740}
    page = cases_page(served, browser, viewport=narrow, color_scheme=scheme)
    for path in ("/console/cases", f"/console/cases/{case_id}"):
        page.goto(served.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
        assert page.evaluate(CONTRASTS) == [], path


def test_on_a_phone_a_case_of_the_list_shows_its_money_state_and_deadline(
    served: Served, browser: Browser
) -> None:
    some_cases(served)
    page = cases_page(served, browser, viewport={"width": 390, "height": 844})
    for name in ("rank", "about", "party", "money", "stands", "until"):
        box = page.locator(f"#cases tbody tr .{name}").first.bounding_box()
        assert box is not None
        assert box["x"] >= 0, name
        assert box["x"] + box["width"] <= 390, name


def test_the_words_of_a_step_that_was_refused_are_not_lost(
    served: Served, browser: Browser
) -> None:
    case_id = some_cases(served)
    page = cases_page(served, browser)
    page.goto(f"{served.url}/console/cases/{case_id}")
    other = Author("lin", "reviewer", os.urandom)
    take_step(served.world.engine, case_id, Comment("I was faster."), other, at_us=to_us(NOW))
    page.locator("summary", has_text="Confirm").click()
    form = page.locator("details.step[open]")
    form.get_by_label("In words").fill("A long reason.")
    form.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else has worked on this case")
    expect(page.locator("details.step[open] textarea")).to_have_value("A long reason.")


def test_pictures_of_the_rooms_of_cases(served: Served, browser: Browser) -> None:
    case_id = some_cases(served)
    page = cases_page(served, browser)
    expect(page.locator("#cases tbody tr")).to_have_count(4)
    page.screenshot(path=IMAGES / "cases.png")
    page.goto(f"{served.url}/console/cases/{case_id}", wait_until="networkidle")
    expect(page.locator("#map[data-drawn=yes]")).to_be_visible()
    page.wait_for_timeout(500)
    page.screenshot(path=IMAGES / "case.png", full_page=True)
    for name in ("cases.png", "case.png"):
        assert (IMAGES / name).stat().st_size > 20_000
