"""Coverage-guided fuzzing of what reads strangers' bytes: only the room's error may come out.

``make fuzz`` runs it for a bounded time. By hand:
``python -m tests.codes.fuzz_parsers -max_total_time=60``.
"""

import sys

import atheris  # type: ignore[import-not-found,import-untyped,unused-ignore]

with atheris.instrument_imports(include=["codes"]):
    from tests.codes.parsers import feed


def main() -> None:
    """Fuzz until the limits on the command line."""
    atheris.Setup(sys.argv, feed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
