#!/bin/sh
# Makes .venv/ from the hashed lock. Argument: the Python to make it with.
set -eu
python=$1

say() { printf '%s\n' "install: $*" >&2; }

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    say "Python 3.11 or newer is needed; name one with: make install PYTHON=/path/to/python3.11"
    exit 1
fi
if [ ! -x .venv/bin/pip ] && ! "$python" -m venv --clear .venv; then
    say "$python cannot make a virtual environment; Debian and Ubuntu have that in: apt-get install python3-venv"
    exit 1
fi
say "installing the locked packages into .venv/ (the first time takes a minute or two)"
.venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
# The build backend warns at length about what an editable installation always is.
PYTHONWARNINGS=ignore .venv/bin/python -m pip install --quiet --disable-pip-version-check \
    --no-deps --no-build-isolation -e .
