"""The command line: ``tracewarden-verify BUNDLE --trust keys.txt``."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from verifier.bundle import verify_file
from verifier.notes import FormatError
from verifier.result import Result
from verifier.trust import read_trust


def main(arguments: list[str] | None = None) -> int:
    """Print the result as a JSON line; 0: it holds, 1: it does not, 2: it could not be checked."""
    parser = argparse.ArgumentParser(
        prog="tracewarden-verify", description="Check an evidence bundle, offline."
    )
    parser.add_argument("bundle", type=Path, help="the zip file")
    parser.add_argument("--trust", type=Path, required=True, help="keys that you trust")
    options = parser.parse_args(arguments)
    try:
        # Editors on Windows begin a text with a byte order mark.
        trust = read_trust(options.trust.read_text(encoding="utf-8-sig"))
        result = verify_file(options.bundle, trust)
    except (OSError, FormatError, UnicodeDecodeError) as error:
        print(f"cannot verify: {error}", file=sys.stderr)
        return 2
    print(as_line(result, sys.stdout.encoding))
    return 0 if result.ok else 1


def as_line(result: Result, encoding: str = "utf-8") -> str:
    """The result as a line of JSON; in ASCII where the encoding cannot say what it names."""
    problem = None if result.first_problem is None else asdict(result.first_problem)
    line = {"ok": result.ok, "checked": result.checked, "first_problem": problem}
    text = json.dumps(line, ensure_ascii=False, separators=(",", ":"))
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return json.dumps(line, separators=(",", ":"))
    return text
