"""`make demo` as a newcomer sees it: a code is scanned far from home, and the console tells."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Geolocation, expect

LONDON: Geolocation = {"longitude": -0.1276, "latitude": 51.5072, "accuracy": 25.0}
"""In no dealer's territory: the demo's world lies in North America."""


@dataclass
class Demo:
    """What the demo prints."""

    code: str
    console: str
    user: str
    password: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A small demo whose world has been streamed."""
    folder = tmp_path_factory.mktemp("demo")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tracewarden.cli", "demo", "--data", str(folder / "data")]
    command += ["--port", str(port), "--items", "150", "--seconds", "5"]
    told = folder / "told.txt"
    with told.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, "COLUMNS": "300"}
        )
    try:
        yield _read(told, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _read(told: Path, process: subprocess.Popen[bytes]) -> Demo:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        text = told.read_text(errors="replace")
        if "has been judged" in text:
            found = [
                re.search(pattern, text)
                for pattern in (
                    r"(http://\S+/01/\S+)",
                    r"Console\s+(http://\S+)",
                    r"User\s+(\S+)",
                    r"Password\s+(\S+)",
                )
            ]
            return Demo(*(match[1] for match in found if match is not None))
        time.sleep(0.2)
    pytest.fail(f"the demo did not get so far:\n{told.read_text(errors='replace')[-3000:]}")


def test_a_scan_far_from_home_is_on_the_console_within_two_seconds(
    demo: Demo, browser: Browser
) -> None:
    console = browser.new_context(locale="en-GB").new_page()
    console.goto(demo.console)
    console.get_by_label("User name").fill(demo.user)
    console.get_by_label("Password").fill(demo.password)
    console.get_by_role("button", name="Log in").click()
    expect(console.locator("#state")).to_have_text("Live")
    serial = urlsplit(demo.code).path.rpartition("/")[2]
    mine = console.locator(".line", has_text=serial).filter(has_text="territory")
    expect(mine).to_have_count(0)

    phone = browser.new_context(
        viewport={"width": 390, "height": 844},
        locale="en-GB",
        geolocation=LONDON,
        permissions=["geolocation"],
    ).new_page()
    phone.goto(demo.code)
    expect(phone.get_by_role("heading", level=1)).to_contain_text("This code was issued by")
    phone.get_by_role("button", name="Share rough location").click()
    expect(phone.locator("#shared")).to_have_text("Thank you. The location was sent.")
    expect(mine).to_have_count(1, timeout=2000)

    mine.get_by_role("link").click()
    expect(console.get_by_role("heading", name="What would clear it")).to_be_visible()
    expect(console.locator("#map[data-drawn=yes]")).to_be_visible()
    expect(console.get_by_text("Canonical JSON").first).to_be_visible()
