"""Ways to bend a bundle, by name: what both verifiers must find alike."""

import json
import warnings
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from evidence.bundle import container
from tests.outside.world import make_chain
from tests.verifier.anchored import KEY, NEXT, PHOTO, Anchored
from tests.verifier.test_bundle import files_of


def tampered(made: Anchored) -> Iterator[tuple[str, bytes, str]]:
    """(name, the file, what is trusted), the bundle as it is first."""
    files = files_of(made.data)
    lines = [one for one in made.trust.split("\n") if one.startswith(("log", "witness", "group"))]
    other = make_chain(made.chain.folder / "other").roots.read_text()
    yield "as it is", made.data, made.trust
    yield "only the log trusted", made.data, str(KEY.verifier)
    yield "only the new key trusted", made.data, str(NEXT.verifier)
    yield "another authority trusted", made.data, "\n".join([*lines, "timestamps 1", other])
    kept = {name: data for name, data in files.items() if not name.startswith("anchors/3/")}
    yield "without anchors", container(kept), made.trust
    yield "without anchors and demands", container(kept), str(KEY.verifier)
    for name in sorted(files):
        yield (
            f"without {name}",
            container({k: v for k, v in files.items() if k != name}),
            made.trust,
        )
        if files[name]:
            bent = bytearray(files[name])
            bent[len(bent) // 2] ^= 1
            yield f"{name} bent", container(files | {name: bytes(bent)}), made.trust
    yield "a file more", container(files | {"attachments/more.jpg": b"x"}), made.trust
    yield "an event more", container(files | {"events/x.json": b"{}"}), made.trust
    contents = json.loads(files["contents.json"])
    contents["format"] = "tracewarden-evidence-bundle/9"
    yield (
        "another format",
        container(files | {"contents.json": json.dumps(contents).encode()}),
        made.trust,
    )
    yield (
        "a byte of the photo",
        made.data.replace(PHOTO, PHOTO.replace(b"receipt", b"Receipt")),
        made.trust,
    )
    yield "bytes behind", made.data + b"x", made.trust
    yield "no zip", b"no zip", made.trust
    yield from ((name, data, made.trust) for name, data in hostile(made.data))


def hostile(data: bytes) -> Iterator[tuple[str, bytes]]:
    """What somebody makes who wants a verifier to stumble, not only to err: (name, the file)."""
    files = files_of(data)
    contents = files["contents.json"]
    for name, text in (
        ("a key twice", contents.replace(b'{"case":', b'{"case":"C-9","case":', 1)),
        ("a number that is none", contents.replace(b'"C-1"', b"NaN", 1)),
        ("a huge number", contents.replace(b'"C-1"', b"1" + b"0" * 400, 1)),
        ("a number without end", contents.replace(b'"C-1"', b"9" * 4000, 1)),
        ("an index that is no integer", contents.replace(b'"index":0', b'"index":0.5')),
        ("an index that is true", contents.replace(b'"index":0', b'"index":true')),
        ("an index that is a list", contents.replace(b'"index":0', b'"index":[0]')),
        ("a lone surrogate", contents.replace(b'"README.txt"', b'"\\ud800"')),
        ("a byte order mark", b"\xef\xbb\xbf" + contents),
        ("deep nesting", b"[" * 100_000 + b"]" * 100_000),
        ("a list", b"[]"),
        ("nothing", b""),
        ("null", b"null"),
    ):
        yield f"{name} in contents.json", container(files | {"contents.json": text})
        yield f"{name} in disclosures.json", container(files | {"disclosures.json": text})
        yield f"{name} in an entry", container(files | {"entries/0.json": text})
    for path in ("../../etc/passwd", "/etc/passwd", "C:\\x", "a\nb", "\u202ecod.exe", "x" * 60_000):
        yield f"a file named {path[:20]!r}", container(files | {path: b"x"})
    yield "an anchor that nobody logged", container(files | {"anchors/18446744073709551615/x": b""})
    yield (
        "a report in another's words",
        container(files | {"report.html": files["report.html"] + b"<script>alert(1)</script>"}),
    )
    yield from _hostile_zips(files, data)


def _hostile_zips(files: Mapping[str, bytes], data: bytes) -> Iterator[tuple[str, bytes]]:
    yield "a zip bomb", packed([*files.items(), ("bomb.txt", b"0" * 10_000_000)], ZIP_DEFLATED)
    yield "compressed", packed(list(files.items()), ZIP_DEFLATED)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        twice = [*files.items(), ("checkpoint", files["checkpoint"])]
        yield "a file twice", packed(twice)
    yield "a symbolic link", packed(list(files.items()), mode=0o120777)
    yield "unsorted", packed(list(files.items())[::-1])
    directory = data.rindex(b"PK\x01\x02")
    for name, at, value in (
        ("a size beyond the zip", 24, 0xFFFFFFF0),
        ("a size of 64 bits", 24, 0xFFFFFFFF),
        ("a place beyond the zip", 42, 0xFFFFFFF0),
    ):
        bent = bytearray(data)
        bent[directory + at : directory + at + 4] = value.to_bytes(4, "little")
        yield name, bytes(bent)
    for length in (0, 1, 21, 22, len(data) // 2, len(data) - 1):
        yield f"cut after {length} bytes", data[:length]


def packed(
    members: Sequence[tuple[str, bytes]], method: int = ZIP_STORED, *, mode: int = 0o100644
) -> bytes:
    """A zip as somebody else makes it."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", method) as out:
        for path, held in members:
            member = ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system, member.external_attr = 3, mode << 16
            member.compress_type = method
            out.writestr(member, held)
    return buffer.getvalue()
