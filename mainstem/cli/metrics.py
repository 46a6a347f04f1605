"""`mainstem metrics`: where the processes of a home tell their metrics, and what they say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from mainstem.cli.options import Format, Home, Output
from mainstem.cli.printed import Table, as_json, terminal
from mainstem.observe.serving import DIRECTORY, Target, targets
from mainstem.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def metrics(
    scrape: Annotated[bool, typer.Option("--scrape", help="Print what they say, in Prometheus' text format.")] = False,
    only: Annotated[list[str] | None, typer.Option(help="A process by name; may be given several times.")] = None,
    home: Home = None,
    output: Format = Output.TABLE,
) -> None:
    """Print where each process serves /metrics, or with --scrape what they say. docs/metrics.md tells what each metric means.

    Exit code 1 where a process does not answer, or none is known.

    Examples:

        mainstem metrics

        mainstem metrics --scrape --only worker | grep mainstem_lag
    """
    directory = (home or Settings().home) / DIRECTORY
    found = [target for target in targets(directory) if not only or target.process in only]
    if not found:
        typer.echo(f"no process of {directory.parent} serves /metrics; start it with `mainstem run`", err=True)
        raise typer.Exit(1)
    answers = {target.process: _ask(target) for target in found}
    if scrape:
        for process, answer in answers.items():
            typer.echo(f"# process {process}\n{answer}" if answer is not None else f"# process {process} does not answer")
    elif output is Output.JSON:
        rows = [{"process": one.process, "url": one.url, "pid": one.pid, "answers": answers[one.process] is not None} for one in found]
        as_json(rows)
    else:
        _print(found, answers)
    if None in answers.values():
        raise typer.Exit(1)


def _ask(target: Target) -> str | None:
    import httpx

    if not target.alive:
        return None
    try:
        return httpx.get(target.url, timeout=5).text
    except httpx.TransportError:
        return None


def _print(found: Sequence[Target], answers: dict[str, str | None]) -> None:
    table = Table("process", "metrics", "pid", "answers")
    for one in found:
        said = answers[one.process]
        table.add_row(one.process, one.url, str(one.pid), "no" if said is None else "yes")
    terminal().print(table)
