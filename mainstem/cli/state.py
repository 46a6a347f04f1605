"""`mainstem state`: the workers' local state: look at it, prove it, compact it, make a snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from mainstem.cli.options import Format, Home, Output
from mainstem.cli.printed import Table, as_json, terminal
from mainstem.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)

StageName = Annotated[str | None, typer.Option(help="Only this stage: linker, identity or reconcile.")]
Partition = Annotated[int | None, typer.Option(min=0, help="Only this state partition.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Say what would be done; write nothing.")]


@app.command()
def stats(home: Home = None, stage: StageName = None, partition: Partition = None, output: Format = Output.TABLE) -> None:
    """Keys, bytes and position of each state partition, how far it is behind its changelog, and its snapshots.

    Reads the stores of running workers too, as they are at the moment.

    Example: mainstem state stats --stage reconcile --output json
    """
    from processors.lane import inspect

    with _explained():
        rows = [inspect.stats(place, _kafka(home)) for place in _places(home, stage, partition)]
    _show(rows, output)


@app.command()
def verify(home: Home = None, stage: StageName = None, partition: Partition = None, output: Format = Output.TABLE) -> None:
    """Compare each state partition, pair by pair, with a fold of its changelog up to where the store stands. Workers may be running.

    Exit code 0 only if all are the same.

    Example: mainstem state verify --stage reconcile
    """
    from processors.lane import inspect

    with _explained():
        rows = [inspect.verify(place, _kafka(home)) for place in _places(home, stage, partition)]
    _show(rows, output)
    raise typer.Exit(0 if all(row["differences"] == 0 for row in rows) else 1)


@app.command()
def compact(home: Home = None, stage: StageName = None, partition: Partition = None, dry_run: DryRun = False,
            output: Format = Output.TABLE) -> None:
    """Merge the tables of each state partition. The workers must be stopped; running ones compact by themselves.

    Example: mainstem state compact --dry-run
    """
    from processors.lane import inspect

    with _explained():
        rows = [inspect.compact(place, _kafka(home), dry_run) for place in _places(home, stage, partition)]
    _show(rows, output)


@app.command()
def snapshot(home: Home = None, stage: StageName = None, partition: Partition = None, dry_run: DryRun = False,
             output: Format = Output.TABLE) -> None:
    """Make a snapshot of each state partition at the end of its changelog: from the last snapshot and the changelog after it.

    Touches no worker's store, so workers may be running. They take snapshots themselves as their changelogs grow.

    Example: mainstem state snapshot --stage reconcile --dry-run
    """
    from processors.apps.stages import STAGES
    from processors.lane import inspect

    root = home or Settings().home
    rows = []
    with _explained():
        for name in [stage] if stage else STAGES:
            made = _stage(name)
            for number in range(made.changelog.partitions) if partition is None else [partition]:
                rows.append(inspect.snapshot(root / "snapshots", name, made.changelog, number, _kafka(home), dry_run))
    _show(rows, output)


def _stage(name: str) -> Any:
    from processors.apps.stages import STAGES

    if name not in STAGES:
        typer.echo(f"mainstem state: no stage {name}; there are {', '.join(STAGES)}", err=True)
        raise typer.Exit(2)
    return STAGES[name]()


def _places(home: Path | None, stage: str | None, partition: int | None) -> list[Any]:
    """The state partitions that workers of this home have a store of."""
    from processors.apps.stages import STAGES
    from processors.lane.inspect import Place

    root = home or Settings().home
    found = []
    for name in [stage] if stage else STAGES:
        changelog = _stage(name).changelog
        for path in sorted(root.glob(f"state*/{name}/[0-9]*")):
            if partition is None or path.name == str(partition):
                found.append(Place(name, changelog, int(path.name), path, root / "snapshots"))
    if not found:
        typer.echo(f"mainstem state: no worker has kept such state in {root}; did one run there?", err=True)
        raise typer.Exit(1)
    return found


def _kafka(home: Path | None) -> str:
    from deploy.stack import endpoints

    return endpoints(home or Settings().home).kafka


def _show(rows: list[dict[str, Any]], output: Output) -> None:
    if output is Output.JSON:
        as_json(rows)
        return
    if rows:
        table = Table(*(name.replace("_", " ") for name in rows[0]))
        for row in rows:
            table.add_row(*(f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()))
        terminal().print(table)


@contextmanager
def _explained() -> Iterator[None]:
    """Turns errors into a message and exit code 1."""
    from confluent_kafka import KafkaException

    from deploy.stack import StackError
    from processors.lane.errors import ChangelogCutError, StateBusyError, StateDamagedError

    try:
        yield
    except FileNotFoundError as fault:
        typer.echo(f"mainstem state: {fault} holds no state; a worker was stopped before it had any", err=True)
        raise typer.Exit(1) from None
    except (StackError, ChangelogCutError, StateBusyError, StateDamagedError, KafkaException) as fault:
        typer.echo(f"mainstem state: {fault}", err=True)
        raise typer.Exit(1) from None
