"""Options that several commands have."""

from __future__ import annotations

import getpass
import re
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from producers.processing import Processing


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"


Actor = Annotated[str | None, typer.Option("--actor", help="Who is looking, for the audit. Default: the user of this machine.")]
Exported = Annotated[str | None, typer.Option(
    "--exported", help="When FHIR files were exported, 2026-11-25T09:30:00Z: the version of all in them that says none, itself or by its "
                       "Bundle.")]
OfFeed = Annotated[Processing, typer.Option(
    "--processing", envvar="MAINSTEM_PROCESSING", case_sensitive=False,
    help="What the feed is of. Production ignores what is marked as training, debugging or testing (HL7 v2 MSH-11; FHIR HTEST); training "
         "takes in that and all else: for an installation that holds no real patients.")]
Format = Annotated[Output, typer.Option("--output", help="table, or json for programs.")]
Home = Annotated[Path | None, typer.Option("--home", help="Where the run keeps its data.")]

_ZONED = re.compile(r"T.*(Z|[+-][0-9]{2}:[0-9]{2})\s*$")


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


def not_production(count: int, what: str) -> str:
    """What to tell whoever gave test data without saying so."""
    return (f"ignored as test data: {count:,} {what}, marked as training, debugging or testing in a feed that is taken for production. "
            "Where it is of training, or a corpus, and this installation holds no real patients, say so with --processing training")


def when_exported(said: str | None) -> str | None:
    return None if said is None else moment(said, "--exported")


def moment(said: str, option: str) -> str:
    """A time that is a version, in UTC at fixed width, as positions have it. A day alone is none: what is said twice on it would be one
    version, between which chance would choose. Nor is what is to come: it would count before all that is said till then."""
    from producers.fhir.instants import utc

    found = utc(said.strip()) if _ZONED.search(said) else None
    if found is None:
        raise typer.BadParameter("give a time with its zone, 2026-11-25T09:30:00Z", param_hint=option)
    if found > f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S}Z":
        raise typer.BadParameter("that is still to come", param_hint=option)
    return found
