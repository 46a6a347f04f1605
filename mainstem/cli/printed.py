"""Tables, JSON and text in a terminal. Sources' text may hold escape sequences; a terminal must not obey them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
import typer
from rich import table as rich_table
from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

_WIDE = 10_000
_FOLDED = 24
"""Letters of a word from which on a table may part it: a path, a digest."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def terminal(*, highlight: bool = True) -> Console:
    """Of standard output. Into a file or a pipe nothing is wrapped, so that a row is a line."""
    made = Console(highlight=highlight)
    return made if made.is_terminal or "COLUMNS" in os.environ else Console(highlight=highlight, width=_WIDE)


class Table(rich_table.Table):
    """Nothing in it is cut. In a terminal that is too narrow for it each row is a block, a line for each of its columns."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for column in self.columns:
            column.overflow = "fold"
        needed = (max(console.measure(cell).minimum for cell in (column.header, *column.cells)) for column in self.columns)
        if sum(min(letters, _FOLDED) + 3 for letters in needed) < options.max_width:
            yield from super().__rich_console__(console, options)
            return
        if self.title:
            yield self.title
        for row in zip(*(column.cells for column in self.columns), strict=True):
            block = rich_table.Table.grid("", rich_table.Column(overflow="fold"), padding=(0, 2))
            for column, cell in zip(self.columns, row, strict=True):
                block.add_row(column.header, cell)
            yield block
            yield ""
        if self.caption:
            yield self.caption


def as_json(found: Any) -> None:
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def table(title: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Columns are the keys of the first row."""
    terminal().print(filled(title, tuple(rows[0] if rows else ()), (map(str, row.values()) for row in rows)))


def filled(title: str, columns: Sequence[str], rows: Iterable[Iterable[str]]) -> Table:
    made = Table(*columns, title=title or None, title_justify="left")
    for row in rows:
        made.add_row(*map(plain, row))
    return made


def line(text: str) -> None:
    terminal().print(plain(text))


def plain(text: str, style: str = "") -> Text:
    return Text(safe(text), style)


def safe(text: str) -> str:
    return _CONTROL.sub("�", text)
