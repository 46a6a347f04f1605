"""Options that several commands have."""

from __future__ import annotations

import getpass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"


Actor = Annotated[str | None, typer.Option("--actor", help="Who is looking, for the audit. Default: the user of this machine.")]
Format = Annotated[Output, typer.Option("--output", help="table, or json for programs.")]
Home = Annotated[Path | None, typer.Option("--home", help="Where the run keeps its data.")]


def kind_named(name: str) -> str:
    """A kind mistyped is not a kind of which nothing is known."""
    from mainstem.kinds import BY_NAME

    if name not in BY_NAME:
        raise typer.BadParameter(f"there is no kind {name!r}; there are {', '.join(sorted(BY_NAME))}")
    return name


def named(who: str | None) -> str:
    """Whoever is named, else the user of this machine. Nobody looks or decides without a name: an account of a container may have none."""
    try:
        return who or getpass.getuser()
    except (KeyError, OSError):
        raise typer.BadParameter("this account has no name: say who you are", param_hint="--actor or --who") from None
