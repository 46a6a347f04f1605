"""The command line `mainstem`. Each command is a module of this package, loaded only when it is called."""

from __future__ import annotations

import errno
import importlib
import os
from typing import Any

import typer
from pydantic import ValidationError
from typer.core import TyperGroup
from typer.main import get_command

from mainstem import collector

COMMANDS: dict[str, str] = {
    "run": "Start everything, on synthetic trusts, and keep it running.",
    "stack": "Start, stop and look at the servers.",
    "seeds": "Make synthetic trusts and let life happen in them.",
    "ingest": "Publish files (FHIR, GP Connect, HL7 v2, PDS) to the stream.",
    "record": "Show one person's record.",
    "search": "Search people and entries.",
    "identity": "Who is with whom and why; review and decide.",
    "query": "Ask the analytics store in SQL.",
    "verify": "Prove that state, entries and stores agree with a fold of everything received.",
    "metrics": "Tell where the processes serve /metrics, and what they say.",
    "chaos": "Break everything on purpose, under load, and prove that nothing was lost.",
    "state": "Look at the workers' local state, prove it, compact it, snapshot it.",
    "freshness": "Measure how long a change takes from a trust's database to the stores.",
    "fold": "Work out records from files, without servers.",
    "terms": "Load terminology releases (dm+d, SNOMED CT), and look codes up.",
    "compile": "Make machine code of the core, which is faster.",
    "churn": "Tell what of a source's next export is news, and what is other bytes for the same.",
}
"""Command -> its line in `mainstem --help`. The command `x` is `app` of `mainstem.cli.x`."""


class _Lazy(TyperGroup):
    """Lists commands without importing them: `mainstem --help` answers at once."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"mainstem.cli.{cmd_name}")
        command = get_command(module.app)
        command.name = cmd_name
        return command

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super(TyperGroup, self).format_help(ctx, formatter)


app = typer.Typer(cls=_Lazy, no_args_is_help=True, add_completion=False, help="""
One longitudinal record per person, kept in step across every organisation that treats them.

Begin with `mainstem run`: it starts everything on synthetic trusts, and says where to look. Each command's --help has examples.
""")


@app.callback()
def _root() -> None:
    pass


def main(*args: Any) -> None:
    """What a disk, this account or the environment does not allow is one line, whichever command met it."""
    try:
        with collector.briefly():
            app(*args)
    except OSError as fault:
        if fault.filename is None and fault.errno != errno.ENOSPC:
            raise
        where = f"{fault.filename}: " if fault.filename else ""
        typer.echo(f"mainstem: {where}{fault.strerror}; mend that, or name another place (--home, MAINSTEM_HOME)", err=True)
        raise SystemExit(1) from None
    except ValidationError as fault:
        if not fault.title.endswith("Settings"):
            raise
        for each in fault.errors():    # without the value: it may be a password
            name = str(each["loc"][0]).upper()
            named = [variable for variable in os.environ if variable.startswith("MAINSTEM_") and variable.endswith(name)]
            typer.echo(f"mainstem: {' or '.join(named) or name} in the environment: {each['msg']}", err=True)
        raise SystemExit(2) from None
