import re

import httpx
import pytest
from sqlalchemy import select

from store.accounts import AccountError, has_users, password_holds, set_password
from store.schema.accounts import console_sessions, console_users
from store.transactions import reading
from tests.api.world import World

NAME, PASSWORD = "mei", "correct horse battery"


def csrf_of(page: httpx.Response) -> str:
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page.text)
    assert found is not None
    return found[1]


async def log_in(
    client: httpx.AsyncClient, password: str = PASSWORD, target: str = "/console/cases"
) -> httpx.Response:
    csrf = csrf_of(await client.get("/console/login"))
    form = {"csrf": csrf, "user_name": NAME, "password": password, "next": target}
    return await client.post("/console/login", data=form)


@pytest.fixture(autouse=True)
def user(world: World) -> None:
    set_password(world.engine, NAME, PASSWORD, world.clock())


async def test_without_a_session_the_console_leads_to_the_login_and_back(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/console/?severity=high")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/console/login?next=/console/%3Fseverity%3Dhigh"
    form = await client.get(answer.headers["location"])
    assert 'name="next" value="/console/?severity=high"' in form.text


async def test_the_right_password_begins_a_session(
    world: World, client: httpx.AsyncClient
) -> None:
    answer = await log_in(client)
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/cases")
    cookie = next(
        line for line in answer.headers.get_list("set-cookie") if line.startswith("tw_session=")
    )
    for attribute in ("HttpOnly", "SameSite=lax", "Secure", "Path=/console"):
        assert attribute in cookie
    page = await client.get("/console/")
    assert page.status_code == 200
    assert NAME in page.text
    with reading(world.engine) as connection:
        stored = connection.execute(select(console_sessions)).one()
    assert client.cookies["tw_session"] not in repr(stored)


async def test_a_wrong_password_and_an_unknown_name_look_the_same(
    client: httpx.AsyncClient,
) -> None:
    wrong = await log_in(client, "wrong password")
    csrf = csrf_of(wrong)
    form = {"csrf": csrf, "user_name": "nobody", "password": PASSWORD}
    unknown = await client.post("/console/login", data=form)
    assert wrong.status_code == unknown.status_code == 401
    assert "User name or password is wrong." in wrong.text
    assert wrong.text == unknown.text


async def test_a_form_from_elsewhere_is_refused(client: httpx.AsyncClient) -> None:
    await client.get("/console/login")
    for csrf in ("", "00", "ü"):
        form = {"csrf": csrf, "user_name": NAME, "password": PASSWORD}
        answer = await client.post("/console/login", data=form)
        assert answer.status_code == 403
        assert "tw_session" not in client.cookies


async def test_guessing_is_held_back(world: World, client: httpx.AsyncClient) -> None:
    for _ in range(10):
        assert (await log_in(client, "wrong password")).status_code == 401
    assert (await log_in(client)).status_code == 429
    world.clock.pass_time(minutes=15)
    assert (await log_in(client)).status_code == 303


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "/v1/alerts", ""]
)
async def test_nobody_is_led_to_another_site(client: httpx.AsyncClient, target: str) -> None:
    answer = await log_in(client, target=target)
    assert answer.headers["location"] == "/console/cases"


async def test_logging_out_ends_the_session_for_good(
    world: World, client: httpx.AsyncClient
) -> None:
    await log_in(client)
    token = client.cookies["tw_session"]
    page = await client.get("/console/")
    refused = await client.post("/console/logout", data={"csrf": "00"})
    assert refused.status_code == 303
    async with world.client(Cookie=f"tw_session={token}") as same:
        assert (await same.get("/console/")).status_code == 200
        await same.post("/console/logout", data={"csrf": csrf_of(page)})
        assert (await same.get("/console/")).status_code == 303


async def test_a_session_ends_after_twelve_hours(world: World, client: httpx.AsyncClient) -> None:
    await log_in(client)
    world.clock.pass_time(hours=11, minutes=59)
    assert (await client.get("/console/")).status_code == 200
    world.clock.pass_time(minutes=1)
    assert (await client.get("/console/")).status_code == 303


async def test_a_new_password_ends_the_sessions_of_the_old_one(
    world: World, client: httpx.AsyncClient
) -> None:
    await log_in(client)
    set_password(world.engine, NAME, "another long password", world.clock())
    assert (await client.get("/console/")).status_code == 303


def test_passwords_are_kept_as_argon2id(world: World) -> None:
    with reading(world.engine) as connection:
        stored = connection.execute(select(console_users.c.password_hash)).scalar_one()
    assert stored.startswith("$argon2id$")
    assert has_users(world.engine)
    assert password_holds(world.engine, NAME, PASSWORD)
    assert not password_holds(world.engine, NAME, PASSWORD + "x" * 2000)


@pytest.mark.parametrize(("name", "password"), [("", PASSWORD), ("a", "short"), ("a", "x" * 1025)])
def test_accounts_that_make_no_sense_are_refused(world: World, name: str, password: str) -> None:
    with pytest.raises(AccountError):
        set_password(world.engine, name, password, world.clock())
