"""The policy under which what is taken out was judged."""

from collections.abc import Iterable

from evidence.entry import read_entry
from registry import Registry
from registry.policies import InForce


def judged_by(entries: Iterable[bytes], registry: Registry) -> InForce:
    """Of the policies that the entries name the one in force last; the present one if they name
    none that is known."""
    named = {read_entry(entry).body.get("policy_hash") for entry in entries}
    versions = registry.policies.all
    return next((one for one in reversed(versions) if one.digest in named), versions[-1])
