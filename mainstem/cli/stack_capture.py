"""`mainstem stack capture`: a trust's database is captured from now on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.options import Format, Output
from mainstem.cli.printed import as_json

if TYPE_CHECKING:
    from deploy.stack import Endpoints
    from deploy.stack.capturable import Look
    from producers.mapping.rows import Mapping

_DATABASE = "postgresql://USER@HOST:PORT/DATABASE, as Connect reaches it. The password: PGPASSWORD in the environment."


def capture(
    source: Annotated[str, typer.Argument(help="ODS code and system, as its mapping has it: RXA/epr")],
    database: Annotated[str, typer.Option(envvar="MAINSTEM_CAPTURE_DATABASE", help=_DATABASE)],
    table: Annotated[list[str] | None, typer.Option(help="With its schema: epr.allergy; may be given again. Else every table of the "
                                                         "mapping.")] = None,
    mappings: Annotated[Path | None, typer.Option(help="Directory of mapping files; else those of Mainstem.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Look whether it can be captured, and change nothing.")] = False,
    home: Annotated[Path | None, typer.Option(help="Where everything is kept.", envvar="MAINSTEM_HOME")] = None,
    output: Format = Output.TABLE,
) -> None:
    """Capture a trust's database: every row there is, and every change from now on.

    Needs a mapping (docs/mappings.md). Looks first: whether the server replicates logically, each table is there and may be read and
    published; and says what would not be told of a table as it is. Then registers a connector, which makes a publication and a replication
    slot in the database. Said again, it brings the connector up to date. The capture process reads what arrives: that of `mainstem run`
    within seconds, as does any that was started with --others; another has to be started with --source.

    Exit code 0 when it is captured (or could be, with --dry-run), else 1. Examples:

        PGPASSWORD=... mainstem stack capture RXZ/epr --database postgresql://mainstem@db.rxz:5432/epr --dry-run

        PGPASSWORD=... mainstem stack capture RXZ/epr --database postgresql://mainstem@db.rxz:5432/epr
    """
    from confluent_kafka import KafkaException
    from psycopg import Error as DatabaseError

    from deploy.stack import StackError, endpoints
    from deploy.stack.capturable import look
    from deploy.stack.connectors import mark
    from deploy.stack.layout import StackSettings
    from producers.mapping.errors import MappingError
    from schemas import topics
    from schemas.errors import KafkaUnavailableError, TopicDiffersError

    try:
        dsn = _with_password(database)
        tables = _tables(_mapping(source, mappings), table or ())
        found = look(dsn, source, tables)
        if not (found.refused or dry_run):
            _register(endpoints(home or StackSettings().home), source, dsn, tables)
    except (StackError, KafkaException, KafkaUnavailableError, TopicDiffersError, DatabaseError, MappingError, ValueError) as fault:
        typer.secho(f"{source} is not captured: {fault}", fg="red", err=True)
        raise typer.Exit(1) from None
    captured = not (found.refused or dry_run)
    if output is Output.JSON:
        as_json({"source": source, "connector": mark(source), "topic": topics.raw(source).name, "tables": tables,
                 "refused": found.refused, "lost": found.lost, "captured": captured})
    else:
        _show(source, mark(source), tables, found, captured)
    raise typer.Exit(1 if found.refused else 0)


def _with_password(database: str) -> str:
    """Raises ValueError for what names no host, user and database."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict, make_conninfo

    try:
        given = conninfo_to_dict(database)
    except ProgrammingError:
        given = {}
    if not {"host", "user", "dbname"} <= given.keys():
        raise ValueError("--database names no host, user and database: postgresql://mainstem@db.rxz:5432/epr")
    return make_conninfo(database, **({} if "password" in given else {"password": os.environ.get("PGPASSWORD", "")}))


def _mapping(source: str, directory: Path | None) -> Mapping:
    """Raises MappingError, and ValueError where there is none."""
    from producers.mapping.load import BUILT_IN, load_all

    found = load_all(directory or BUILT_IN)
    if source not in found:
        raise ValueError(f"no mapping in {(directory or BUILT_IN).name} is of source {source}; there are {', '.join(found) or 'none'} "
                         "(docs/mappings.md)")
    return found[source]


def _tables(mapping: Mapping, wanted: Sequence[str]) -> list[str]:
    """Raises ValueError for a table that the mapping does not know: its rows would all be quarantined."""
    for table in wanted:
        if table not in mapping.tables:
            raise ValueError(f"the mapping knows no table {table!r}; it knows {', '.join(mapping.tables)}")
    return list(wanted or mapping.tables)


def _register(servers: Endpoints, source: str, dsn: str, tables: Sequence[str]) -> None:
    from psycopg.conninfo import conninfo_to_dict

    from deploy.stack import rereading
    from deploy.stack.connectors import ensure_captured
    from schemas import topics
    from schemas.kafka import ensure_topics

    ensure_topics(servers.kafka, [topics.raw(source)])
    rereading.ensure_topic(servers.kafka)
    ensure_captured(servers, source, dsn, str(conninfo_to_dict(dsn)["dbname"]), tables)


def _show(source: str, connector: str, tables: Sequence[str], found: Look, captured: bool) -> None:
    for text in found.refused:
        typer.secho(f"{source}: {text}", fg="red")
    for text in found.lost:
        typer.secho(f"{source}: {text}", fg="yellow")
    if captured:
        typer.echo(f"{source} is captured: {', '.join(tables)}; by connector {connector}. `mainstem verify --source` proves it")
    elif not found.refused:
        typer.echo(f"{source} can be captured: {', '.join(tables)}. Nothing was changed: without --dry-run it is done")
