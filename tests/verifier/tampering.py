"""Ways to bend a bundle, by name: what both verifiers must find alike."""

import json
from collections.abc import Iterator

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
