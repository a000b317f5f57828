"""GS1 Digital Link URIs parsed a second, beside ``biip``.

Run: ``python -m bench.codes_parse [COUNT]``.
"""

import json
import sys
import time
from collections.abc import Callable

from biip.gs1_digital_link_uris import GS1DigitalLinkURI

from bench.codes_labels import signed_codes
from codes.digital_link import parse
from codes.epc import canonical_epc


def rate(work: Callable[[str], object], uris: list[str]) -> float:
    """URIs a second of processor time, after a warm-up."""
    for uri in uris[:100]:
        work(uri)
    started = time.process_time()
    for uri in uris:
        work(uri)
    return len(uris) / (time.process_time() - started)


def measure(count: int = 20_000) -> dict[str, float]:
    """Both rates, their ratio, and how fast canonical names are."""
    frame = signed_codes(1)[0]
    uris = [frame.replace("7K2M9Q0000000", f"7K2M9Q{number:07}") for number in range(count)]
    canonical = [f"https://id.gs1.org/01/09506000134352/21/{number:013}" for number in range(count)]
    mine, theirs = rate(parse, uris), rate(GS1DigitalLinkURI.parse, uris[::10])
    return {
        "uris_per_s": round(mine),
        "biip_per_s": round(theirs),
        "ratio": round(mine / theirs, 2),
        "canonical_per_s": round(rate(canonical_epc, canonical)),
    }


def main() -> None:
    """Print the measurement as a line of JSON."""
    sys.stdout.write(json.dumps(measure(*map(int, sys.argv[1:2]))) + "\n")


if __name__ == "__main__":
    main()
