"""The programs that the services need, and the Debian packages that bring them."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.local.service import ServiceError


@dataclass(frozen=True)
class Program:
    """A program (or font) by its Debian ``package``; ``find`` gives its path, or None."""

    package: str
    find: Callable[[], str | None]


def _newest_postgres() -> str | None:
    """The newest server in Debian's layout; its programs are not on the PATH there."""
    found = Path("/usr/lib/postgresql").glob("*/bin/postgres")
    newest = max(found, key=lambda path: int(path.parts[-3]), default=None)
    return str(newest) if newest else shutil.which("postgres")


def _first(folder: str, pattern: str) -> str | None:
    """The first file of that pattern in the folder."""
    return next((str(path) for path in Path(folder).glob(pattern)), None)


JAVA = Program("default-jre-headless", lambda: shutil.which("java"))
MAVEN = Program("maven", lambda: shutil.which("mvn"))
POSTGRES = Program("postgresql", _newest_postgres)
REDIS = Program("redis-server", lambda: shutil.which("redis-server"))
SSH_AGENT = Program("openssh-client", lambda: shutil.which("ssh-agent"))
CHROMIUM = Program("chromium", lambda: shutil.which("chromium"))
CHINESE_FONTS = Program("fonts-noto-cjk", lambda: _first("/usr/share/fonts", "**/*CJK*"))
DOCKER_COMPOSE = Program("docker-compose", lambda: shutil.which("docker-compose"))
STRACE = Program("strace", lambda: shutil.which("strace"))

EVERY_PROGRAM = (
    JAVA, MAVEN, POSTGRES, REDIS, CHROMIUM, CHINESE_FONTS, DOCKER_COMPOSE, SSH_AGENT,
    STRACE,
)


def require(program: Program) -> Path:
    """The path of the program, which is installed first where that is possible.

    Raises:
        ServiceError: it is missing and cannot be installed; the message names the package.
    """
    install_missing([program])
    found = program.find()
    if found is None:
        raise ServiceError(f"{program.package} is installed, but its program is not to be found")
    return Path(found)


def install_missing(programs: Iterable[Program]) -> list[str]:
    """Install what is missing through apt-get and return the packages installed.

    Raises:
        ServiceError: we may not install packages here, or apt-get failed.
    """
    missing = [program.package for program in programs if program.find() is None]
    if not missing:
        return []
    words = "apt-get install " + " ".join(missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ServiceError(f"programs are missing; on Debian or Ubuntu, as root: {words}")
    print(f"services: {words}", file=sys.stderr, flush=True)
    _apt_get("update")
    _apt_get("install", "--yes", "--no-install-recommends", *missing)
    return missing


def _apt_get(*arguments: str) -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", "--quiet", "--quiet", *arguments],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
    )
    if done.returncode != 0:
        raise ServiceError(f"apt-get {arguments[0]} failed: {done.stderr.strip()[-2000:]}")
