"""`mainstem seeds`: make three synthetic trusts, look at them, let life happen in them, and score the rules against their truth."""

from __future__ import annotations

import dataclasses
import signal
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from mainstem.cli.options import Format, Home, Output, kind_named
from mainstem.cli.printed import Table, as_json, terminal
from mainstem.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)

Dsn = Annotated[str | None, typer.Option(help="PostgreSQL server (with the right to create databases); without it, the stack's.")]
ProfileName = Annotated[str, typer.Option(help="`everyday`, `messy`, or `unseen` (other codes, overlaps and spellings).")]


@app.command()
def make(
    persons: Annotated[int, typer.Option(min=1, help="How many people.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed makes the same trusts.")] = 1,
    profile: ProfileName = "everyday",
    dsn: Dsn = None,
    home: Home = None,
    truth: Annotated[Path | None, typer.Option(help="Write the ground truth here, as JSON lines (seeds/README.md).")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Drop databases of these names that exist.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Generate and count, but touch no database and no file.")] = False,
    output: Format = Output.TABLE,
) -> None:
    """Make the three trusts' databases: rxa_epr, a82038_gp, rxc_community.

    Examples:

        mainstem seeds make --persons 500 --truth truth.jsonl

        mainstem seeds make --persons 5000 --profile messy --replace

        mainstem seeds make --dry-run --output json
    """
    from seeds.load import make as load
    from seeds.profiles import profile as chosen

    with _explained(), _bar("making people", persons, output) as advance:
        server = None if dry_run else _server(dsn, home)
        made = load(persons, seed, chosen(profile), dsn=server, truth_path=None if dry_run else truth, replace=replace, progress=advance)
    if dry_run and truth:
        typer.echo(f"dry run: {truth} is not written", err=True)
    if output is Output.JSON:
        as_json({"dry_run": dry_run} | dataclasses.asdict(made))
        return
    _show(made.rows)
    typer.echo(f"{made.persons} people, {made.source_patients} source patients, {made.facts} facts{' (dry run)' if dry_run else ''}")


@app.command()
def play(
    rate: Annotated[float, typer.Option(min=0, help="Row changes a second; 0 = as fast as it goes.")] = 20,
    seconds: Annotated[float | None, typer.Option("--for", help="Stop after so many seconds.")] = None,
    changes: Annotated[int | None, typer.Option(help="Stop after so many row changes.")] = None,
    seed: Annotated[int, typer.Option(help="The same seed on the same databases does the same things.")] = 1,
    profile: ProfileName = "everyday",
    dsn: Dsn = None,
    home: Home = None,
    truth: Annotated[Path | None, typer.Option(help="Append what was done to this file, as JSON lines.")] = None,
    output: Format = Output.TABLE,
) -> None:
    """Let life happen in the trusts: doses change, allergies are noted, results come and are corrected, patients are merged.

    Without --for and --changes it goes on until Ctrl-C; a server that goes away is waited for. It ends by saying what it did; what it did
    is committed.

    Examples:

        mainstem seeds play --rate 20 --for 60

        mainstem seeds play --rate 1000 --changes 50000 --output json
    """
    from seeds.profiles import profile as chosen
    from seeds.workload import play as live

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    total = changes or (int(seconds * rate) if seconds and rate else None)
    with _explained(), _bar("changes", total, output) as advance:
        report = live(_server(dsn, home), rate=rate, seconds=seconds, changes=changes, seed=seed, profile=chosen(profile), truth_path=truth,
                      stop=stop, progress=lambda so_far: advance(so_far.changes))
    if output is Output.JSON:
        as_json(dataclasses.asdict(report) | {"rate": round(report.rate, 1), "seconds": round(report.seconds, 3)})
        return
    table = Table("what happened", "times", "row changes")
    for name, times in sorted(report.actions.items(), key=lambda item: -item[1]):
        table.add_row(name, str(times), str(report.changes_by_action[name]))
    terminal().print(table)
    typer.echo(f"{report.changes} row changes in {report.seconds:.1f} s: {report.rate:.1f} a second")


@app.command()
def describe(dsn: Dsn = None, home: Home = None, output: Format = Output.TABLE) -> None:
    """Count the rows of every table of the three trusts.

    Example:

        mainstem seeds describe --output json
    """
    from seeds.load import count

    with _explained():
        rows = count(_server(dsn, home))
    if output is Output.JSON:
        as_json(rows)
        return
    _show(rows)


@app.command()
def score(
    persons: Annotated[int, typer.Option(min=1, help="How many people.")] = 500,
    seed: Annotated[int, typer.Option(help="The same seed makes the same people.")] = 1,
    profile: ProfileName = "everyday",
    kind: Annotated[list[str] | None, typer.Option(help="Only these kinds.", parser=kind_named, metavar="KIND")] = None,
    output: Format = Output.TABLE,
) -> None:
    """Score the rules against the truth: pairwise precision and recall of facts, and every class of wrong pair by name.

    In process and without databases: people are made, told by their trusts' mappings, and put together with the shipped terminology.
    Identity is taken as right. Examples of wrong pairs name records and keys.

    Examples:

        mainstem seeds score --persons 5000 --profile unseen

        mainstem seeds score --kind problem --kind result --output json
    """
    from mainstem.terminology import builtin
    from mainstem.truth import people
    from mainstem.truth import score as scored

    with _explained(), _bar("scoring people", persons, output) as advance:
        terms = builtin()
        found = scored(_counted(people(persons, seed, profile), advance), terms)
    found = {name: each for name, each in found.items() if not kind or name in kind}
    if output is Output.JSON:
        as_json({"persons": persons, "seed": seed, "profile": profile, "terminology": terms.release, "kinds": {
            name: dataclasses.asdict(each) | {"precision": each.precision, "recall": each.recall, "recall_of_all": each.recall_of_all}
            for name, each in found.items()}})
        return
    figures = Table("kind", "records", "true pairs", "together", "precision", "recall", "outside", "recall, all")
    wrong = []
    for name, each in found.items():
        outside = sum(tally.pairs for tally in each.outside.values())
        figures.add_row(name, f"{each.members:,}", f"{each.true:,}", f"{each.together:,}", _share(each.precision), _share(each.recall),
                        f"{outside:,}", _share(each.recall_of_all))
        for what, tallies in (("missed", each.missed), ("outside", each.outside), ("false", each.false)):
            for why, tally in sorted(tallies.items(), key=lambda item: -item[1].pairs):
                wrong.append(f"{name}, {what}, {why}: {tally.pairs:,} pairs\n    {tally.example}")
    terminal().print(figures)
    typer.echo("\n".join(wrong))
    typer.echo("outside: pairs that cannot be told since a code is outside the loaded terminology; not in recall, but in recall, all")


def _counted(people: Iterable[Any], advance: Any) -> Iterator[Any]:
    for number, person in enumerate(people, 1):
        yield person
        if number % 100 == 0:
            advance(number)


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.4f}"


def _server(dsn: str | None, home: Path | None) -> str:
    if dsn:
        return dsn
    from deploy.stack import StackError, endpoints

    try:
        return endpoints(home or Settings().home).postgres
    except StackError as error:
        typer.echo(f"mainstem seeds: {error}; or pass --dsn", err=True)
        raise typer.Exit(1) from error


def _show(rows: dict[str, dict[str, int]]) -> None:
    table = Table("source", "table", "rows")
    for source, tables in rows.items():
        for name, number in tables.items():
            table.add_row(source, name, f"{number:,}")
    terminal().print(table)


@contextmanager
def _bar(what: str, total: int | None, output: Output) -> Iterator[Any]:
    """A progress bar on standard error; nothing beside JSON, so that both streams can be read by programs."""
    if output not in ("table", "json"):
        typer.echo(f"--output is table or json, not {output!r}", err=True)
        raise typer.Exit(2)
    with Progress(console=Console(stderr=True), transient=True, disable=output is Output.JSON or not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=total)
        yield lambda done: progress.update(task, completed=done)
    if output == "table" and not sys.stderr.isatty():
        typer.echo(f"{what}: done", err=True)


@contextmanager
def _explained() -> Iterator[None]:
    """Turns our errors into a message and exit code 1."""
    from seeds.errors import SeedsError

    try:
        yield
    except SeedsError as error:
        typer.echo(f"mainstem seeds: {error}", err=True)
        raise typer.Exit(1) from error
