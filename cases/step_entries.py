"""A step as an evidence entry: what, when and by whom in the open, its words by commitment."""

from typing import Any

import msgspec

from cases.steps import Taken
from events.timed import rfc3339
from evidence.commitments import Opening, commit
from evidence.entry import Entry

KIND = "case-step"


def entry_of_step(case_id: str, taken: Taken, salt: bytes) -> tuple[Entry, Opening]:
    """The entry, and what opens its commitment to the whole step.

    Words about dealers and people stay outside of the log and can be erased; files are named by
    their hash, so that a bundle can prove them.

    Args:
        salt: 32 random bytes.
    """
    step: dict[str, Any] = msgspec.to_builtins(taken.step)
    opening = commit(step, salt)
    body: dict[str, Any] = {
        "kind": KIND,
        "case_id": case_id,
        "number": taken.number,
        "at": rfc3339(taken.at_us),
        "actor": taken.actor,
        "step": step["step"],
        "content": opening.in_entry(),
    }
    files = [one["sha256"] for one in step.get("attachments", ())]
    if files:
        body["attachments"] = files
    return Entry(f"{KIND}/{case_id}/{taken.number}", body), opening
