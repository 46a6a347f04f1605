"""`mainstem query`: read-only SQL over the pseudonymised analytics store."""

from __future__ import annotations

import sys
from typing import Annotated

import orjson
import typer

from mainstem.cli.options import Home
from mainstem.cli.printed import as_json, filled, terminal
from mainstem.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SELECT, WITH, SHOW, DESCRIBE or EXPLAIN; `-` reads it from standard input")],
    home: Home = None,
    output: Annotated[str, typer.Option(help="table, json or csv")] = "table",
) -> None:
    """Ask in ClickHouse SQL. There is a table `entries`, one for each kind (`allergies`, `results` ...) and `summaries`.

    Persons are pseudonyms; there are no names, numbers, addresses or notes. Examples:

        mainstem query "SELECT kind, count() FROM entries GROUP BY kind ORDER BY kind"

        mainstem query "DESCRIBE medicines"
    """
    from sinks.analytics import QueryClient
    from sinks.analytics.errors import NotServedError, QueryFailedError

    if output not in {"table", "json", "csv"}:
        raise typer.BadParameter("is table, json or csv", param_hint="--output")
    text = sys.stdin.read() if sql == "-" else sql
    try:
        answer = QueryClient(home or Settings().home).query(text, "csv" if output == "csv" else "json")
    except (NotServedError, QueryFailedError) as fault:
        typer.echo(str(fault), err=True)
        raise typer.Exit(1) from None
    if output == "csv":
        typer.echo(answer.decode(), nl=False)
        return
    found = orjson.loads(answer)
    if output == "json":
        as_json(found["data"])
        return
    columns = [column["name"] for column in found["meta"]]
    terminal().print(filled("", columns, ([_shown(row[column]) for column in columns] for row in found["data"])))


def _shown(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else orjson.dumps(value).decode()
