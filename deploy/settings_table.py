"""Writes the table of settings in ``docs/operator.md`` from the settings' own fields.

``python -m deploy.settings_table`` writes it; a test fails where it is not current.
"""

import json
from pathlib import Path
from types import UnionType
from typing import get_args, get_origin

from pydantic import SecretStr
from pydantic.fields import FieldInfo

from tracewarden.settings import Settings

PAGE = Path(__file__).parents[1] / "docs" / "operator.md"
BEGIN = "<!-- settings: written by `python -m deploy.settings_table` -->"
END = "<!-- end of settings -->"


def variable(field: str) -> str:
    """The environment variable of a field of the settings."""
    return f"{Settings.model_config['env_prefix']}{field}".upper()


def table() -> str:
    """The settings as a Markdown table, in the order of the class."""
    rows = [row(name, field) for name, field in Settings.model_fields.items()]
    return "\n".join(["| Variable | Default | Meaning |", "|---|---|---|", *rows])


def row(name: str, field: FieldInfo) -> str:
    """One setting as a row; a secret is marked as one."""
    meaning = (field.description or "").replace("|", "\\|")
    if _holds(field.annotation, SecretStr):
        meaning += " (secret)"
    return f"| `{variable(name)}` | {_default(field)} | {meaning} |"


def _holds(annotation: object, wanted: type) -> bool:
    if get_origin(annotation) in (None, UnionType):
        return wanted in (get_args(annotation) or (annotation,))
    return False


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True)
    if value in (None, ""):
        return "–"
    return f"`{value if isinstance(value, str | Path) else json.dumps(value, default=str)}`"


def page_with_table(page: str) -> str:
    """The page with the table between its markers as it should be."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"{PAGE} has lost its markers")
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(page_with_table(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
