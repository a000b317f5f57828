"""The consumer's page in a real browser of a phone's width."""

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, Response, expect

from tests.api.test_printed_address import kept_scans
from tests.api.world import SIGNER, code_for
from tests.browser.conftest import Served

VIEWPORT = {"width": 390, "height": 844}
PHONE: Any = {"viewport": VIEWPORT, "device_scale_factor": 2, "is_mobile": True}
DENVER: Any = {"longitude": -104.99025, "latitude": 39.73915, "accuracy": 40.0}
IMAGES = Path(__file__).parents[2] / "docs" / "images"


def phone(browser: Browser, **options: Any) -> Page:
    """A page of a new phone."""
    return browser.new_context(**PHONE, locale="en-GB", **options).new_page()


def test_the_page_is_small_and_asks_nobody_else(served: Served, browser: Browser) -> None:
    page = phone(browser)
    asked: list[Request] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request))
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(served.url + code_for("A1"), wait_until="networkidle")
    assert all(request.url.startswith((served.url, "data:")) for request in asked)
    assert len([request for request in asked if not request.url.startswith("data:")]) == 2
    size = sum(len(answer.body()) for answer in answers if answer.status == 200)
    assert 0 < size < 30_000
    assert complaints == []


def test_the_verdict_is_seen_without_scrolling_and_nothing_overflows(
    served: Served, browser: Browser
) -> None:
    for width in (320, 390, 800):
        page = phone(browser)
        page.set_viewport_size({"width": width, "height": 640})
        page.goto(served.url + code_for("A1"))
        heading = page.get_by_role("heading", level=1)
        expect(heading).to_have_text("This code was issued by Orchard Brand")
        expect(heading).to_be_in_viewport(ratio=1)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_reload_and_back_are_no_new_scans(served: Served, browser: Browser) -> None:
    page = phone(browser)
    page.goto(served.url + code_for("A1"))
    page.reload()
    page.goto("about:blank")
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert len(kept_scans(served.world)) == 1


def test_everything_but_the_location_works_without_javascript(
    served: Served, browser: Browser
) -> None:
    page = phone(browser, java_script_enabled=False)
    page.goto(served.url + code_for("A1"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("issued by Orchard Brand")
    expect(page.locator("#place")).to_be_hidden()
    page.get_by_text("Report something odd").click()
    page.get_by_label("What did you notice?").fill("The seal was broken.")
    page.get_by_label("I agree").check()
    page.get_by_role("button", name="Send report").click()
    expect(page.locator("#receipt")).to_have_text(
        re.compile(r"^[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}$")
    )


def test_a_report_cannot_be_sent_without_consent(served: Served, browser: Browser) -> None:
    page = phone(browser)
    page.goto(served.url + code_for("A1"))
    address = page.url
    page.get_by_text("Report something odd").click()
    page.get_by_label("What did you notice?").fill("Odd.")
    page.get_by_role("button", name="Send report").click()
    assert page.url == address


def test_a_location_is_sent_only_when_asked_to(served: Served, browser: Browser) -> None:
    page = phone(browser, geolocation=DENVER, permissions=["geolocation"])
    page.goto(served.url + code_for("A1"), wait_until="networkidle")
    assert len(kept_scans(served.world)) == 1
    page.get_by_role("button", name="Share rough location").click()
    expect(page.locator("#shared")).to_have_text("Thank you. The location was sent.")
    _, second = kept_scans(served.world)
    assert second.location is not None
    assert (second.location.lon, second.location.lat) == (-104.99, 39.74)


def test_refusing_the_location_changes_nothing(served: Served, browser: Browser) -> None:
    page = phone(browser)
    page.goto(served.url + code_for("A1"))
    before = page.locator("#verdict").inner_text()
    page.get_by_role("button", name="Share rough location").click()
    expect(page.locator("#shared")).to_have_text("No location was sent. Nothing changes.")
    assert page.locator("#verdict").inner_text() == before
    assert len(kept_scans(served.world)) == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_read_and_used_by_everybody(
    served: Served, browser: Browser, scheme: Any
) -> None:
    page = phone(browser, color_scheme=scheme)
    page.goto(served.url + code_for("A1"))
    low = page.evaluate(CONTRASTS)
    assert low == []
    page.get_by_text("Report something odd").click()
    unlabelled = page.evaluate(
        "[...document.querySelectorAll('input,textarea')].filter(e => !e.labels.length).length"
    )
    assert unlabelled == 0


def test_screenshot_of_the_consumers_page(served: Served, browser: Browser) -> None:
    page = phone(browser, geolocation=DENVER, permissions=["geolocation"])
    page.goto(served.url + code_for("7K2M9QX4TR8WA", signer=SIGNER, rest="?17=271231"))
    IMAGES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=IMAGES / "consumer-page.png", full_page=True)
    assert (IMAGES / "consumer-page.png").stat().st_size > 20_000


CONTRASTS = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((v) => {
      v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !element.checkVisibility()) continue;
    if (["SCRIPT", "STYLE"].includes(element.tagName)) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(element.textContent.trim().slice(0, 40) + " " + ratio.toFixed(2));
  }
  return low;
}"""
"""Texts whose contrast is below WCAG 2.2's 4.5 to 1."""
