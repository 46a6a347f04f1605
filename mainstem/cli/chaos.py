"""`mainstem chaos`: faults from a seed against a whole Mainstem under load, and the proof afterwards."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import orjson
import typer

from mainstem.cli.options import Format, Output
from mainstem.cli.printed import Table, as_json, terminal
from mainstem.settings import Settings

if TYPE_CHECKING:
    from deploy.chaos.run import Report

app = typer.Typer(add_completion=False)


@app.command()
def chaos(
    seed: Annotated[int | None, typer.Option(help="The same seed draws the same faults. Default: one drawn now.")] = None,
    seconds: Annotated[float, typer.Option("--for", min=1, help="Seconds of faults; the proof comes after them.")] = 600,
    faults: Annotated[int | None, typer.Option(min=1, help="End after so many faults.")] = None,
    rate: Annotated[float, typer.Option(min=0, help="Changes a second in the trusts meanwhile.")] = 50,
    peace: Annotated[float, typer.Option(min=0.1, help="Mean seconds between the end of one fault and the next.")] = 4,
    persons: Annotated[int, typer.Option(min=1, help="People in the synthetic trusts.")] = 100,
    home: Annotated[Path | None, typer.Option(help="A home of its own, which must be new or a former run's.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Only show which faults the seed draws.")] = False,
    output: Format = Output.TABLE,
) -> None:
    """Run everything while processes and servers are killed, paused, cut off, fenced and fed with rubbish; then prove the result.

    Exit code 0 only if `verify --source --deep` passes, the histories in the topics show nothing missing, doubled or out of order, and a
    fault hit something while changes and numbered writes were made. The report is kept as chaos.json in the home. Examples:

        mainstem chaos --seed 7 --faults 20

        mainstem chaos --seed 7 --for 3600

        mainstem chaos --seed 7 --faults 20 --plan
    """
    import secrets
    import signal

    from deploy.chaos import arena, run
    from deploy.chaos.home import NotOursError, claim
    from deploy.chaos.inject import NotRecoveredError
    from deploy.chaos.plan import first
    from deploy.chaos.registers import NoRegisterError
    from deploy.platform.alone import AlreadyRunsError, alone
    from deploy.platform.trusts import TrustsNotMadeError
    from deploy.stack import StackError
    from schemas.errors import KafkaUnavailableError, RegistryUnavailableError

    seed = secrets.randbelow(1_000_000) if seed is None else seed
    if plan:
        drawn = first(seed, faults or 50, peace)
        if output is Output.JSON:
            as_json({"seed": seed, "faults": [{"kind": fault.kind.value, "target": fault.target, "after": fault.after,
                                               "lasts": fault.seconds} for fault in drawn]})
            return
        for fault in drawn:
            lasts = f" for {fault.seconds:.2f} s" if fault.seconds else ""
            typer.echo(f"{fault.kind.value:10} {fault.target:15} after {fault.after:5.2f} s{lasts}")
        return
    home = home or Settings().home / "chaos"
    try:
        claim(home)
    except NotOursError as fault:
        typer.echo(f"chaos: {fault}", err=True)
        raise typer.Exit(2) from None
    began = time.monotonic()

    def say(text: str) -> None:
        typer.echo(f"[{time.monotonic() - began:6.1f} s] {text}", err=True)

    # SIGTERM ends it as Ctrl-C does: with the servers stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    say(f"seed {seed}: to have the same faults again, mainstem chaos --seed {seed}")
    try:
        with alone(home), arena.arena(home, persons, seed, say) as place:
            report = run.run(place, seed, say, faults=faults, seconds=seconds, rate=rate, peace=peace)
    except (AlreadyRunsError, StackError, TrustsNotMadeError, KafkaUnavailableError, RegistryUnavailableError) as fault:
        typer.echo(f"chaos: {fault}", err=True)
        raise typer.Exit(1) from None
    except (NotRecoveredError, NoRegisterError) as fault:
        typer.echo(f"chaos: {fault}; seed {seed}; logs are in {home / 'logs'}", err=True)
        raise typer.Exit(1) from None
    told = orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2)
    (home / "chaos.json").write_bytes(told)
    if output is Output.JSON:
        typer.echo(told.decode())
    else:
        _show(report)
    raise typer.Exit(0 if report.passed else 1)


def _show(report: Report) -> None:
    console = terminal()
    table = Table("fault", "times", "hit something", "mean seconds until it ran again")
    for kind, times, bit, mean in report.kinds():
        table.add_row(kind, str(times), str(bit), f"{mean:.1f}")
    console.print(table)
    checks = Table("check", "compared", "differences")
    found = report.verify.get("checks", [])
    assert isinstance(found, list)
    for one in found:
        checks.add_row(f"verify: {one['name']}", f"{one['compared']:,}", f"{one['differences']:,}")
    for check in report.checks:
        checks.add_row(check.name, f"{check.compared:,}", f"{len(check.differences):,}")
    console.print(checks)
    for check in report.checks:
        for text in list(check.differences)[:5]:
            console.print(f"{check.name}: {text}", markup=False)
    survived = sum(bit for _, _, bit, _ in report.kinds())
    wrong = ([] if report.agrees else ["not everything agrees"]) + (
        [f"nothing proven, there was no {' and no '.join(report.missing)}"] if report.missing else [])
    verdict = f"[red]{'; '.join(wrong)}[/]" if wrong else "[green]nothing lost, nothing doubled[/]"
    console.print(f"seed {report.seed}, revision {report.revision or 'unknown'}: "
                  f"{survived} faults {'survived' if report.passed else 'made'} in {report.seconds:.0f} s "
                  f"({len(report.met) - survived} more hit nothing); {report.changes:,} changes, {report.acknowledged:,} numbered writes: "
                  f"{verdict}")
    if why := report.verify.get("why"):
        console.print(str(why), markup=False)
