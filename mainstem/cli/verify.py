"""`mainstem verify`: prove that nothing was lost and nothing doubled."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.options import Format, Home, Output
from mainstem.cli.printed import Table, as_json, terminal
from mainstem.settings import Settings

if TYPE_CHECKING:
    from deploy.stack import Endpoints
    from mainstem.verify import Report
    from mainstem.verify.run import Trust

app = typer.Typer(add_completion=False)


@app.command()
def verify(
    source: Annotated[bool, typer.Option("--source", help="Also compare with every database that is captured.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Also read every raw message again, and look every entry up by its title.")] = False,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for every stage to pass the cut.")] = 120,
    home: Home = None,
    output: Format = Output.TABLE,
) -> None:
    """Take a cut, wait until every stage has passed it, fold everything received, and compare.

    Checks that every raw offset has exactly one outcome, and that the state, the entries, their changes and each store equal the fold.
    With --deep also that capture wrote what today's readers and mappings make of the raw messages (what was captured with earlier ones
    differs where they read otherwise), and that the search store finds every entry by its title.
    Exit code 0 only when all agree; 1 when something differs (it says what); 2 when the proof could not be made. Examples:

        mainstem verify

        mainstem verify --source --deep --output json
    """
    from confluent_kafka import KafkaException
    from psycopg import Error as DatabaseError

    from deploy.stack.errors import StackError
    from mainstem.shelf import ReleaseError
    from schemas.errors import RegistryUnavailableError

    settings = Settings()
    home = home or settings.home
    try:
        report = _report(settings, home, source, deep, wait)
    except (OSError, KafkaException, DatabaseError, StackError, RegistryUnavailableError, ReleaseError) as fault:
        typer.echo(f"verify could not be made: {fault}", err=True)
        raise typer.Exit(2) from None
    if output is Output.JSON:
        as_json(report.as_dict())
    else:
        _show(report)
    raise typer.Exit(0 if report.passed else 1)


def _report(settings: Settings, home: Path, source: bool, deep: bool, wait: float) -> Report:
    from deploy.stack import endpoints
    from mainstem.terminology import Shelf
    from mainstem.verify import verify as prove
    from mainstem.verify.run import Against
    from processors.apps.releases import current, current_model
    from processors.identity.scoring.shelf import FOLDER, ModelShelf
    from producers.formats import Readers
    from producers.mapping.load import load_all
    from schemas.codec import Codec
    from sinks.cache import CacheReader
    from sinks.contents import contents_of
    from sinks.search import SearchReader

    servers = endpoints(home)
    key = settings.person_key.get_secret_value().encode()
    mappings = load_all()
    against = Against(contents_of(home, servers.redis), CacheReader(servers.redis), _databases(servers, mappings) if source else [],
                      (lambda: Readers(mappings)) if deep else None, (lambda: SearchReader.at(home)) if deep else None)
    codec, shelf, models = Codec(servers.registry), Shelf(home / "terms"), ModelShelf(home / FOLDER)
    return prove(servers.kafka, codec, key, against, wait, lambda text: typer.echo(text, err=True),
                 lambda: current(servers.kafka, codec, shelf).terms, lambda: current_model(servers.kafka, codec, models).model)


def _databases(servers: Endpoints, sources: Iterable[str]) -> list[Trust]:
    """All that are captured. `sources`: of the mappings; of one that was captured and is no more it is said, so that nobody takes its
    database for compared."""
    from deploy.stack.captured import every
    from mainstem.verify.run import Trust
    from schemas import log, topics

    named = {topics.raw(source).name: source for source in sources}
    found = every(servers)
    for topic in {each.name for each in log.raw_topics(servers.kafka)} & named.keys() - {each.topic for each in found}:
        typer.echo(f"no connector captures {named[topic]}: it is compared with no database", err=True)
    return [Trust(named.get(each.topic) or topics.source_of(each.topic), each.dsn, each.tables) for each in found]


def _show(report: Report) -> None:
    from mainstem.verify.report import SHOWN

    table = Table("check", "compared", "differences", "")
    for check in report.checks:
        verdict = "[green]agrees[/]" if check.passed else "[red]differs[/]"
        table.add_row(check.name, f"{check.compared:,}", f"{len(check.differences):,}", verdict)
    console = terminal()
    console.print(table)
    for check in report.checks:
        for text in check.shown:
            console.print(f"{check.name}: {text}", markup=False)
        if len(check.differences) > SHOWN:
            console.print(f"{check.name}: and {len(check.differences) - SHOWN:,} more")
    verdict = "[green]everything agrees[/]" if report.passed else "[red]not everything agrees[/]"
    console.print(f"{report.persons:,} persons, {report.entries:,} entries: {verdict}")
