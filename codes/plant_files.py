"""A job's file for a printing plant, encrypted to the plant's public key (age, X25519).

The plant makes its key pair with any age tool and gives the public half, ``age1…``.
"""

from collections.abc import Sequence
from pathlib import Path

import pyrage  # type: ignore[import-untyped]

from codes.errors import CodeError


def _refused(detail: str, field: str) -> CodeError:
    return CodeError(detail, field=field, type="keys-invalid")


def encrypt_for(source: Path, out: Path, recipients: Sequence[str]) -> None:
    """``source``, encrypted to every recipient, into ``out``, which appears when it is whole.

    Raises:
        CodeError: a recipient is no age public key, or there is none.
    """
    if not recipients:
        raise _refused("name at least one recipient", "recipient")
    try:
        keys = [pyrage.x25519.Recipient.from_str(text) for text in recipients]
    except pyrage.RecipientError as error:
        raise _refused(f"not an age public key: {error}", "recipient") from None
    if not source.is_file():
        raise FileNotFoundError(2, "No such file", str(source))
    draft = out.with_name(f".{out.name}.part")
    pyrage.encrypt_file(str(source), str(draft), keys)
    draft.replace(out)


def decrypt_with(source: Path, out: Path, identity: str) -> None:
    """What the plant does: ``source`` opened with its secret key, ``AGE-SECRET-KEY-1…``.

    Raises:
        CodeError: the key is malformed, or is not a recipient's.
    """
    try:
        key = pyrage.x25519.Identity.from_str(identity)
        pyrage.decrypt_file(str(source), str(out), [key])
    except (pyrage.IdentityError, pyrage.DecryptError) as error:
        raise _refused(f"the key does not open the file: {error}", "identity") from None
