"""`mainstem stack`: start, stop and look at the servers."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from mainstem.cli.options import Format, Output
from mainstem.cli.printed import Table, as_json, terminal
from mainstem.cli.stack_capture import capture
from mainstem.cli.stack_missing import missing

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Start, stop and look at the servers.")

Home = Annotated[Path | None, typer.Option(help="Where everything is kept. Each home is a stack of its own.", envvar="MAINSTEM_HOME")]
Only = Annotated[str | None, typer.Option(help="Some services, by name with commas: kafka,registry")]
_STYLES = {"ready": "green", "starting": "yellow", "lost": "red", "down": "dim"}


@app.command()
def up(home: Home = None, only: Only = None) -> None:
    """Start what is not running and wait until all answer. Safe to run again; it repairs what was killed.

    Example: mainstem stack up --only kafka,registry
    """
    from deploy.stack import StackError
    from deploy.stack import up as start

    console, began = terminal(highlight=False), time.monotonic()
    try:
        with console.status("starting"):
            start(home, only=_names(only), say=lambda text: console.print(f"[dim]{time.monotonic() - began:6.1f} s[/] {text}"))
    except StackError as fault:
        _fail(fault)
    console.print(f"[green]up[/] after {time.monotonic() - began:.1f} s; `mainstem stack status` shows where")


@app.command()
def down(home: Home = None, only: Only = None) -> None:
    """Stop what `up` started, and nothing else. Data stays."""
    from deploy.stack import StackError
    from deploy.stack import down as stop

    try:
        stop(home, only=_names(only), say=terminal(highlight=False).print)
    except StackError as fault:
        _fail(fault)


@app.command()
def status(home: Home = None, output: Format = Output.TABLE) -> None:
    """Show each service. Exit code 0 when every service that was started is ready; 1 also where none was."""
    from deploy.stack import status as look

    found = look(home)
    if output is Output.JSON:
        rows = [{**dataclasses.asdict(one), "log": str(one.log)} for one in found]
        as_json(rows)
    else:
        table = Table("service", "state", "address", "pid", "MB", "log")
        for one in found:
            address, state = f"127.0.0.1:{one.port}" if one.pid else "", f"[{_STYLES[one.state]}]{one.state}[/]"
            table.add_row(one.service, state, address, str(one.pid or ""), str(one.memory_mb or ""), str(one.log))
        terminal().print(table)
    started = [one for one in found if one.state != "down"]
    raise typer.Exit(0 if started and all(one.state == "ready" for one in started) else 1)


@app.command()
def logs(
    service: Annotated[str, typer.Argument(help="kafka, registry, postgres, redis or connect")],
    home: Home = None,
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="How many of the last lines.")] = 40,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Keep showing new lines until Ctrl-C.")] = False,
) -> None:
    """Show the log of a service."""
    from deploy.stack import SERVICES
    from deploy.stack.errors import UnknownServiceError
    from deploy.stack.layout import Layout, StackSettings
    from deploy.stack.tail import follow as new_lines
    from deploy.stack.tail import tail

    if service not in SERVICES:
        _fail(UnknownServiceError(service, tuple(SERVICES)))
    path = Layout((home or StackSettings().home).absolute()).log(service)
    if not path.exists() and not follow:
        typer.echo(f"{service} has no log in {path.parent}; was it started in this home?", err=True)
        raise typer.Exit(1)
    for line in tail(path, lines):
        typer.echo(line)
    if follow:
        try:
            for line in new_lines(path):
                typer.echo(line)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None


@app.command()
def fetch(
    relock: Annotated[bool, typer.Option(help="First write the list of checksums anew, after a deliberate change of the pom.")] = False,
) -> None:
    """Fetch the Java parts through Maven and check them. `up` does it too; this does it alone."""
    from deploy.stack import StackError, artefacts
    from deploy.stack.layout import StackSettings

    try:
        if relock:
            artefacts.relock(typer.echo)
        artefacts.fetch(StackSettings().cache.absolute(), typer.echo)
    except StackError as fault:
        _fail(fault)


@app.command()
def reread(
    connector: Annotated[str, typer.Argument(help="Its name in Connect: rxa_epr")],
    table: Annotated[list[str] | None, typer.Option(help="With its schema: epr.allergy; may be given again. Else every table.")] = None,
    home: Home = None,
) -> None:
    """Have a captured database's tables read anew, by the mapping as it is now, while changes go on.

    For rows that were captured before the mapping knew a column or a table, or went to quarantine for it. Rows that say what they said
    change nothing. Example: mainstem stack reread rxa_epr --table epr.allergy
    """
    from confluent_kafka import KafkaException

    from deploy.stack import StackError, endpoints, rereading
    from deploy.stack.layout import StackSettings

    try:
        asked = rereading.reread(endpoints(home or StackSettings().home), connector, table or ())
    except (StackError, KafkaException) as fault:
        _fail(fault)
    typer.echo(f"{connector} reads {', '.join(asked)} anew within a minute; `mainstem stack logs connect -f` tells of it")


app.command()(capture)
app.command()(missing)


def _names(only: str | None) -> list[str] | None:
    return None if only is None else [name.strip() for name in only.split(",") if name.strip()]


def _fail(fault: Exception) -> None:
    Console(stderr=True, highlight=False).print(str(fault), markup=False, style="red", soft_wrap=True)
    raise typer.Exit(1)


if __name__ == "__main__":
    app()
