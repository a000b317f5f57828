"""The zip file that a bundle is: read in full, and written again in its one form."""

from collections.abc import Mapping
from io import BytesIO
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from verifier.result import WrongError

MAX_BYTES = 2 << 30


def open_container(data: bytes) -> dict[str, bytes]:
    """The files of the zip, each read in full, which also checks its CRC.

    Raises:
        WrongError: it is no zip, or has another form than bundles have.
    """
    name = ""
    files: dict[str, bytes] = {}
    try:
        with ZipFile(BytesIO(data)) as bundle:
            room = min(MAX_BYTES, len(data))
            for member in bundle.infolist():
                name = member.filename
                if name in files:
                    raise WrongError(name, "file-twice", "two files of one name")
                if member.compress_type != ZIP_STORED or member.flag_bits & 1:
                    detail = "the file is compressed or encrypted"
                    raise WrongError(name, "container-changed", detail)
                # Nothing is compressed, so that the files hold no more than the zip itself.
                room -= member.file_size
                if room < 0:
                    detail = f"the files claim more bytes than the zip has, or than {MAX_BYTES}"
                    raise WrongError(name, "too-large", detail)
                files[name] = bundle.read(member)
    # All that zipfile raises of bytes that lie about themselves; each is the bundle's fault.
    except (BadZipFile, EOFError, ValueError, NotImplementedError, OSError) as error:
        detail = f"not as it was packed: {error}" if name else f"no whole zip: {error}"
        raise WrongError(name, "file-changed", detail) from None
    return files


def write_container(files: Mapping[str, bytes]) -> bytes:
    """The zip in the one form in which bundles are written: sorted, stored, without times."""
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_STORED) as out:
        for path in sorted(files):
            member = ZipInfo(path, date_time=(1980, 1, 1, 0, 0, 0))
            member.create_system = 3
            member.external_attr = 0o100644 << 16
            out.writestr(member, files[path])
    return buffer.getvalue()
