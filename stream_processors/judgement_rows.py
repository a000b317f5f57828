"""What a judgement changes of the rows that gathering takes.

As with signals, what it speaks of from ``since`` on is what it says, unless a later revision has
spoken.
"""

from judging.gathering import judgements_of
from judging.revisions import Floors
from store.gathering import JudgementRow, Rows
from stream_processors.messages import JudgementMessage


def take_rows(rows: Rows, message: JudgementMessage, floors: Floors) -> None:
    """Bring the rows of the message's subject up to date, in place."""
    said = {}
    for unit in message.units:
        if floors.counts(unit.order, message.revision):
            for judged in judgements_of(unit.unit(message.subject)):
                row = JudgementRow(judged, unit.at_us, message.revision)
                said[row.key] = row
    for key, row in list(rows.items()):
        is_spoken_of = row.order >= message.since and row.revision <= message.revision
        if is_spoken_of and key not in said:
            del rows[key]
    rows.update(said)
