"""What the resolver asks of a logistic unit: whether anybody ever named it."""

from sqlalchemy import Engine, exists, select

from store.schema.events import touches
from store.transactions import reading


def is_known_unit(engine: Engine, epc: str) -> bool:
    """Whether a stored item event names the EPC."""
    with reading(engine) as connection:
        return bool(connection.execute(select(exists().where(touches.c.epc == epc))).scalar_one())
