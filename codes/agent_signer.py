"""A signer whose private key lies in an SSH agent: another process, a smart card, a remote HSM.

An agent signs whatever bytes it is given by Ed25519 as RFC 8032 says, so that its signatures are
those of a code. The protocol is that of draft-ietf-sshm-ssh-agent: ``ssh-agent`` and ``gpg-agent``
speak it, and so do the agents of most key stores.
"""

import base64
import binascii
import socket
import struct
from pathlib import Path

from codes.errors import CodeError
from codes.jwks import KEY_ID

_SIGN_REQUEST, _SIGN_RESPONSE = 13, 14
_ALGORITHM = b"ssh-ed25519"
_LENGTH = struct.Struct(">I")
_LONGEST_ANSWER = 4096
_PATIENCE_S = 30.0
_NO_FLAGS = bytes(4)


def _refused(detail: str, field: str) -> CodeError:
    return CodeError(detail, field=field, type="keys-invalid")


def _string(raw: bytes) -> bytes:
    return _LENGTH.pack(len(raw)) + raw


def _strings(raw: bytes) -> list[bytes]:
    """The strings that ``raw`` is made of."""
    found = []
    while raw:
        (length,) = _LENGTH.unpack_from(raw)
        if len(raw) < _LENGTH.size + length:
            raise struct.error("a string is cut off")
        found.append(raw[_LENGTH.size : _LENGTH.size + length])
        raw = raw[_LENGTH.size + length :]
    return found


def public_key_of_line(line: str) -> bytes:
    """The 32 bytes of a public key as OpenSSH writes it, ``ssh-ed25519 AAAA… comment``.

    Raises:
        CodeError: ``keys-invalid``: it is no Ed25519 key.
    """
    try:
        name, text = line.split()[:2]
        algorithm, raw = _strings(base64.b64decode(text, validate=True))
    except (ValueError, binascii.Error, struct.error):
        raise _refused("not a public key of OpenSSH", "agent_key") from None
    if name.encode() != _ALGORITHM or algorithm != _ALGORITHM or len(raw) != 32:
        raise _refused("codes are signed with keys of kind ssh-ed25519", "agent_key")
    return raw


class AgentSigner:
    """Signs through the agent behind a Unix socket, with a connection for each signature."""

    def __init__(self, key_id: str, public: bytes, socket_path: Path) -> None:
        if not KEY_ID.fullmatch(key_id):
            raise _refused("a key id is 1 to 16 of A-Z, 0-9 and -", "key_id")
        self._key_id = key_id
        self._blob = _string(_string(_ALGORITHM) + _string(public))
        self._path = socket_path

    @property
    def key_id(self) -> str:
        """The id that verifiers look the public key up by."""
        return self._key_id

    def sign(self, message: bytes) -> bytes:
        """The agent's Ed25519 signature over ``message``, 64 bytes.

        Raises:
            CodeError: ``keys-invalid``: the agent does not answer, or does not hold the key.
        """
        try:
            answer = self._ask(bytes([_SIGN_REQUEST]) + self._blob + _string(message) + _NO_FLAGS)
        except OSError as error:
            raise _refused(f"the agent at {self._path} does not answer: {error}", "key") from None
        if answer[:1] != bytes([_SIGN_RESPONSE]):
            raise _refused(f"the agent does not sign with key {self._key_id}", "key")
        try:
            (signature,) = _strings(answer[1:])
            algorithm, raw = _strings(signature)
        except (ValueError, struct.error):
            raise _refused("the agent's answer is malformed", "key") from None
        if algorithm != _ALGORITHM or len(raw) != 64:
            raise _refused("the agent's signature is none by Ed25519", "key")
        return raw

    def _ask(self, request: bytes) -> bytes:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_PATIENCE_S)
            connection.connect(str(self._path))
            connection.sendall(_string(request))
            (length,) = _LENGTH.unpack(_exactly(connection, _LENGTH.size))
            if length > _LONGEST_ANSWER:
                raise OSError("its answer is too long")
            return _exactly(connection, length)


def _exactly(connection: socket.socket, length: int) -> bytes:
    parts = bytearray()
    while len(parts) < length:
        part = connection.recv(length - len(parts))
        if not part:
            raise OSError("it closed the connection")
        parts += part
    return bytes(parts)
