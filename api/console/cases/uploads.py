"""Files that come with a step: checked, hashed, and never run by anybody's browser."""

import hashlib
from collections.abc import Sequence

from starlette.datastructures import FormData, UploadFile

from cases.errors import step_invalid
from cases.steps import Attachment
from store.case_steps import StoredFile

LARGEST_FILE = 8 * 1024 * 1024
MOST_FILES = 8
FORM_BYTES = MOST_FILES * LARGEST_FILE + 256 * 1024

_KINDS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"PK\x03\x04", "application/zip"),
)
"""By their first bytes, not by what the sender says; spreadsheets and text documents are zips."""


async def files_of(form: FormData) -> list[StoredFile]:
    """The files of a form, in order; the form's own copies of them are closed.

    Raises:
        cases.errors.CaseError: a file is too large or of another kind.
    """
    sent = [value for value in form.getlist("files") if isinstance(value, UploadFile)]
    chosen = [value for value in sent if value.filename or value.size]
    try:
        return [_file(value.filename or "file", await value.read()) for value in chosen]
    finally:
        await form.close()


def _file(name: str, content: bytes) -> StoredFile:
    if len(content) > LARGEST_FILE:
        raise step_invalid(f"a file has at most {LARGEST_FILE} bytes", "files")
    kind = next((kind for start, kind in _KINDS if content.startswith(start)), None)
    if kind is None and _is_text(content):
        kind = "text/plain"
    if kind is None:
        raise step_invalid("a file is a PDF, JPEG, PNG, office document or plain text", "files")
    plain = "".join(letter for letter in name if letter.isprintable())[:120] or "file"
    return StoredFile(hashlib.sha256(content).hexdigest(), plain, kind, content)


def _is_text(content: bytes) -> bool:
    try:
        return bool(content) and "\0" not in content.decode()
    except UnicodeDecodeError:
        return False


def attachments_of(files: Sequence[StoredFile]) -> tuple[Attachment, ...]:
    """The files as a step names them."""
    return tuple(
        Attachment(file.sha256, file.name, file.media_type, len(file.content)) for file in files
    )
