"""All measurements, or those named: ``python -m bench [NAME…]``, each in a process of its own."""

import subprocess
import sys
from pathlib import Path


def names() -> list[str]:
    """The modules of this folder that measure something: those with a ``main``."""
    modules = sorted(Path(__file__).parent.glob("*.py"))
    return [
        module.stem
        for module in modules
        if not module.stem.startswith("__") and "\ndef main() -> None:" in module.read_text()
    ]


def run() -> int:
    """Run them one after the other; the exit code says whether all of them ended well."""
    wanted = sys.argv[1:] or names()
    if unknown := set(wanted) - set(names()):
        print(f"no such bench: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    failed = 0
    for name in wanted:
        print(f"== {name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(run())
