"""What the caller trusts: keys of logs and witnesses, a quorum, and time-stamping authorities.

A text of lines, in any mixture of two forms, and certificates in PEM:

- a C2SP verifier key a line (type 1: a log's, any other: a witness's), and ``quorum N``;
- a C2SP tlog-policy: ``log KEY``, ``witness NAME KEY``, ``group NAME N|any|all NAME…``,
  ``quorum NAME``;
- ``timestamps N``: how many authorities must have signed, told apart by their root certificates,
  which stand there as PEM blocks.

Nobody is counted twice: a witness's key stands there once, and is a member of one group.
"""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass, field

from cryptography import x509

from verifier.notes import FormatError, Key, read_key
from verifier.signatures import LOG_KEY, WITNESS_KEY
from verifier.timestamps import root_key

_COUNT = re.compile("[0-9]{1,9}")
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)


@dataclass(slots=True)
class Trust:
    """Keys by what they are for, and what it takes: a number of witnesses, or a named group.

    ``members`` are the names that stand in some group.
    """

    logs: list[Key] = field(default_factory=list)
    witnesses: dict[str, Key] = field(default_factory=dict)
    groups: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    quorum: int | str = 0
    timestamps: int = 0
    roots: list[x509.Certificate] = field(default_factory=list)
    members: set[str] = field(default_factory=set)

    def has_quorum(self, keys: Set[Key]) -> bool:
        """Whether cosignatures by these keys are enough."""
        if isinstance(self.quorum, int):
            return len(keys & set(self.witnesses.values())) >= self.quorum
        return self._has_witnessed(self.quorum, keys)

    def _has_witnessed(self, name: str, keys: Set[Key]) -> bool:
        if name in self.witnesses:
            return self.witnesses[name] in keys
        threshold, members = self.groups[name]
        return sum(self._has_witnessed(member, keys) for member in members) >= threshold


def read_trust(text: str) -> Trust:
    """Read a file of trusted keys; ``#`` begins a comment.

    Raises:
        FormatError: a line says nothing of this, or there is no log's key.
    """
    trust = Trust()
    for block in _PEM.findall(text):
        try:
            trust.roots.append(x509.load_pem_x509_certificate(block.encode()))
        except ValueError:
            raise FormatError("a certificate is damaged") from None
    for number, line in enumerate(_PEM.sub("", text).splitlines(), 1):
        words = line.split("#", 1)[0].split()
        if words:
            try:
                _take(trust, words)
            except FormatError as error:
                raise FormatError(f"line {number}: {error}") from None
    _check(trust)
    return trust


def _take(trust: Trust, words: list[str]) -> None:
    match words:
        case ["quorum", number] if _COUNT.fullmatch(number):
            trust.quorum = int(number)
        case ["quorum", name]:
            trust.quorum = 0 if name == "none" else _defined(trust, name)
        case ["timestamps", number] if _COUNT.fullmatch(number):
            trust.timestamps = int(number)
        case ["group", name, threshold, *members] if members:
            _add_group(trust, name, threshold, [_defined(trust, one) for one in members])
        case ["log", key, *url] if len(url) <= 1:
            _add_log(trust, read_key(key))
        case ["witness", name, key, *url] if len(url) <= 1:
            _add_witness(trust, read_key(key), name)
        case [word]:
            plain = read_key(word)
            if plain.type == LOG_KEY:
                _add_log(trust, plain)
            else:
                _add_witness(trust, plain, f"{plain.name}+{plain.id.hex()}")
        case _:
            raise FormatError("it says nothing that belongs here")


def _add_log(trust: Trust, key: Key) -> None:
    if key.type == WITNESS_KEY:
        raise FormatError("the key is a witness's")
    trust.logs.append(key)


def _add_witness(trust: Trust, key: Key, name: str) -> None:
    if key.type == LOG_KEY:
        raise FormatError("the key is a log's")
    _refuse_taken(trust, name)
    if any(one.public == key.public for one in trust.witnesses.values()):
        raise FormatError("the witness's key stands there twice")
    trust.witnesses[name] = key


def _refuse_taken(trust: Trust, name: str) -> None:
    if name in trust.witnesses or name in trust.groups or name == "none":
        raise FormatError(f"the name {name} is taken")


def _add_group(trust: Trust, name: str, threshold: str, members: list[str]) -> None:
    named: Mapping[str, int] = {"any": 1, "all": len(members)}
    count = int(threshold) if _COUNT.fullmatch(threshold) else named.get(threshold, 0)
    if not 1 <= count <= len(set(members)) or len(set(members)) != len(members):
        raise FormatError("the group's threshold or members are malformed")
    if twice := sorted(trust.members & set(members)):
        raise FormatError(f"{twice[0]} is a member of two groups")
    _refuse_taken(trust, name)
    trust.members |= set(members)
    trust.groups[name] = (count, members)


def _defined(trust: Trust, name: str) -> str:
    if name not in trust.witnesses and name not in trust.groups:
        raise FormatError(f"no line before defines {name}")
    return name


def _check(trust: Trust) -> None:
    if not trust.logs:
        raise FormatError("no log's key to trust")
    if isinstance(trust.quorum, int) and trust.quorum > len(set(trust.witnesses.values())):
        raise FormatError(f"a quorum of {trust.quorum} needs as many witnesses' keys")
    if trust.timestamps > len({root_key(root) for root in trust.roots}):
        raise FormatError(f"{trust.timestamps} timestamps need as many authorities' roots")
