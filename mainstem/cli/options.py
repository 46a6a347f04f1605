"""Options that several commands have."""

from __future__ import annotations

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
