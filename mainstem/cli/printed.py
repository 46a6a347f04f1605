"""Tables, JSON and text in a terminal. Sources' text may hold escape sequences; a terminal must not obey them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"


def as_json(found: Any) -> None:
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Columns are the keys of the first row."""
    made = Table(*(rows[0] if rows else ()), title=title or None, title_justify="left")
    for row in rows:
        made.add_row(*(plain(str(cell)) for cell in row.values()))
    Console().print(made)


def line(text: str) -> None:
    Console().print(plain(text))


def plain(text: str) -> Text:
    return Text(_CONTROL.sub("�", text))
