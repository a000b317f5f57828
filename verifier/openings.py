"""What entries only hold hashes and commitments of: attachments, values and stored events."""

import json
import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from verifier.files import file_of, json_of, strings_in
from verifier.result import WrongError


def read_sources(files: Mapping[str, bytes], entries: Mapping[int, dict[str, Any]]) -> list[Any]:
    """Lists of commitments that were too long for their entry, which holds their hash."""
    found = []
    for name in sorted(files):
        if match := re.fullmatch(r"sources/(0|[1-9][0-9]{0,18})\.json", name):
            body = entries.get(int(match[1]), {}).get("body", {})
            if body.get("sources_sha256") != sha256(files[name]).hexdigest():
                raise WrongError(name, "not-in-log", "no entry holds the hash of this list")
            found.append(json_of(name, files[name]))
    return found


def check_attachments(files: Mapping[str, bytes], bodies: list[Any]) -> int:
    """The hash of each attachment stands in an entry."""
    logged = strings_in(bodies)
    names = [name for name in sorted(files) if name.startswith("attachments/")]
    for name in names:
        if sha256(files[name]).hexdigest() not in logged:
            raise WrongError(name, "not-in-log", "no entry holds the hash of this attachment")
    return len(names)


def check_disclosures(files: Mapping[str, bytes], bodies: list[Any]) -> dict[str, int]:
    """Each disclosed value or event and its salt give a commitment that stands in an entry."""
    name = "disclosures.json"
    logged = strings_in(bodies)
    disclosed = json_of(name, file_of(files, name))
    counted = {"disclosures": 0, "events": 0}
    opened = set()
    try:
        for one in disclosed:
            salt, commitment = bytes.fromhex(one["salt"]), one["commitment"]
            value, what = _value(files, one)
            actual = sha256(b"tracewarden-commitment/1\n" + salt + value).hexdigest()
            if len(salt) != 32 or actual != commitment or commitment not in logged:
                where = one.get("file", name)
                detail = f"no entry commits to the value of {commitment}"
                raise WrongError(where, "not-in-log", detail)
            counted[what] += 1
            opened.add(one.get("file"))
    except (TypeError, KeyError, ValueError, AttributeError):
        raise WrongError(name, "disclosure-malformed", "no list of disclosures") from None
    for path in sorted(files):
        if path.startswith("events/") and path not in opened:
            raise WrongError(path, "not-in-log", "no commitment is opened by this event")
    return counted


def _value(files: Mapping[str, bytes], one: Mapping[str, Any]) -> tuple[bytes, str]:
    """What was committed to: a value as canonical JSON, or an event's text as one string."""
    if "file" not in one:
        return one["value_json"].encode(), "disclosures"
    text = file_of(files, one["file"]).decode("utf-8")
    return json.dumps(text, ensure_ascii=False).encode(), "events"
