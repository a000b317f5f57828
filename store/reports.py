"""Consumers' reports: written with their photo in one transaction, under a receipt number."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, delete, insert, select

from store.instants import to_us
from store.schema.reports import consumer_reports, report_photos
from store.transactions import reading

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without characters that are mistaken for one another."""


@dataclass(frozen=True, slots=True)
class Photo:
    """An image that the service has encoded itself."""

    media_type: str
    image: bytes


@dataclass(frozen=True, slots=True)
class Report:
    """What somebody told of an item; ``consent_text`` are the words that they agreed to."""

    uri: str
    subject: str
    message: str
    bought_at: str
    contact: str
    consent_text: str


def new_receipt(entropy: Callable[[int], bytes]) -> str:
    """A number that can be read aloud, ``XXXX-XXXX-XXXX``, and not be guessed."""
    number = int.from_bytes(entropy(16), "big")
    letters = []
    for _ in range(12):
        number, index = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[index])
    text = "".join(letters)
    return f"{text[:4]}-{text[4:8]}-{text[8:]}"


def add_report(
    engine: Engine, receipt: str, report: Report, photo: Photo | None, now: datetime
) -> None:
    """Store a report."""
    row = {
        "receipt": receipt,
        "uri": report.uri,
        "subject": report.subject,
        "written_us": to_us(now),
        "message": report.message,
        "bought_at": report.bought_at,
        "contact": report.contact,
        "consent_text": report.consent_text,
    }
    with engine.begin() as connection:
        connection.execute(insert(consumer_reports).values(row))
        if photo is not None:
            image = {"media_type": photo.media_type, "image": photo.image}
            connection.execute(insert(report_photos).values(receipt=receipt, **image))


def find_report(engine: Engine, receipt: str) -> Report | None:
    """The report under this receipt."""
    query = select(
        consumer_reports.c.uri,
        consumer_reports.c.subject,
        consumer_reports.c.message,
        consumer_reports.c.bought_at,
        consumer_reports.c.contact,
        consumer_reports.c.consent_text,
    )
    with reading(engine) as connection:
        row = connection.execute(query.where(consumer_reports.c.receipt == receipt)).one_or_none()
    return None if row is None else Report(*row)


def find_photo(engine: Engine, receipt: str) -> Photo | None:
    """The photo of the report under this receipt."""
    query = select(report_photos.c.media_type, report_photos.c.image)
    with reading(engine) as connection:
        row = connection.execute(query.where(report_photos.c.receipt == receipt)).one_or_none()
    return None if row is None else Photo(*row)


def purge_reports(engine: Engine, before: datetime) -> int:
    """Remove reports written before ``before``, with their photos; returns how many."""
    old = consumer_reports.c.written_us < to_us(before)
    receipts = select(consumer_reports.c.receipt).where(old)
    with engine.begin() as connection:
        connection.execute(delete(report_photos).where(report_photos.c.receipt.in_(receipts)))
        return connection.execute(delete(consumer_reports).where(old)).rowcount
