"""`mainstem stack missing`: rows that a source deleted while nobody looked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import Format, Output
from mainstem.cli.printed import Table, as_json, terminal

if TYPE_CHECKING:
    from mainstem.missing import Compared, Found
    from mainstem.verify.trusts import Begun
    from producers.mapping.rows import Mapping
    from schemas.codec import Codec

_SHOWN = 20
"""Rows named of each table, but in JSON."""


def missing(
    connector: Annotated[str, typer.Argument(help="Its name in Connect: rxa_epr")],
    table: Annotated[list[str] | None, typer.Option(help="With its schema: epr.allergy; may be given again. Else every table.")] = None,
    write: Annotated[bool, typer.Option("--write", help="Have the records lose them. Without it nothing is written.")] = False,
    even_if_many: Annotated[bool, typer.Option("--even-if-many", help="Also where a table lost more than goes unseen as a rule.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the connector, and for capture, to come up to now.")] = 120,
    home: Annotated[Path | None, typer.Option(help="Where everything is kept.", envvar="MAINSTEM_HOME")] = None,
    output: Format = Output.TABLE,
) -> None:
    """Find the rows that a captured database no longer holds, and of which no delete was seen.

    For what was deleted while its replication slot was gone, before a restore, by TRUNCATE or with a partition. Also finds what is left
    standing of rows that were filed under another patient, or deleted, without the row before. Have the tables read anew first; after a
    restore ask the source, too: what it lost it has not deleted. With --write the records lose what such a row said; what was said later
    stays. Changes may go on meanwhile. Nothing is concluded of a table where that is more than 5 % of its rows, and more than 100 of them
    or half. Rows are named by a hash of their keys, as `mainstem verify --source` does.

    Exit code 0 when none is missing, or all are told of now; 1 when some are missing, or it could not be told. Examples:

        mainstem stack missing rxa_epr

        mainstem stack missing rxa_epr --table epr.allergy --write
    """
    from confluent_kafka import KafkaException
    from psycopg import Error as DatabaseError

    from deploy.stack import StackError, endpoints
    from deploy.stack.captured import captured
    from deploy.stack.errors import NotAskedError
    from deploy.stack.layout import StackSettings
    from mainstem import missing as rows
    from producers.formats import Reader
    from producers.mapping.errors import MappingError
    from schemas.codec import Codec

    try:
        servers = endpoints(home or StackSettings().home)
        of = captured(servers, connector)
        if not of.running:
            raise NotAskedError(f"connector {connector} does not run: see `mainstem stack logs connect`")
        codec = Codec(servers.registry)
        mapping = _mapping(of.topic)
        tables = of.chosen(table) if table else [each for each in of.tables if mapping is None or each in mapping.tables]
        found = rows.look(servers.kafka, of, tables, lambda: _begun(servers.kafka, codec, of.topic, wait), wait, _say,
                          read=Reader(mapping.source, mapping).read if mapping else None,
                          declared=mapping.incarnation if mapping else None, even_if_many=even_if_many)
        told = rows.write(servers.kafka, found, _say) if write else 0
    except (StackError, OSError, KafkaException, DatabaseError, rows.NotComparedError, MappingError) as fault:
        typer.secho(f"what is missing could not be told: {fault}", fg="red", err=True)
        raise typer.Exit(1) from None
    if output is Output.JSON:
        as_json(_as_builtins(found, told))
    else:
        _show(found, told, write)
    left = sum(len(each.taken_back) for each in found.tables) - told
    raise typer.Exit(1 if left or any(each.withheld for each in found.tables) else 0)


def _mapping(topic: str) -> Mapping | None:
    """That of the source whose raw topic it is."""
    from producers.mapping.load import load_all
    from schemas import topics

    return next((each for each in load_all().values() if topics.raw(each.source).name == topic), None)


def _begun(kafka: str, codec: Codec, topic: str, seconds: float) -> Begun:
    from mainstem.verify import drain, received, trusts
    from schemas import topics

    drain.wait(kafka, codec, {"capture": (topics.raw_named(topic),)}, seconds, _say)
    return trusts.begun(each.assertion for each in received.assertions(kafka, codec) if each.assertion.raw.topic == topic)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _as_builtins(found: Found, told: int) -> dict[str, Any]:
    return {
        "topic": found.topic.name, "cut": {"lsn": found.cut.lsn, "position": found.cut.position}, "told": told,
        "tables": [{"table": each.table, "captured": each.captured, "missing": len(each.gone), "standing": len(each.standing),
                    "withheld": each.withheld, "rows": _names(each)} for each in found.tables]}


def _show(found: Found, told: int, write: bool) -> None:
    shown = Table("table", "rows captured", "missing", "left standing", "")
    for each in found.tables:
        shown.add_row(each.table, f"{each.captured:,}", f"{len(each.gone):,}", f"{len(each.standing):,}", each.withheld)
    console = terminal()
    console.print(shown)
    for each in found.tables:
        if names := _names(each):
            more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            console.print(f"{each.table}: {' '.join(names[:_SHOWN])}{more}", markup=False)
    if write:
        console.print(f"{told:,} told of; capture reads of them within seconds, and `mainstem verify --source` proves it")
    elif found.words:
        console.print("nothing was written: `--write` has the records lose them")


def _names(table: Compared) -> list[str]:
    return list(dict.fromkeys(key.hex()[:12] for key, _ in table.taken_back))
