"""How a replay tells of its progress."""

from io import StringIO

from rich.console import Console
from rich.progress import Progress

from tracewarden.commands.replay import advancing


def test_a_stage_has_one_line_however_often_it_is_told_of() -> None:
    bar = Progress(console=Console(file=StringIO()))
    advance = advancing(bar)
    for what, count in [("events read", 2000), ("items judged", 7), ("events read", 5)]:
        advance(what, count)
    assert [(line.description, line.completed) for line in bar.tasks] == [
        ("events read", 2005), ("items judged", 7)
    ]
