"""What the service gives the pages of the field; the pages themselves run in tests/browser."""

import json
import re

import httpx
import pytest

from api.field.shell import PAGES, STATIC, shell

POLICY = "content-security-policy"


@pytest.mark.parametrize("name", PAGES)
async def test_a_page_may_use_camera_and_decoder_and_nothing_of_others(
    client: httpx.AsyncClient, name: str
) -> None:
    page = await client.get(f"/field/{name}")
    assert page.status_code == 200
    assert "camera=(self)" in page.headers["permissions-policy"]
    assert "script-src 'self' 'wasm-unsafe-eval';" in page.headers[POLICY]
    assert "unsafe-inline" not in page.headers[POLICY]
    assert "'unsafe-eval'" not in page.headers[POLICY]
    assert re.findall(r'(?:src|href)="(?!/)', page.text) == []
    other = await client.get("/healthz")
    assert "camera=()" in other.headers["permissions-policy"]


@pytest.mark.parametrize(("language", "words"), [("en", "Noted on this"), ("zh-CN", "本机记录")])
async def test_a_page_is_in_the_language_of_its_reader(
    client: httpx.AsyncClient, language: str, words: str
) -> None:
    page = await client.get("/field/inspector", headers={"Accept-Language": language})
    assert words in page.text
    assert "{brand}" not in page.text
    told = re.search(r'id="words">(.*?)</script>', page.text, re.DOTALL)
    assert told is not None
    assert "Orchard Brand" in json.loads(told[1])["verdict_valid"]


async def test_the_device_keeps_every_file_that_a_page_needs(client: httpx.AsyncClient) -> None:
    worker = await client.get("/field/sw.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert "connect-src 'self'" in worker.headers[POLICY]
    for path in shell().paths:
        assert f'"{path}"' in worker.text
        assert (await client.get(path)).status_code == 200, path
    imported = {
        name
        for file in (STATIC / "field").glob("*.js")
        for name in re.findall(r'(?:from|import\()\s*"([^"]+)"', file.read_text(encoding="utf-8"))
    }
    assert imported
    for name in imported:
        path = f"/static/field/{name.removeprefix('./')}" if name.startswith(".") else name
        assert path in shell().paths, name


@pytest.mark.parametrize("name", PAGES)
async def test_a_manifest_names_icons_that_are_there(
    client: httpx.AsyncClient, name: str
) -> None:
    manifest = (await client.get(f"/field/{name}.webmanifest")).json()
    assert manifest["start_url"] == f"/field/{name}"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    for icon in manifest["icons"]:
        assert (await client.get(icon["src"])).headers["content-type"] == "image/png"


def test_every_word_that_the_pages_say_is_there() -> None:
    words = (STATIC.parent / "field" / "words.toml").read_text(encoding="utf-8")
    known = set(re.findall(r"^\[([\w-]+)\]$", words, re.MULTILINE))
    said: set[str] = set()
    for file in (STATIC / "field").glob("*.js"):
        said |= set(re.findall(r'say\(\s*"([\w-]+)"', file.read_text(encoding="utf-8")))
    assert said
    assert said <= known
