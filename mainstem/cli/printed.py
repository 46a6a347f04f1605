"""Tables, JSON and text in a terminal. Sources' text may hold escape sequences; a terminal must not obey them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def as_json(found: Any) -> None:
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Columns are the keys of the first row."""
    Console().print(filled(title, tuple(rows[0] if rows else ()), (map(str, row.values()) for row in rows)))


def filled(title: str, columns: Sequence[str], rows: Iterable[Iterable[str]]) -> Table:
    made = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        made.add_row(*map(plain, row))
    return made


def line(text: str) -> None:
    Console().print(plain(text))


def plain(text: str, style: str = "") -> Text:
    return Text(safe(text), style)


def safe(text: str) -> str:
    return _CONTROL.sub("�", text)
