"""The registry in the database: rows are added under a new revision, never edited."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import rfc8785
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Table, func, insert, select

from events.errors import TracewardenError
from events.timed import microseconds, rfc3339
from registry.model import Authorisation, Permit, Territory
from registry.policies import Policies, PolicyVersion
from registry.policy import Policy, read_policy
from registry.recording import ROW_TYPES
from registry.rows import RegistryRows
from store.evidence_records import record_policy, record_registry
from store.registry_versions import versions_at
from store.schema import registry as schema
from store.schema.events import events
from store.territories import read_territories, time_of

TABLES: Mapping[str, Table] = {
    **{name: getattr(schema, name) for name in ROW_TYPES},
    "territories": schema.territories,
}
TYPES: Mapping[str, type[Struct]] = {**ROW_TYPES, "territories": Territory}
_TIMES = frozenset(["valid_from", "valid_to", "depart_after", "arrive_before", "issued_at"])
TAKES_EFFECT_US = 1_000_000
"""A row without ``recorded_at`` counts from a second after it was loaded: by then every worker has
seen it, so that no event is judged without a row that was recorded before the event came."""


class RegistryConflictError(TracewardenError):
    """Rows that would change what was already judged, or that refer to nothing."""

    type = "registry-conflict"


def revision_of(connection: Connection) -> int:
    """The newest revision; 0 where nothing was loaded."""
    newest = connection.execute(select(func.max(schema.registry_revisions.c.revision)))
    return newest.scalar() or 0


def read_rows(connection: Connection, shapes: Path | None = None) -> tuple[int, RegistryRows]:
    """All rows, and the revision that they are.

    ``shapes``: a folder in which the territories' geometry is kept, decoded, and mapped by every
    process that reads the same rows; without it each decodes its own.
    """
    revision = revision_of(connection)
    rows: dict[str, Any] = {name: tuple(_read(connection, name)) for name in ROW_TYPES}
    if shapes is None:
        rows["territories"] = tuple(_read(connection, "territories"))
    else:
        rows["territories"] = read_territories(connection, shapes)
    frame = connection.execute(
        select(schema.frames).order_by(schema.frames.c.frame_id.desc()).limit(1)
    ).one_or_none()
    if frame is None:
        return revision, RegistryRows(**rows)
    return revision, RegistryRows(
        **rows,
        own_glns=tuple(frame.own_glns),
        policy=read_policy(frame.policy),
        lateness_s=frame.lateness_s,
    )


def read_policies(connection: Connection) -> tuple[Policy, list[PolicyVersion]]:
    """The policy in force at first, and the versions that followed it."""
    newest = select(schema.frames.c.policy).order_by(schema.frames.c.frame_id.desc()).limit(1)
    raw = connection.execute(newest).scalar()
    versions: Iterable[Any] = _read(connection, "policies")
    return Policy() if raw is None else read_policy(raw), list(versions)


def _read(connection: Connection, name: str) -> Iterable[Struct]:
    table, row_type = TABLES[name], TYPES[name]
    fields = [column for column in table.c if column.name in row_type.__struct_fields__]
    query = select(*fields, table.c.recorded_us).order_by(table.c.row_id)
    for found in connection.execute(query).mappings():
        values = {str(key): value for key, value in found.items() if key != "recorded_us"}
        for key in _TIMES & values.keys():
            values[key] = time_of(values[key])
        if "geometry" in values:
            values["geometry"] = msgspec.json.decode(values["geometry"])
        values["recorded_at"] = time_of(found["recorded_us"])
        yield msgspec.convert(values, row_type)


def load_rows(
    connection: Connection, name: str, rows: RegistryRows, *, now_us: int, by: str | None = None
) -> dict[str, int]:
    """Add the rows of a recording; rows that are there already are passed over.

    ``by`` is who did it, where that is a person known by name. Returns: rows taken, by kind.

    Raises:
        RegistryConflictError: a reference to nothing, or another policy or lateness than the one
            by which events were judged.
    """
    # A tick only says that time passed: nothing was judged by it that a row could change.
    judged = select(events.c.identity).where(events.c.kind != "tick").limit(1)
    has_events = connection.execute(judged).first() is not None
    _, before = read_rows(connection)
    _check_references(before, rows)
    _check_versions(before.territories, rows.territories)
    _check_policies(before, rows, has_events)
    own_glns = tuple(dict.fromkeys((*before.own_glns, *rows.own_glns)))
    if has_events and (rows.policy, rows.lateness_s) != (before.policy, before.lateness_s):
        raise RegistryConflictError(
            "events were judged by another policy or lateness; enact the policy "
            "(`tracewarden policy enact`), or load this into a fresh store",
            field="policy",
        )
    revision = connection.execute(
        insert(schema.registry_revisions)
        .values(loaded_us=now_us, source=name)
        .returning(schema.registry_revisions.c.revision)
    ).scalar_one()
    connection.execute(
        insert(schema.frames).values(
            name=name,
            own_glns=list(own_glns),
            policy=rfc8785.dumps(msgspec.to_builtins(rows.policy)),
            lateness_s=rows.lateness_s,
            revision=revision,
        )
    )
    recorded = now_us + TAKES_EFFECT_US if has_events else None
    taken = {
        kind: _insert(connection, kind, getattr(rows, kind), revision, recorded)
        for kind in TABLES
    }
    _record(connection, name, before if revision > 1 else None, rows, revision, now_us)
    _record_versions(connection, before, rows, now_us, by)
    return taken


def _record(
    connection: Connection,
    name: str,
    before: RegistryRows | None,
    rows: RegistryRows,
    revision: int,
    now_us: int,
) -> None:
    """Log what is known from now on; last, since it holds the log's head until the commit."""
    at, policy_hash = rfc3339(now_us), rows.policy.digest()
    earlier = None if before is None else before.policy.digest()
    if policy_hash != earlier:
        policy = msgspec.to_builtins(rows.policy)
        record_policy(connection, policy, policy_hash=policy_hash, before=earlier, at=at)
    versions = versions_at(connection, revision)
    record_registry(connection, versions, source=name, policy_hash=policy_hash, at=at)


def _record_versions(
    connection: Connection, before: RegistryRows, rows: RegistryRows, now_us: int, by: str | None
) -> None:
    """Log each version of the policy that is new, with what it replaces."""
    known = list(before.policies)
    for row in _fresh(before, rows):
        in_force = Policies(rows.policy, known).at(max(row.from_us, now_us))
        record_policy(
            connection,
            msgspec.to_builtins(row.policy),
            policy_hash=row.policy.digest(),
            before=in_force.digest,
            at=rfc3339(now_us),
            from_at=rfc3339(max(row.from_us, now_us)),
            by=by,
            why=row.why,
        )
        known.append(row)


def _fresh(before: RegistryRows, rows: RegistryRows) -> list[PolicyVersion]:
    held = {msgspec.json.encode(row) for row in before.policies}
    held |= {msgspec.json.encode(replace(row, recorded_at=None)) for row in before.policies}
    return [row for row in rows.policies if msgspec.json.encode(row) not in held]


def _check_policies(before: RegistryRows, rows: RegistryRows, has_events: bool) -> None:
    """A version is never edited, and none reaches back to what was judged already."""
    known = {row.policy.version: row.policy for row in before.policies}
    known.setdefault(rows.policy.version, rows.policy)
    for row in _fresh(before, rows):
        number = row.policy.version
        if known.setdefault(number, row.policy) != row.policy:
            raise RegistryConflictError(
                f"policies.jsonl: version {number} is there already with other thresholds; "
                "give what changed a new number",
                field="version",
                type="policy-version-exists",
            )
        if has_events and row.recorded_at is not None:
            raise RegistryConflictError(
                f"policies.jsonl: version {number} says itself when it was recorded; events were "
                "judged since, so that it can only be enacted from now on",
                field="recorded_at",
            )


def add_rows(
    connection: Connection,
    name: str,
    *,
    now_us: int,
    by: str | None = None,
    **kinds: Iterable[Struct],
) -> dict[str, int]:
    """Add rows by kind to what is there, under the frame that is in force.

    Raises:
        RegistryConflictError: as ``load_rows``.
    """
    _, known = read_rows(connection)
    rows = RegistryRows(
        **{kind: tuple(given) for kind, given in kinds.items()},  # type: ignore[arg-type]
        own_glns=known.own_glns,
        policy=known.policy,
        lateness_s=known.lateness_s,
    )
    return load_rows(connection, name, rows, now_us=now_us, by=by)


def _insert(
    connection: Connection,
    kind: str,
    rows: Iterable[Struct],
    revision: int,
    recorded_us: int | None,
) -> int:
    table = TABLES[kind]
    known = set(connection.execute(select(table.c.digest)).scalars())
    fresh = []
    for row in rows:
        values = _values(row, revision, recorded_us)
        if values["digest"] not in known:
            known.add(values["digest"])
            fresh.append(values)
    if fresh:
        connection.execute(insert(table), fresh)
    return len(fresh)


def _values(row: Any, revision: int, recorded_us: int | None) -> dict[str, Any]:
    plain = msgspec.to_builtins(row)
    values = {
        name: _column(name, getattr(row, name), plain.get(name, getattr(row, name)))
        for name in row.__struct_fields__
        if name != "recorded_at"
    }
    if row.recorded_at is not None:
        recorded_us = microseconds(row.recorded_at)
    digest = hashlib.sha256(msgspec.json.encode(plain, order="sorted")).hexdigest()
    return {**values, "recorded_us": recorded_us, "revision": revision, "digest": digest}


def _column(name: str, value: Any, plain: Any) -> Any:
    if isinstance(value, datetime):
        return microseconds(value)
    return msgspec.json.encode(value) if name == "geometry" else plain


def _check_references(before: RegistryRows, rows: RegistryRows) -> None:
    dealers = {row.dealer_id for row in (*before.dealers, *rows.dealers)}
    territories = {row.territory_id for row in (*before.territories, *rows.territories)}
    for dealer in rows.dealers:
        if dealer.parent_id is not None and dealer.parent_id not in dealers:
            raise _dangling("dealers.jsonl", dealer.dealer_id, "parent_id", dealer.parent_id)
    jobs = {row.job for row in (*before.jobs, *rows.jobs)}
    for report in rows.print_reports:
        if report.job not in jobs:
            raise _dangling("print_reports.jsonl", report.report_id, "job", report.job)
    granted: list[tuple[str, str, Authorisation | Permit]] = [
        *(("authorisations.jsonl", row.authorisation_id, row) for row in rows.authorisations),
        *(("permits.jsonl", row.permit_id, row) for row in rows.permits),
    ]
    for file, key, row in granted:
        if row.dealer_id not in dealers:
            raise _dangling(file, key, "dealer_id", row.dealer_id)
        for territory_id in row.territory_ids:
            if territory_id not in territories:
                raise _dangling(file, key, "territory_ids", territory_id)


def _check_versions(before: Iterable[Territory], fresh: Iterable[Territory]) -> None:
    """A version of a territory is never edited: what was judged by it must stay what it was."""
    known = {(row.territory_id, row.version): row for row in before}
    for row in fresh:
        there = known.setdefault((row.territory_id, row.version), row)
        if there is not row and _content(there) != _content(row):
            raise RegistryConflictError(
                f"territories.geojson: {row.territory_id} version {row.version} is there already "
                "with other content; give what changed a new version",
                field="version",
                type="territory-version-exists",
            )


def _content(row: Territory) -> bytes:
    begins_us = None if row.valid_from is None else microseconds(row.valid_from)
    return msgspec.json.encode((row.name, begins_us, row.geometry), order="sorted")


def _dangling(file: str, key: str, field: str, value: str) -> RegistryConflictError:
    return RegistryConflictError(f"{file}: {key}: {field} {value!r} is nowhere", field=field)
