"""A job's codes: made in bulk, on all cores, into a file that survives being killed.

Everything in a code follows from job and key ring, so that the file itself is the only state: what
stands in it is continued from its last whole line, and a job made again gives the same bytes.
"""

import csv
import fcntl
import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec
import numpy as np

from codes.digital_link import Element
from codes.errors import CodeError
from codes.hidden_codes import HiddenCodes
from codes.jobs import IssuingJob
from codes.print_reports import PrintRange, check_ranges
from codes.serials import LENGTH as SERIAL_LENGTH
from codes.serials import Serials
from codes.signing import SIGNATURE_KEY, SeedSigner, Signer, message_of, sign_path, signed_text

CHUNK = 2000
"""Codes that are made, and written, at a time."""

Progress = Callable[[int], None]
"""Told how many codes of the job are in the file."""

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE32_PAIRS = np.frombuffer("".join(a + b for a in _BASE32 for b in _BASE32).encode(), dtype="u2")
_SIGNATURE_LENGTH = 103
_STAND_IN = "0" * SERIAL_LENGTH


@dataclass(frozen=True)
class Template:
    """What is the same in all codes of a job, split around the serial and the signature."""

    signed: tuple[str, str]
    uri: tuple[str, str]
    text: tuple[str, str]


def _around(text: str, middle: str) -> tuple[str, str]:
    before, _, after = text.partition(middle)
    return before, after


def _human_readable(path: list[Element], attributes: list[Element]) -> str:
    """The elements as GS1 prints them for people."""
    return " ".join(f"({ai}) {value}" for ai, value in (*path, *attributes))


class _NoSigner:
    """Signs a template's sample, of which only the frame is kept."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id

    def sign(self, message: bytes) -> bytes:
        """64 zero bytes."""
        del message
        return bytes(64)


def template(job: IssuingJob) -> Template:
    """The job's codes with their serial and signature left out."""
    order = job.order
    lot: list[Element] = [("10", order.lot)] if order.lot else []
    attributes: list[Element] = [("17", order.expiry)] if order.expiry else []
    # An at sign can stand in no AI's value, so that it marks the serial's place for sure.
    path: list[Element] = [("01", order.gtin), *lot, ("21", "@")]
    sample: list[Element] = [*path[:-1], ("21", _STAND_IN)]
    uri = sign_path(signed_text(sample, attributes), _NoSigner(order.key_id), domain=order.domain)
    stem = uri[: uri.index("/", len("HTTPS://"))]
    signed = _around(signed_text(path, attributes), "%40")
    separator = "&" if attributes else "?"
    tail = f"{signed[1]}{separator}{SIGNATURE_KEY}={order.key_id}."
    return Template(
        signed, (stem + signed[0], tail), _around(_human_readable(path, attributes), "@")
    )


def base32_signatures(signatures: bytes) -> list[str]:
    """Signatures of 64 bytes, one after another, each as 103 characters of base32."""
    raw = np.frombuffer(signatures, dtype=np.uint8).reshape(-1, 64)
    padded = np.zeros((len(raw), 65), dtype=np.uint64)
    padded[:, :64] = raw
    groups = padded.reshape(len(raw), 13, 5)
    words = np.zeros((len(raw), 13), dtype=np.uint64)
    for byte in range(5):
        words = words << np.uint64(8) | groups[:, :, byte]
    shifts = np.array([30, 20, 10, 0], dtype=np.uint64)
    pairs = ((words[:, :, None] >> shifts) & np.uint64(1023)).astype(np.intp)
    text = _BASE32_PAIRS[pairs].tobytes().decode()
    return [text[at : at + _SIGNATURE_LENGTH] for at in range(0, len(text), 104)]


@dataclass(frozen=True)
class CodeMaker:
    """Makes the codes of one job.

    ``hidden`` adds each item's hidden code.
    """

    job: IssuingJob
    serials: Serials
    signer: Signer
    hidden: HiddenCodes | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the job's file."""
        return ("index", "uri", "text", *(("hidden_code",) if self.hidden else ()))

    def uris(self, first: int, count: int) -> list[str]:
        """The signed codes of the job from its ``first``-th on."""
        return self._signed(template(self.job), self._serials(first, count))

    def _serials(self, first: int, count: int) -> list[str]:
        return self.serials.of(self.job.order.gtin).serials(self.job.first_index + first, count)

    def _signed(self, frame: Template, serials: list[str]) -> list[str]:
        prefix, suffix = (part.encode() for part in frame.signed)
        head = message_of(self.job.order.key_id, "") + prefix
        sign = self.signer.sign
        signatures = b"".join([sign(head + serial.encode() + suffix) for serial in serials])
        before, after = frame.uri
        return [
            f"{before}{serial}{after}{signature}"
            for serial, signature in zip(serials, base32_signatures(signatures), strict=True)
        ]

    def csv_lines(self, first: int, count: int) -> bytes:
        """The lines of the job's CSV from its ``first``-th code on, without the header."""
        frame = template(self.job)
        serials = self._serials(first, count)
        uris = self._signed(frame, serials)
        # The stand-in serial shows how the text is quoted; a serial itself never needs quoting.
        before, after = _around(_csv_cell(_STAND_IN.join(frame.text)), _STAND_IN)
        ends = self._hidden_cells(serials)
        start = self.job.first_index + first
        rows = zip(range(start, start + count), uris, serials, ends, strict=True)
        return "".join(
            [f"{index},{uri},{before}{serial}{after}{end}\n" for index, uri, serial, end in rows]
        ).encode()

    def _hidden_cells(self, serials: list[str]) -> list[str]:
        if self.hidden is None:
            return [""] * len(serials)
        gtin = self.job.order.gtin
        return ["," + self.hidden.code(gtin, serial) for serial in serials]


def _csv_cell(text: str) -> str:
    cell = io.StringIO()
    csv.writer(cell, lineterminator="").writerow([text])
    return cell.getvalue()


class MakerSecrets(msgspec.Struct, frozen=True):
    """All that a worker process needs to make codes; travels through a pipe, never to a disk."""

    job: IssuingJob
    master_secret: bytes
    seed: bytes
    hidden: bool

    def maker(self) -> CodeMaker:
        """A maker with the private key in memory."""
        return CodeMaker(
            self.job,
            Serials(self.master_secret),
            SeedSigner(self.job.order.key_id, self.seed),
            HiddenCodes(self.master_secret) if self.hidden else None,
        )


ChunkSource = Callable[[int], Iterator[bytes]]
"""Gives the CSV's chunks from the n-th code on, in order."""


def chunks(maker: CodeMaker) -> ChunkSource:
    """Chunks made in this process."""

    def source(first: int) -> Iterator[bytes]:
        total = maker.job.order.count
        for at in range(first, total, CHUNK):
            yield maker.csv_lines(at, min(CHUNK, total - at))

    return source


def _header(maker: CodeMaker) -> bytes:
    return ",".join(maker.columns).encode() + b"\n"


def _whole_lines(path: Path) -> tuple[int, int, bytes]:
    """Whole lines in the file, the byte after them, and the last of them."""
    lines, end, last, rest = 0, 0, b"", b""
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            lines += block.count(b"\n")
            whole = block.rfind(b"\n") + 1
            if whole:
                end += len(rest) + whole
                text = rest + block[:whole]
                last = text[text.rfind(b"\n", 0, -1) + 1 :]
                rest = block[whole:]
            else:
                rest += block
    return lines, end, last


def _codes_in(path: Path, maker: CodeMaker) -> tuple[int, int]:
    """How many codes of the job the file holds, and the byte after them.

    Raises:
        CodeError: ``job-invalid``: the file is not this job's.
    """
    lines, end, last = _whole_lines(path)
    if lines == 0:
        return 0, 0
    expected = _header(maker) if lines == 1 else b""
    if 1 < lines <= maker.job.order.count + 1:
        expected = maker.csv_lines(lines - 2, 1)
    if last != expected:
        raise CodeError(
            f"{path} is there already and holds something else than job {maker.job.order.job}",
            field="out",
            type="job-invalid",
        )
    return lines - 1, end


def _draft(out: Path) -> Path:
    return out.with_name(f".{out.name}.part")


def is_complete(out: Path, maker: CodeMaker) -> bool:
    """Whether ``out`` is there and holds the whole job.

    Raises:
        CodeError: it holds something else.
    """
    if not out.exists():
        return False
    codes, _ = _codes_in(out, maker)
    if codes != maker.job.order.count:
        raise CodeError(
            f"{out} is there already and holds {codes} codes", field="out", type="job-invalid"
        )
    return True


def write_csv(out: Path, maker: CodeMaker, source: ChunkSource, progress: Progress) -> None:
    """The job's codes into ``out``, from wherever an earlier attempt stopped.

    ``out`` appears when all its codes are on disk, and not before.

    Raises:
        CodeError: ``out``, or what is left of an attempt, is another job's.
    """
    if is_complete(out, maker):
        return
    draft = _draft(out)
    complete_draft(draft, maker, source, progress)
    draft.replace(out)
    sync(out.parent)


def complete_draft(draft: Path, maker: CodeMaker, source: ChunkSource, progress: Progress) -> None:
    """All the job's codes in the CSV ``draft``, durably; what is there already is kept."""
    with draft.open("ab") as file:
        _lock(file, draft)
        codes, end = _codes_in(draft, maker)
        file.truncate(end)
        if end == 0:
            file.write(_header(maker))
        progress(codes)
        for chunk in source(codes):
            file.write(chunk)
            codes += chunk.count(b"\n")
            progress(codes)
        file.flush()
        os.fsync(file.fileno())


def write_ranges(out: Path, maker: CodeMaker, ranges: Iterable[tuple[int, int]]) -> int:
    """The job's codes with these first and last indices, once more; how many they are.

    ``out`` appears when it is whole.

    Raises:
        CodeError: ``job-invalid``: a range is not the job's.
    """
    job, made = maker.job, 0
    asked = [PrintRange(first, last, "printed") for first, last in ranges]
    check_ranges(asked, job.first_index, job.order.count)
    draft = _draft(out)
    with draft.open("wb") as file:
        file.write(_header(maker))
        for wanted in asked:
            for at in range(wanted.first_index, wanted.last_index + 1, CHUNK):
                count = min(CHUNK, wanted.last_index + 1 - at)
                file.write(maker.csv_lines(at - job.first_index, count))
                made += count
        file.flush()
        os.fsync(file.fileno())
    draft.replace(out)
    sync(out.parent)
    return made


def _lock(file: IO[bytes], draft: Path) -> None:
    """Only one process at a time writes a draft."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CodeError(
            f"{draft} is being written by another process", field="out", type="job-invalid"
        ) from None


def sync(path: Path) -> None:
    """Returns when what was written to the file or folder is on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
