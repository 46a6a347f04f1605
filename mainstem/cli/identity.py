"""`mainstem identity`: who is with whom and why, what waits for a human, and human decisions with who, when and why."""

from __future__ import annotations

import getpass
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from mainstem.settings import Settings

if TYPE_CHECKING:
    from mainstem.model import Claim, Task
    from schemas.codec import Codec

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Sources' text may hold escape sequences; a terminal must not obey them."""


class Output(StrEnum):
    TABLE = "table"
    JSON = "json"


Subject = Annotated[str, typer.Argument(help="A source patient, as in `RXA/epr|1000001`")]
Home = Annotated[Path | None, typer.Option(help="Where the run keeps its data.")]
Format = Annotated[Output, typer.Option("--output", help="table, or json for programs.")]
Why = Annotated[str, typer.Option("--why", help="The reason, for whoever reviews the decision.")]
Who = Annotated[str | None, typer.Option("--who", help="Who decides. Default: the user of this machine.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show whose person would change; record nothing.")]


@app.command()
def show(whom: Annotated[str, typer.Argument(help="A source patient, a person id, or an NHS number")], home: Home = None,
         output: Format = Output.TABLE) -> None:
    """Show a person's source patients, what each says of who they are, and the rule by which each is there.

    Example:

        mainstem identity show "RXA/epr|1000001"
    """
    from processors.identity.claimed import Claimed
    from processors.identity.linker import assign
    from processors.identity.tasks import compared

    with _topics(home) as found:
        assigned, view = assign(found.claims, found.key), Claimed(found.claims)
        digits = whom.replace(" ", "")
        chosen = {assigned[whom].person} if whom in assigned else {
            placed.person for subject, placed in assigned.items()
            if placed.person == whom or any(number == digits for number, _ in view.said(subject).carried)}
        if not chosen:
            _refuse(f"nobody is known as {whom}: give a source patient (RXA/epr|1000001), a person id or an NHS number", 1)
        shown: list[dict[str, Any]] = []
        for person in sorted(chosen):
            subjects = sorted(subject for subject, placed in assigned.items() if placed.person == person)
            fields = compared([view.said(subject) for subject in subjects])
            shown.append({"person": person, "source_patients": [
                {"subject": subject, "reason": assigned[subject].reason, **{field.field: field.values[place] for field in fields}}
                for place, subject in enumerate(subjects)]})
        if output is Output.JSON:
            _json(shown)
            return
        for one in shown:
            _print(f"Person {one['person']}", one["source_patients"])


@app.command()
def review(task: Annotated[str | None, typer.Argument(help="A task id; without it, all are listed")] = None, home: Home = None,
           output: Format = Output.TABLE) -> None:
    """List what only a human can settle, or show one task field by field.

    Examples:

        mainstem identity review

        mainstem identity review 3f2a90 --output json
    """
    with _topics(home) as found:
        tasks = found.open_tasks()
        if task is not None:
            tasks = [found.task(task)]
        if output is Output.JSON:
            import msgspec

            _json(msgspec.to_builtins(tasks))
        elif task is None:
            _print(f"{len(tasks)} open", [{"task": each.id, "reason": each.reason, "about": ", ".join(each.subjects) or
                                           " ".join(each.evidence[0].values)} for each in tasks])
        else:
            one = tasks[0]
            _print(one.reason, [{"source patient": subject, "person": person}
                                for subject, person in zip(one.subjects, one.persons, strict=True)])
            _print("", [{"field": each.field, "": each.outcome} | dict(zip(one.subjects or each.values, each.values, strict=False))
                        for each in one.evidence])


@app.command()
def why(subject: Subject, home: Home = None, output: Format = Output.TABLE) -> None:
    """Say why a source patient is where it is: the rule, and every claim about it that counts, down to the raw message.

    Example:

        mainstem identity why "RXA/epr|1000001"
    """
    from mainstem import canonical, versions
    from processors.identity.linker import assign

    with _topics(home) as found:
        placed = assign(found.claims, found.key).get(subject)
        if placed is None:
            _refuse(f"no claim is known of {subject}", 1)
        greatest: dict[tuple[str, str], Claim] = {}
        for claim in found.claims:
            if claim.subject == subject or canonical.decode(claim.body).get("other") == subject:
                held = greatest.get(name := (claim.type, claim.ref))
                if held is None or versions.of_claim(claim) > versions.of_claim(held):
                    greatest[name] = claim
        rows = [{"type": claim.type, "status": claim.status.value, "says": canonical.decode(claim.body), "position": claim.position,
                 "raw": f"{claim.raw.topic}/{claim.raw.partition} {claim.raw.offset} {claim.raw.item}".strip()}
                for _, claim in sorted(greatest.items())]
        if output is Output.JSON:
            _json({"subject": subject, "person": placed.person, "reason": placed.reason, "claims": rows})
            return
        Console().print(_text(f"{subject} is person {placed.person}: {placed.reason}"))
        _print("", [row | {"says": orjson.dumps(row["says"]).decode()} for row in rows])


@app.command()
def link(one: Subject, other: Subject, why: Why, who: Who = None, home: Home = None, dry_run: DryRun = False,
         output: Format = Output.TABLE) -> None:
    """Decide that two source patients are one person. No machine undoes it; only a newer human decision does.

    Example:

        mainstem identity link "RXA/epr|1000001" "RXC/community|C0000001" --why "same address and carer, confirmed by phone" --dry-run
    """
    _decide(one, other, why, who, home, dry_run, output, apart=False)


@app.command()
def unlink(one: Subject, other: Subject, why: Why, who: Who = None, home: Home = None, dry_run: DryRun = False,
           output: Format = Output.TABLE) -> None:
    """Decide that two source patients are two persons, whatever number or merge would join them.

    Example:

        mainstem identity unlink "RXA/epr|1000001" "A82038/gp|1" --why "newborn filed under its mother's number"
    """
    _decide(one, other, why, who, home, dry_run, output, apart=True)


@app.command()
def undo(one: Subject, other: Subject, why: Why, who: Who = None, home: Home = None, dry_run: DryRun = False,
         output: Format = Output.TABLE) -> None:
    """Take the decision about two source patients back: they are as if nobody had decided."""
    _decide(one, other, why, who, home, dry_run, output, apart=False, undo=True)


@app.command()
def decide(task: Annotated[str, typer.Argument(help="A task id, from `mainstem identity review`")], why: Why,
           same: Annotated[bool, typer.Option("--same/--different", help="One person, or two.")],
           other: Annotated[str | None, typer.Option(help="Which of the task's further source patients, where there are several.")] = None,
           who: Who = None, home: Home = None, dry_run: DryRun = False, output: Format = Output.TABLE) -> None:
    """Decide a review task: its first source patient and another are one person, or two.

    Example:

        mainstem identity decide 3f2a90 --different --why "twins"
    """
    with _topics(home) as found:
        subjects = found.task(task).subjects
    if len(subjects) < 2 or (other is None and len(subjects) > 2) or (other is not None and other not in subjects[1:]):
        _refuse(f"name one of {', '.join(subjects[1:]) or 'its source patients with `link` or `unlink`'} with --other", 2)
    _decide(subjects[0], other or subjects[1], why, who, home, dry_run, output, apart=not same)


def _decide(one: str, other: str, why: str, who: str | None, home: Path | None, dry_run: bool, output: Output, *, apart: bool,
            undo: bool = False) -> None:
    from mainstem.cli.decisions import NotDecidableError, changes, decision

    with _topics(home) as found:
        when = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        try:
            decided = decision(found.claims, one, other, apart=apart, who=who or getpass.getuser(), when=when, why=why, undo=undo)
        except NotDecidableError as fault:
            _refuse(str(fault), 2)
        moved = changes(found.claims, decided, found.key)
        if not dry_run:
            found.publish(decided)
        if output is Output.JSON:
            _json({"dry_run": dry_run, "decision": decided.type, "status": decided.status.value, "ref": decided.ref,
                   "moved": [each._asdict() for each in moved]})
            return
        _print("would change" if dry_run else "changes", [each._asdict() for each in moved])
        typer.echo(f"{'dry run: nothing recorded; ' if dry_run else 'recorded; '}{len(moved)} source patients change person")


@dataclass(frozen=True, slots=True)
class _Topics:
    """What the topics hold."""

    bootstrap: str
    codec: Codec
    claims: list[Claim]
    key: bytes

    def open_tasks(self) -> list[Task]:
        from schemas import log, topics

        decode, latest = self.codec.decoder(topics.TASKS), {}
        for message in log.read(self.bootstrap, topics.TASKS):
            value = decode(message.value())
            latest[value.id] = value
        return sorted((task for task in latest.values() if task.status == "open"), key=lambda task: (task.reason, task.id))

    def task(self, beginning: str) -> Task:
        found = [each for each in self.open_tasks() if each.id.startswith(beginning)]
        if len(found) != 1:
            _refuse(f"{len(found)} open tasks begin with {beginning}; `mainstem identity review` lists them", 1)
        return found[0]

    def publish(self, claim: Claim) -> None:
        from schemas import kafka, topics

        failed: list[Any] = []
        producer = kafka.producer(self.bootstrap)
        producer.produce(topics.CLAIMS.name, self.codec.encoder(topics.CLAIMS)(claim), claim.subject.encode(), partition=0,
                         on_delivery=lambda error, _: failed.append(error) if error else None)
        if producer.flush(30) or failed:
            _refuse("the broker did not take the decision: nothing is recorded; try again", 1)


@contextmanager
def _topics(home: Path | None) -> Iterator[_Topics]:
    from deploy.stack import StackError, endpoints
    from mainstem.verify import received
    from schemas import log
    from schemas.codec import Codec
    from schemas.errors import RegistryUnavailableError

    try:
        servers = endpoints(home or Settings().home)
        codec = Codec(servers.registry)
        yield _Topics(servers.kafka, codec, list(received.claims(servers.kafka, codec)), Settings().person_key.get_secret_value().encode())
    except (StackError, RegistryUnavailableError, log.TruncatedReadError) as fault:
        _refuse(str(fault), 1)


def _refuse(message: str, code: int) -> NoReturn:
    typer.echo(f"mainstem identity: {message}", err=True)
    raise typer.Exit(code)


def _json(found: Any) -> None:
    typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())


def _print(title: str, rows: list[dict[str, Any]]) -> None:
    table = Table(*(rows[0] if rows else ()), title=title or None, title_justify="left")
    for row in rows:
        table.add_row(*(_text(str(cell)) for cell in row.values()))
    Console().print(table)


def _text(text: str) -> Text:
    return Text(_CONTROL.sub("�", text))
