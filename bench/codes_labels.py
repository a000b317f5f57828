"""Labels a second on one core, beside ``qrcode`` with its defaults and beside ``segno``.

All three make the same signed codes into PNG files in memory; ours add the text and the resolution.
Run: ``python -m bench.codes_labels [COUNT]``.
"""

import io
import json
import sys
import time
from collections.abc import Callable

import qrcode
import segno

from codes import label_files
from codes.labels import print_size, qr_labels
from codes.signing import SeedSigner, sign_item

AIM = 6.0


def signed_codes(count: int) -> list[str]:
    """Usual codes."""
    signer = SeedSigner("K1", bytes(range(32)))
    return [
        sign_item("09506000134352", f"7K2M9Q{number:07}", signer, domain="id.example.com")
        for number in range(count)
    ]


def ours(uris: list[str]) -> None:
    """Whole labels as a label printer gets them."""
    size = print_size(300, 0.34)
    for label in qr_labels(uris):
        label_files.png(label, size, (63.5, 38.1))


def with_qrcode(uris: list[str]) -> None:
    """``qrcode``'s own way, its defaults."""
    for uri in uris:
        qrcode.make(uri).save(io.BytesIO())


def with_segno(uris: list[str]) -> None:
    """``segno``'s own way, at the same level."""
    for uri in uris:
        segno.make(uri, error="m", boost_error=False).save(io.BytesIO(), kind="png", scale=4)


def rate(work: Callable[[list[str]], None], uris: list[str]) -> float:
    """Labels a second of processor time, after a warm-up."""
    work(uris[:5])
    started = time.process_time()
    work(uris)
    return len(uris) / (time.process_time() - started)


def measure(count: int = 400) -> dict[str, float]:
    """The three rates, and ours as a multiple of the others."""
    uris = signed_codes(count)
    mine, plain, other = rate(ours, uris), rate(with_qrcode, uris[::8]), rate(with_segno, uris[::8])
    return {
        "labels_per_s": round(mine, 1),
        "qrcode_per_s": round(plain, 1),
        "segno_per_s": round(other, 1),
        "ratio_to_qrcode": round(mine / plain, 2),
        "ratio_to_segno": round(mine / other, 2),
        "aim": AIM,
    }


def main() -> None:
    """Print the measurement as a line of JSON."""
    sys.stdout.write(json.dumps(measure(*map(int, sys.argv[1:2]))) + "\n")


if __name__ == "__main__":
    main()
