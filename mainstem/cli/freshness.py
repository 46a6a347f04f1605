"""`mainstem freshness`: how long a change takes from the trust's database to the stores."""

from __future__ import annotations

import dataclasses
from typing import Annotated

import typer

from mainstem.cli.options import Format, Home, Output
from mainstem.cli.printed import Table, as_json, terminal
from mainstem.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def freshness(
    seconds: Annotated[float, typer.Option("--for", min=0, help="Seconds to watch.")] = 30,
    home: Home = None,
    output: Format = Output.TABLE,
) -> None:
    """Watch a running platform and print, per store, seconds from commit to visible (p50, p95, p99). Exit code 1 where there were none.

    Needs changes to watch. Example, in two terminals:

        mainstem seeds play --rate 200 --for 60

        mainstem freshness --for 60
    """
    from confluent_kafka import KafkaException

    from deploy.stack import StackError, endpoints
    from mainstem.freshness import measure
    from schemas.codec import Codec
    from schemas.errors import RegistryUnavailableError
    from schemas.log import TruncatedReadError

    try:
        servers = endpoints(home or Settings().home)
        found = measure(servers.kafka, Codec(servers.registry), seconds)
    except (StackError, RegistryUnavailableError, TruncatedReadError) as fault:
        typer.echo(f"freshness: {fault}", err=True)
        raise typer.Exit(1) from None
    except KafkaException as fault:
        typer.echo(f"freshness: the broker does not answer ({fault.args[0].name()}); see `mainstem stack status`", err=True)
        raise typer.Exit(1) from None
    if output is Output.JSON:
        as_json([dataclasses.asdict(one) for one in found])
    else:
        table = Table("store", "entries measured", "p50 s", "p95 s", "p99 s", "worst s")
        for one in found:
            table.add_row(one.stage, str(one.samples), *(f"{value:.2f}" for value in (one.p50, one.p95, one.p99, one.worst)))
        terminal().print(table)
    if not found:
        typer.echo("no changes reached a store in that time; let some happen with `mainstem seeds play`", err=True)
        raise typer.Exit(1)
