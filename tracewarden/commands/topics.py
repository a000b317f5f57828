"""``tracewarden topics``: create topics; list dead letters and send them again."""

from typing import Annotated

import msgspec
import typer

from stream_processors import administration
from stream_processors.messages import DeadLetter
from tracewarden.commands.refusals import refusals
from tracewarden.installation import ConfigurationError
from tracewarden.settings import Settings

app = typer.Typer(help="Kafka topics: create, dead-letters.", no_args_is_help=True)


def _bootstrap(settings: Settings) -> str:
    if not settings.kafka_bootstrap:
        raise ConfigurationError("TRACEWARDEN_KAFKA_BOOTSTRAP is not set")
    return settings.kafka_bootstrap


@app.command()
def create() -> None:
    """Create the topics that are not there, with equal numbers of partitions."""
    with refusals():
        settings = Settings()
        made = administration.create_topics(
            _bootstrap(settings),
            partitions=settings.kafka_partitions,
            replication=settings.kafka_replication,
        )
    typer.echo(msgspec.json.encode({"created": made}).decode())


@app.command("dead-letters")
def dead_letters(
    send_again: Annotated[
        bool, typer.Option("--send-again", help="Publish the original bytes once more.")
    ] = False,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Numbers of single dead letters.")
    ] = None,
) -> None:
    """List dead letters: where each lay, why it was refused, and its bytes."""
    with refusals():
        bootstrap = _bootstrap(Settings())
        chosen: list[DeadLetter] = []
        for number, letter in administration.dead_letters(bootstrap):
            if only and number not in only:
                continue
            chosen.append(letter)
            line = {"number": number, **msgspec.to_builtins(letter)}
            typer.echo(msgspec.json.encode(line).decode())
        if send_again:
            sent = administration.send_again(bootstrap, chosen)
            typer.echo(f"{sent} sent again", err=True)
