"""`mainstem stack missing`: rows that a source deleted while nobody looked."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import Format, Output
from mainstem.cli.printed import Table, as_json, terminal

if TYPE_CHECKING:
    from deploy.stack.captured import Captured
    from mainstem.missing import Found
    from mainstem.verify.trusts import Begun
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

    For what was deleted while its replication slot was gone, before a restore, by TRUNCATE or with a partition. Have the tables read anew
    first. With --write the records lose what the last change that was captured of such a row said; what was said later stays. Changes may
    go on meanwhile. Nothing is concluded of a table that lost more than 5 % of its rows, and more than 100 of them or half.
    Rows are named by a hash of their keys, as `mainstem verify --source` does.

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
    from producers.mapping.errors import MappingError
    from schemas.codec import Codec

    try:
        servers = endpoints(home or StackSettings().home)
        of = captured(servers, connector)
        if not of.running:
            raise NotAskedError(f"connector {connector} does not run: see `mainstem stack logs connect`")
        codec = Codec(servers.registry)
        mapped, declared = _mapped(of)
        tables = of.chosen(table or ()) if table else [each for each in of.tables if mapped is None or each in mapped]
        found = rows.look(servers.kafka, of, tables, lambda: _begun(servers.kafka, codec, of.topic, wait), wait, _say, declared=declared,
                          even_if_many=even_if_many)
        told = rows.write(servers.kafka, found, _say) if write else 0
    except (StackError, OSError, KafkaException, DatabaseError, rows.NotComparedError, MappingError) as fault:
        typer.secho(f"what is missing could not be told: {fault}", fg="red", err=True)
        raise typer.Exit(1) from None
    if output is Output.JSON:
        as_json(_as_builtins(found, told))
    else:
        _show(found, told, write)
    left = sum(each.missing for each in found.tables) - told
    raise typer.Exit(1 if left or any(each.withheld for each in found.tables) else 0)


def _mapped(of: Captured) -> tuple[set[str] | None, int | None]:
    """The tables that the source's mapping reads, and its incarnation; None where there is no mapping."""
    from producers.mapping.load import load_all
    from schemas import topics

    mapping = next((each for each in load_all().values() if topics.raw(each.source).name == of.topic), None)
    return (None, None) if mapping is None else ({*mapping.tables}, mapping.incarnation)


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
        "tables": [{"table": each.table, "captured": each.captured, "missing": each.missing, "withheld": each.withheld,
                    "rows": [key.hex()[:12] for key, _ in each.gone]} for each in found.tables]}


def _show(found: Found, told: int, write: bool) -> None:
    shown = Table("table", "rows captured", "missing", "")
    for each in found.tables:
        shown.add_row(each.table, f"{each.captured:,}", f"{each.missing:,}", each.withheld)
    console = terminal()
    console.print(shown)
    for each in found.tables:
        names = [key.hex()[:12] for key, _ in each.gone]
        if names:
            more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            console.print(f"{each.table}: {' '.join(names[:_SHOWN])}{more}", markup=False)
    if write:
        console.print(f"{told:,} rows told of; capture reads of them within seconds, and `mainstem verify --source` proves it")
    elif found.gone:
        console.print("nothing was written: `--write` has the records lose them")
