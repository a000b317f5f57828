"""A job's codes, made in bulk: serials, signatures and lines in columns.

Everything in a code follows from job and key ring, so that a job made again gives the same bytes.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import msgspec
import numpy as np

from codes.digital_link import Element
from codes.hidden_codes import HiddenCodes
from codes.jobs import IssuingJob
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
