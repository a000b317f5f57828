"""C2SP tlog-policy: which logs and witnesses count, and how many of them it takes."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from evidence.errors import EvidenceError, NoteError
from evidence.note import VerifierKey
from evidence.signature_types import COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44, ED25519

NONE = "none"
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_COUNT = re.compile(r"[1-9][0-9]{0,3}")


class PolicyError(EvidenceError):
    """A policy file that does not say what it must; ``field`` is the line."""

    type = "witness-policy-invalid"


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: the name that it has in the policy, its key, and where it is asked."""

    name: str
    key: VerifierKey
    url: str | None


@dataclass(frozen=True, slots=True)
class Group:
    """Counts as having witnessed once ``threshold`` of its members have."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WitnessPolicy:
    """Logs, witnesses and groups by name, and the name that the quorum asks for."""

    logs: tuple[VerifierKey, ...] = ()
    witnesses: Mapping[str, Witness] = field(default_factory=dict)
    groups: Mapping[str, Group] = field(default_factory=dict)
    quorum: str = NONE

    def is_met_by(self, keys: Collection[VerifierKey]) -> bool:
        """Whether cosignatures by these keys are a quorum."""
        return self.quorum == NONE or self._has_witnessed(self.quorum, keys)

    def _has_witnessed(self, name: str, keys: Collection[VerifierKey]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name].key in keys
        group = self.groups[name]
        return sum(self._has_witnessed(one, keys) for one in group.members) >= group.threshold


def read_policy(text: str) -> WitnessPolicy:
    """A policy from its text.

    Raises:
        PolicyError: malformed; ``field`` names the line.
    """
    reader = _Reader()
    for number, line in enumerate(text.split("\n"), 1):
        if _FORBIDDEN.search(line):
            raise PolicyError("a control character", field=f"line {number}")
        words = re.split(r"[ \t]+", line.strip(" \t"))
        if words == [""] or words[0].startswith("#"):
            continue
        try:
            reader.take(words)
        except (PolicyError, NoteError) as error:
            raise PolicyError(error.detail, field=f"line {number}") from None
    if reader.quorum is None:
        raise PolicyError("no line says the quorum", field="quorum")
    return WitnessPolicy(tuple(reader.logs), reader.witnesses, reader.groups, reader.quorum)


class _Reader:
    """What the lines so far have defined."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def take(self, words: list[str]) -> None:
        """One line that says something."""
        match words:
            case ["log", key, *url] if len(url) <= 1:
                self._log(VerifierKey.parse(key))
            case ["witness", name, key, *url] if len(url) <= 1:
                self._witness(Witness(name, VerifierKey.parse(key), url[0] if url else None))
            case ["group", name, threshold, *members] if members:
                self._group(name, threshold, tuple(members))
            case ["quorum", name] if self.quorum is None:
                if name != NONE:
                    self._defined(name)
                self.quorum = name
            case _:
                raise PolicyError(f"a line {words[0]!r} of this form says nothing")

    def _log(self, key: VerifierKey) -> None:
        if key.algorithm != ED25519:
            raise PolicyError("this key is no log's")
        if any(one.public == key.public for one in self.logs):
            raise PolicyError("the log's key stands there twice")
        self.logs.append(key)

    def _witness(self, one: Witness) -> None:
        if one.key.algorithm not in (COSIGNATURE_ED25519, COSIGNATURE_ML_DSA_44):
            raise PolicyError("this key is no witness's")
        if any(known.key.public == one.key.public for known in self.witnesses.values()):
            raise PolicyError("the witness's key stands there twice")
        self._new(one.name)
        self.witnesses[one.name] = one

    def _group(self, name: str, threshold: str, members: tuple[str, ...]) -> None:
        for member in members:
            self._defined(member)
            if member in self._members:
                raise PolicyError(f"{member} is a member twice")
            self._members.add(member)
        counts = {"any": 1, "all": len(members)}
        count = int(threshold) if _COUNT.fullmatch(threshold) else counts.get(threshold, 0)
        if not 1 <= count <= len(members):
            raise PolicyError(f"{threshold} of {len(members)} members is no threshold")
        self._new(name)
        self.groups[name] = Group(count, members)

    def _new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise PolicyError(f"the name {name} is taken")

    def _defined(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise PolicyError(f"no line before defines {name}")
