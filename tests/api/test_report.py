import io
import re

import httpx
import pytest
from PIL import Image

from api.retention import forget_old
from store.reports import find_photo, find_report
from tests.api.world import GTIN, World, code_for

FORM = {"message": "The seal was broken.", "bought_at": "Market, May", "consent": "yes"}


def picture(kind: str = "JPEG", size: tuple[int, int] = (2400, 1200)) -> bytes:
    """A photo that says where it was taken."""
    image = Image.new("RGB", size, (120, 90, 60))
    exif = image.getexif()
    exif[0x010F] = "PhoneMaker"
    encoded = io.BytesIO()
    image.save(encoded, kind, exif=exif)
    return encoded.getvalue()


async def visit(client: httpx.AsyncClient) -> str:
    answer = await client.get(code_for("A1"))
    return str(answer.headers["location"])


async def receipt_of(client: httpx.AsyncClient, answer: httpx.Response) -> str:
    assert answer.status_code == 303
    page = await client.get(answer.headers["location"])
    found = re.search(r'id="receipt">([^<]+)<', page.text)
    assert found is not None
    return found[1]


async def test_a_report_is_kept_under_a_receipt_number(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    receipt = await receipt_of(client, await client.post(f"{page}/report", data=FORM))
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", receipt)
    report = find_report(world.engine, receipt)
    assert report is not None
    assert report.message == "The seal was broken."
    assert report.subject == f"https://id.gs1.org/01/{GTIN}/21/A1"
    assert "730 days" in report.consent_text


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_photo_is_kept_without_what_the_camera_wrote_into_it(
    world: World, client: httpx.AsyncClient, kind: str
) -> None:
    page = await visit(client)
    files = {"photo": ("photo", picture(kind), f"image/{kind.lower()}")}
    receipt = await receipt_of(client, await client.post(f"{page}/report", data=FORM, files=files))
    photo = find_photo(world.engine, receipt)
    assert photo is not None
    with Image.open(io.BytesIO(photo.image)) as kept:
        assert (kept.format, kept.size) == ("JPEG", (1600, 800))
        assert not kept.getexif()
    assert b"PhoneMaker" not in photo.image


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"consent": ""}, "consent"),
        ({"message": "  "}, "message"),
        ({"message": "x" * 4001}, "message"),
        ({"contact": "x" * 301}, "contact"),
    ],
)
async def test_a_form_that_lacks_something_is_refused(
    client: httpx.AsyncClient, change: dict[str, str], field: str
) -> None:
    page = await visit(client)
    headers = {"Accept": "application/json"}
    answer = await client.post(f"{page}/report", data={**FORM, **change}, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["field"] == field


@pytest.mark.parametrize(
    "photo",
    [b"no picture", picture()[:500], b"GIF89a" + bytes(100), b"<svg xmlns='x'/>"],
    ids=["text", "cut off", "gif", "svg"],
)
async def test_what_is_no_photo_is_refused(client: httpx.AsyncClient, photo: bytes) -> None:
    page = await visit(client)
    answer = await client.post(
        f"{page}/report",
        data=FORM,
        files={"photo": ("a.jpg", photo, "image/jpeg")},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 422
    assert answer.json()["type"] == "/problems/photo-invalid"


async def test_a_picture_that_would_fill_the_memory_is_refused(client: httpx.AsyncClient) -> None:
    encoded = io.BytesIO()
    Image.new("1", (9000, 9000)).save(encoded, "PNG")
    page = await visit(client)
    answer = await client.post(
        f"{page}/report",
        data=FORM,
        files={"photo": ("a.png", encoded.getvalue(), "image/png")},
        headers={"Accept": "application/json"},
    )
    assert answer.status_code == 422


async def test_a_photo_beyond_the_limit_is_refused(client: httpx.AsyncClient) -> None:
    page = await visit(client)
    answer = await client.post(
        f"{page}/report",
        data=FORM,
        files={"photo": ("a.jpg", bytes(6 * 1024 * 1024), "image/jpeg")},
    )
    assert answer.status_code == 413


async def test_a_refusal_is_a_page_for_people(client: httpx.AsyncClient) -> None:
    page = await visit(client)
    answer = await client.post(
        f"{page}/report", data={**FORM, "consent": ""}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("text/html")
    assert "consent" in answer.text


async def test_a_flood_of_reports_is_held_back(world: World, client: httpx.AsyncClient) -> None:
    page = await visit(client)
    statuses = [(await client.post(f"{page}/report", data=FORM)).status_code for _ in range(11)]
    assert statuses == [303] * 10 + [429]
    world.clock.pass_time(hours=1)
    assert (await client.post(f"{page}/report", data=FORM)).status_code == 303


async def test_a_receipt_is_shown_only_with_its_visit(
    world: World, client: httpx.AsyncClient
) -> None:
    page = await visit(client)
    receipt = await receipt_of(client, await client.post(f"{page}/report", data=FORM))
    other = (await client.get(code_for("B2"))).headers["location"]
    assert (await client.get(f"{other}/report/{receipt}")).status_code == 404
    assert (await client.get(f"{page}/report/AAAA-AAAA-AAAA")).status_code == 404


async def test_old_reports_go_with_their_photos(world: World, client: httpx.AsyncClient) -> None:
    page = await visit(client)
    files = {"photo": ("photo", picture(), "image/jpeg")}
    receipt = await receipt_of(client, await client.post(f"{page}/report", data=FORM, files=files))
    world.clock.pass_time(days=730)
    assert forget_old(world.services()) == 0
    world.clock.pass_time(seconds=1)
    assert forget_old(world.services()) == 1
    assert find_report(world.engine, receipt) is None
    assert find_photo(world.engine, receipt) is None
