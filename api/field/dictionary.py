"""GS1's dictionary of application identifiers for the pages, from the one that is used here.

So the pages judge codes by the same tables, and none of them is kept twice.
"""

from functools import cache
from typing import Any

import msgspec

from codes import code_lists
from codes.application_identifiers import TABLE, ApplicationIdentifier


def _entry(entry: ApplicationIdentifier) -> dict[str, Any]:
    return {
        "attribute": entry.attribute,
        "predefined": entry.predefined,
        "shortest": entry.shortest,
        "longest": entry.longest,
        "sequences": sorted("/".join(sequence) for sequence in entry.sequences),
        "components": [
            [part.charset, part.shortest, part.longest, part.optional, part.linters]
            for part in entry.components
        ],
    }


@cache
def dictionary_json() -> bytes:
    """The dictionary as ``api/static/field/digital-link.js`` reads it."""
    lists = {
        "countries_numeric": code_lists.COUNTRIES_NUMERIC,
        "countries_alpha2": code_lists.COUNTRIES_ALPHA2,
        "currencies_numeric": code_lists.CURRENCIES_NUMERIC,
        "media_types": code_lists.MEDIA_TYPES,
        "package_types": code_lists.PACKAGE_TYPES,
    }
    return msgspec.json.encode(
        {
            "ais": {ai: _entry(entry) for ai, entry in TABLE.items()},
            "lists": {name: sorted(values) for name, values in lists.items()},
        }
    )
