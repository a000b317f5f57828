"""Views that a user of the console has saved: a name for the address of a list."""

from typing import NamedTuple

from sqlalchemy import Connection, Engine, delete, insert, select

from cases.errors import CaseError
from store.schema.cases import saved_views
from store.transactions import reading

MOST_VIEWS = 50
LONGEST_NAME = 60
LONGEST_QUERY = 4000


class SavedView(NamedTuple):
    """``query`` is the list's address behind the question mark."""

    name: str
    query: str


def views_of(engine: Engine, user_name: str) -> list[SavedView]:
    """A user's views by name."""
    query = select(saved_views.c.name, saved_views.c.query)
    mine = query.where(saved_views.c.user_name == user_name).order_by(saved_views.c.name)
    with reading(engine) as connection:
        return [SavedView(*row) for row in connection.execute(mine)]


def save_view(engine: Engine, user_name: str, view: SavedView, *, at_us: int) -> None:
    """Keep a view; one of the same name is replaced.

    Raises:
        CaseError: no name, too long, or too many views.
    """
    if not view.name.strip() or len(view.name) > LONGEST_NAME:
        raise CaseError(f"a view's name has 1 to {LONGEST_NAME} characters", field="name")
    if len(view.query) > LONGEST_QUERY:
        raise CaseError("the view is too long", field="query")
    others = [one for one in views_of(engine, user_name) if one.name != view.name]
    if len(others) >= MOST_VIEWS:
        raise CaseError(f"a user keeps at most {MOST_VIEWS} views", field="name")
    with engine.begin() as connection:
        _drop(connection, user_name, view.name)
        row = {"user_name": user_name, "saved_us": at_us, **view._asdict()}
        connection.execute(insert(saved_views).values(row))


def drop_view(engine: Engine, user_name: str, name: str) -> None:
    """Forget a view."""
    with engine.begin() as connection:
        _drop(connection, user_name, name)


def _drop(connection: Connection, user_name: str, name: str) -> None:
    same = (saved_views.c.user_name == user_name, saved_views.c.name == name)
    connection.execute(delete(saved_views).where(*same))
