"""Policies that are proposed and enacted, each step with its entry in the evidence log."""

from datetime import datetime

import msgspec
import rfc8785
from msgspec import Struct
from sqlalchemy import Connection, insert, select, update

from events.errors import TracewardenError
from events.timed import from_microseconds, microseconds, rfc3339
from registry.policies import Policies, PolicyVersion
from registry.policy import Policy, read_policy
from store.evidence_records import record_policy
from store.registry import add_rows, read_policies
from store.schema.registry import policy_proposals


class Proposal(Struct, frozen=True):
    """A policy that somebody proposed; ``enacted_us``: when it was enacted, if it was."""

    proposal_id: int
    policy: Policy
    valid_from: datetime | None
    why: str | None
    by: str
    at_us: int
    enacted_us: int | None


def propose(connection: Connection, version: PolicyVersion, *, by: str, now_us: int) -> int:
    """Keep and log a proposal; returns its number."""
    in_force = Policies(*read_policies(connection)).at(now_us)
    begins = None if version.valid_from is None else microseconds(version.valid_from)
    number: int = connection.execute(
        insert(policy_proposals)
        .values(
            policy=rfc8785.dumps(msgspec.to_builtins(version.policy)),
            valid_from=begins,
            why=version.why,
            proposed_by=by,
            proposed_us=now_us,
        )
        .returning(policy_proposals.c.proposal_id)
    ).scalar_one()
    record_policy(
        connection,
        msgspec.to_builtins(version.policy),
        policy_hash=version.policy.digest(),
        before=in_force.digest,
        at=rfc3339(now_us),
        what="proposed",
        from_at=None if begins is None else rfc3339(begins),
        by=by,
        why=version.why,
    )
    return number


def proposals(connection: Connection) -> list[Proposal]:
    """All proposals, the newest first."""
    rows = connection.execute(
        select(policy_proposals).order_by(policy_proposals.c.proposal_id.desc())
    )
    return [
        Proposal(
            row.proposal_id,
            read_policy(row.policy),
            None if row.valid_from is None else from_microseconds(row.valid_from),
            row.why,
            row.proposed_by,
            row.proposed_us,
            row.enacted_us,
        )
        for row in rows
    ]


def enact(connection: Connection, version: PolicyVersion, *, by: str, now_us: int) -> None:
    """Let a policy be in force from its time on, or from now.

    Raises:
        RegistryConflictError: its number is taken by other thresholds.
    """
    add_rows(connection, "policy", now_us=now_us, by=by, policies=[version])


def enact_proposal(connection: Connection, number: int, *, by: str, now_us: int) -> Proposal:
    """Enact what was proposed, once.

    Raises:
        TracewardenError: there is no such proposal, or it is enacted already.
    """
    found = next((one for one in proposals(connection) if one.proposal_id == number), None)
    if found is None or found.enacted_us is not None:
        raise TracewardenError(
            "there is no such proposal that waits", field="proposal", type="proposal-unknown"
        )
    version = PolicyVersion(policy=found.policy, valid_from=found.valid_from, why=found.why)
    enact(connection, version, by=by, now_us=now_us)
    connection.execute(
        update(policy_proposals)
        .where(policy_proposals.c.proposal_id == number)
        .values(enacted_us=now_us, enacted_by=by)
    )
    return found
