"""Settings: everything that differs between installations, from ``TRACEWARDEN_…`` variables."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """One field a setting; its description is what the operator's page prints."""

    model_config = SettingsConfigDict(env_prefix="TRACEWARDEN_", extra="ignore", frozen=True)

    data: Annotated[
        Path | None,
        Field(description="Folder of the embedded set; where it is absent, servers are used."),
    ] = None
    database_url: Annotated[
        str,
        Field(description="SQLAlchemy URL of PostgreSQL (`postgresql+psycopg://…`) or SQLite."),
    ] = ""
    redis_url: Annotated[str, Field(description="Redis that holds the hot state.")] = ""
    kafka_bootstrap: Annotated[str, Field(description="Kafka brokers, `host:port,host:port`.")] = ""
    kafka_partitions: Annotated[
        int, Field(ge=1, description="Partitions of each topic that `topics create` makes.")
    ] = 8
    kafka_replication: Annotated[
        int, Field(ge=1, description="Replicas of each topic that `topics create` makes.")
    ] = 1
    evidence_folder: Annotated[
        Path | None,
        Field(description="Private folder of the evidence log's signing key and last signature; "
                          "never in the database or its backups. By default `evidence` in the key "
                          "folder; the embedded set keeps it beside its own, as `DIR.private`."),
    ] = None
    evidence_origin: Annotated[
        str,
        Field(description="Name of the evidence log where its key is made; by default the host of "
                          "the public address, and `/log`."),
    ] = ""
    key_folder: Annotated[
        Path | None, Field(description="Key ring: `jwks.json` and encrypted private keys.")
    ] = None
    key_passphrase: Annotated[
        SecretStr | None,
        Field(description="Opens the private keys, to issue codes, and the secret of the serials, "
                          "by which the API knows whether a job covers a serial."),
    ] = None
    witness_policy: Annotated[
        Path | None,
        Field(description="C2SP tlog-policy: witnesses that cosign the evidence log, with their "
                          "addresses, and how many of them it takes."),
    ] = None
    timestamp_url: Annotated[
        str, Field(description="RFC 3161 authority that says the time of checkpoints.")
    ] = ""
    timestamp_roots: Annotated[
        Path | None, Field(description="Root certificates of that authority, PEM.")
    ] = None
    anchor_every_s: Annotated[
        float,
        Field(ge=60, description="How often witnesses and the authority are asked to sign for the "
                                 "evidence log."),
    ] = 3600.0
    secret_key: Annotated[
        SecretStr | None,
        Field(description="Signs visits and sessions; at least 32 characters. Kept in the data "
                          "folder by the embedded set."),
    ] = None
    public_url: Annotated[
        str, Field(description="Address under which phones reach the service.")
    ] = "http://127.0.0.1:8080"
    brand_name: Annotated[
        str, Field(description="The brand's name on the consumer's page.")
    ] = "Tracewarden Demo Brand"
    api_host: Annotated[str, Field(description="Address that the API listens on.")] = "127.0.0.1"
    api_port: Annotated[int, Field(ge=0, le=65535, description="Port of the API.")] = 8080
    log_level: Annotated[str, Field(description="`debug`, `info`, `warning` or `error`.")] = "info"
    dead_letter_limit: Annotated[
        float,
        Field(gt=0, le=1, description="Share of bad events in the last 1,000 above which a worker "
                                      "halts instead of draining its topic."),
    ] = 0.5
    commit_lag_limit_s: Annotated[
        float,
        Field(gt=0, description="A worker that commits nothing for longer ends itself."),
    ] = 300.0
    retry_limit_s: Annotated[
        float,
        Field(gt=0, description="How long a worker retries a fault of its servers before it ends "
                                "without acknowledging; below Kafka's poll interval."),
    ] = 120.0
    gather_after_s: Annotated[
        float,
        Field(ge=0, description="How long judgements are held back before they are gathered into "
                                "cases, so that the skew between partitions makes no difference."),
    ] = 60.0
    repair_max_change: Annotated[
        float,
        Field(ge=0, le=1, description="Share of its area by which repair may change a territory "
                                      "that crosses itself; what changes more is refused."),
    ] = 0.01
    overlap_min_share: Annotated[
        float,
        Field(ge=0, le=1, description="Territories that share less than this of the smaller one "
                                      "do not overlap: a sliver between two sources."),
    ] = 0.001
    territory_index: Annotated[
        Path | None,
        Field(description="Folder in which processes of one machine share territories: their "
                          "geometry decoded, an index of all, and the areas made of them; worth "
                          "it from some 100,000 vertices on."),
    ] = None
    restraints: Annotated[
        Path | None,
        Field(description="Counsel's table of possible restraints of trade (TOML), instead of "
                          "`registry/restraints.toml`."),
    ] = None
