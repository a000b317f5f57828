"""The shell of the pages: every file that a device keeps, and the service worker that does it."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import msgspec

from api.field.dictionary import dictionary_json

STATIC = Path(__file__).parents[1] / "static"
PAGES = ("inspector", "warehouse")
DICTIONARY = "/field/dictionary.json"
_VENDOR = (
    "vendor/zxing/reader/index.js",
    "vendor/zxing/share.js",
    "vendor/zxing/reader/zxing_reader.wasm",
    "vendor/noble/index.js",
)


@dataclass(frozen=True, slots=True)
class Shell:
    """``version`` changes with any file; ``paths`` are what a page needs without a connection."""

    version: str
    paths: tuple[str, ...]


@cache
def shell() -> Shell:
    """The shell as it lies on disk when first asked for.

    Raises:
        FileNotFoundError: the vendored files are missing: run ``make install``.
    """
    own = sorted(path.relative_to(STATIC).as_posix() for path in (STATIC / "field").iterdir())
    digest = hashlib.sha256(dictionary_json())
    for name in (*own, *_VENDOR):
        digest.update(name.encode() + b"\0" + (STATIC / name).read_bytes())
    for name in ("layout.html", *(f"{page}.html" for page in PAGES)):
        digest.update((Path(__file__).parents[1] / "templates" / "field" / name).read_bytes())
    digest.update(files("api.field").joinpath("words.toml").read_bytes())
    pages = [path for page in PAGES for path in (f"/field/{page}", manifest_path(page))]
    static = [f"/static/{name}" for name in (*own, *_VENDOR)]
    return Shell(digest.hexdigest()[:16], (*pages, DICTIONARY, *static))


def manifest_path(page: str) -> str:
    """Where a page's web manifest lies."""
    return f"/field/{page}.webmanifest"


def service_worker() -> bytes:
    """The service worker's script, with the shell that it keeps."""
    kept = shell()
    text = files("api.field").joinpath("service_worker.js").read_bytes()
    head = b"const VERSION = %b;\nconst SHELL = %b;\n" % (
        msgspec.json.encode(kept.version),
        msgspec.json.encode(kept.paths),
    )
    return head + text
