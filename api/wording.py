"""Words for people in the language that they read, from TOML files beside the pages."""

import tomllib
from collections import ChainMap
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from api.negotiation import Language


@cache
def texts(package: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of a package's ``words.toml``: by key, then by language."""
    raw = files(package).joinpath("words.toml").read_text(encoding="utf-8")
    return tomllib.loads(raw)


class Wording:
    """The words of one language, of a package and those that it builds on (``besides``); what else
    is given here is at hand for every text."""

    def __init__(
        self, package: str, language: Language, *, besides: tuple[str, ...] = (), **always: object
    ) -> None:
        self.language = language
        self._texts = ChainMap(*(dict(texts(name)) for name in (package, *besides)))
        self._always = always

    def __call__(self, key: str, **values: object) -> str:
        """The text under ``key`` with its places filled."""
        return self._texts[key][self.language].format(**self._always, **values)

    def has(self, key: str) -> bool:
        """Whether there is a text under ``key``."""
        return key in self._texts
