"""Ways to bend a bundle, by name: what both verifiers must find alike."""

import json
import struct
import warnings
from collections.abc import Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from evidence.bundle import container
from tests.outside.world import make_chain
from tests.verifier.anchored import KEY, NEXT, PHOTO, Anchored, stamped_bundle
from tests.verifier.test_bundle import WITNESS as WITNESS_KEY
from tests.verifier.test_bundle import files_of

WITNESS = WITNESS_KEY.verifier


def tampered(made: Anchored) -> Iterator[tuple[str, bytes, str]]:
    """(name, the file, what is trusted), the bundle as it is first."""
    files = files_of(made.data)
    lines = [one for one in made.trust.split("\n") if one.startswith(("log", "witness", "group"))]
    other = make_chain(made.chain.folder / "other").roots.read_text()
    yield "as it is", made.data, made.trust
    yield "only the log trusted", made.data, str(KEY.verifier)
    yield "only the new key trusted", made.data, str(NEXT.verifier)
    yield "another authority trusted", made.data, "\n".join([*lines, "timestamps 1", other])
    with TemporaryDirectory() as folder:
        twice = stamped_bundle(Path(folder), {"a": made.chain, "b": made.chain})
    for number in (1, 2):
        roots = [f"timestamps {number}", made.chain.roots.read_text(), other]
        yield f"{number} of one authority", twice, "\n".join([str(KEY.verifier), *roots])
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


REFUSED_TRUST = (
    "", "# nothing", "x", f"{KEY.verifier}x", f"{KEY.verifier}\nquorum 1", f"{WITNESS}", f"{KEY}",
    f"{KEY.verifier}\n{WITNESS}\nwitness w {WITNESS}", f"{KEY.verifier}\nwitness w {WITNESS}\nw",
    f"{KEY.verifier}\nwitness w {WITNESS}\nwitness v {WITNESS}\ngroup g 2 w v\nquorum g",
    f"{KEY.verifier}\nwitness w {WITNESS}\ngroup g any w\ngroup h any w g\nquorum h",
    f"{KEY.verifier}\ntimestamps 1",
)  # fmt: skip
"""What no file of trusted keys says; of two names of one witness, both would count."""


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
    yield "a comment", data[:-2] + b"\7\0comment"
    yield "another zip before it", packed([("x", b"x")]) + data
    yield "another zip behind it", data + packed([("x", b"x")])
    yield "another name before its bytes", data.replace(b"\0\0checkpoint", b"\0\0Checkpoint", 1)
    yield "its bytes under the names of 64 bits", of_64_bits(data)
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


def of_64_bits(data: bytes) -> bytes:
    """The same zip, with a directory's end as large zips have it."""
    end = data.rindex(b"PK\5\6")
    count, size, at = (int.from_bytes(data[end + a : end + b], "little")
                       for a, b in ((10, 12), (12, 16), (16, 20)))  # fmt: skip
    record = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, at)
    return data[:end] + record + struct.pack("<4sIQI", b"PK\6\7", 0, end, 1) + data[end:]


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
