"""`mainstem identity`: who is with whom and why, what waits for a human, human decisions, and what a wrong join did."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli import identity_releases, matching
from mainstem.cli.identity_topics import Topics, opened, refuse
from mainstem.cli.options import Actor, Format, Home, Output, named
from mainstem.cli.printed import as_json, line, table
from mainstem.operations import View

if TYPE_CHECKING:
    from mainstem.model import Task
    from mainstem.web.record import Record

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)
app.registered_commands += matching.app.registered_commands + identity_releases.app.registered_commands

Subject = Annotated[str, typer.Argument(help="A source patient, as in `RXA/epr|1000001`")]
Why = Annotated[str, typer.Option("--why", help="The reason, for whoever reviews the decision.")]
Who = Annotated[str | None, typer.Option("--who", help="Who decides. Default: the user of this machine.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show whose person would change; record nothing.")]


@app.command()
def show(whom: Annotated[str, typer.Argument(help="A source patient, a person id, or an NHS number")], home: Home = None,
         history: Annotated[bool, typer.Option("--history", help="And who came to the person and who left, since when, by which rule.")]
         = False, output: Format = Output.TABLE, actor: Actor = None) -> None:
    """Show a person's source patients, what each says of who they are, the rule by which each is there, how alike it is to the first,
    the claims that count, and what checks for opt-outs and PDS answered of their numbers.

    The view is written to the audit first; where that fails, nothing is shown. Examples:

        mainstem identity show "RXA/epr|1000001" --history

        mainstem identity show "999 000 0018" --output json
    """
    from mainstem.adjudication import explain
    from mainstem.cli import identity_shown
    from mainstem.web.seen import shown
    from processors.identity.answers import ABOUT_NUMBERS

    with opened(home) as topics:
        everyone = topics.everyone()
        with topics.asked(named(actor), whom):
            found = explain.found(whom, everyone)
        persons = [explain.show(person, everyone) for person in found]
        pasts = [topics.reach().of_person(each.person, [member.subject for member in each.members])[0] if history else []
                 for each in persons]
        concerned = {person for past in pasts for each in past for person in (each.before, each.after) if person}
        records = topics.seen(named(actor), View.IDENTITY, {each.person for each in persons} | concerned)
        told = [(shown(each, records[each.person]), {type_: explain.answers(type_, each, everyone) for type_ in ABOUT_NUMBERS}, past)
                for each, past in zip(persons, pasts, strict=True)]
        if output is Output.JSON:
            as_json([identity_shown.person_as_builtins(each, answers, past if history else None) for each, answers, past in told])
            return
        for each, answers, past in told:
            identity_shown.person(each, answers, past)


@app.command()
def review(task: Annotated[str | None, typer.Argument(help="A task id, or its beginning; without it, all are listed")] = None,
           reason: Annotated[str | None, typer.Option(help="Only tasks of this reason, as in identity.same-demographics.")] = None,
           home: Home = None, output: Format = Output.TABLE, actor: Actor = None) -> None:
    """List what only a human can settle, or show one task field by field.

    The list names sources and no patients. A task, and JSON, show who people are: the view is written to the audit first. Examples:

        mainstem identity review

        mainstem identity review --reason identity.same-demographics

        mainstem identity review 3f2a90 --output json
    """
    with opened(home) as topics:
        tasks = [topics.task(task)] if task is not None else [each for each in topics.open_tasks() if reason in (None, each.reason)]
        if output is Output.TABLE and task is None:
            table(f"{len(tasks)} open", [{"task": each.id, "reason": each.reason, "source patients": len(each.subjects),
                                          "of": ", ".join(sorted({subject.partition("|")[0] for subject in each.subjects})) or "a number"}
                                         for each in tasks])
            return
        records = topics.seen(named(actor), View.IDENTITY, {person for each in tasks for person in _concerned(each, topics)})
        tasks = [_without_whereabouts(each, records) for each in tasks]
        if output is Output.JSON:
            import msgspec

            as_json(msgspec.to_builtins(tasks))
            return
        one = tasks[0]
        table(one.reason, [{"source patient": subject, "person": person}
                           for subject, person in zip(one.subjects, one.persons, strict=True)])
        table("", [{"field": each.field, "": each.outcome} | dict(zip(one.subjects or each.values, each.values, strict=False))
                   | ({"bits": ", ".join(f"{weight:+.1f}" for weight in each.weights)} if one.scores else {}) for each in one.evidence])
        if one.scores:
            line(f"likeness of the first with each other: {', '.join(f'{score:+.1f}' for score in one.scores)} bits")


@app.command()
def why(subject: Subject,
        other: Annotated[str | None, typer.Argument(help="Another source patient: why the two are one person, or two")] = None,
        home: Home = None, output: Format = Output.TABLE, actor: Actor = None) -> None:
    """Say why a source patient is where it is: the rule, and every claim about it that counts, down to the raw message. Of two: what speaks
    for one person and what against, from tie to tie, and field by field.

    The view is written to the audit first. Examples:

        mainstem identity why "RXA/epr|1000001"

        mainstem identity why "RXA/epr|1000001" "A82038/gp|1" --output json
    """
    from mainstem.adjudication import explain
    from mainstem.adjudication.errors import UnknownError
    from mainstem.cli import identity_shown
    from mainstem.web.seen import shown, told

    with opened(home) as topics:
        everyone = topics.everyone()
        if other is not None:
            with topics.asked(named(actor), subject, other):
                pair = explain.why(subject, other, everyone)
            records = topics.seen(named(actor), View.IDENTITY, {pair.one.person, pair.other.person})
            identity_shown.pair(told(pair, records), output)
            return
        with topics.asked(named(actor), subject):
            if everyone.said(subject) is None:
                raise UnknownError("no claim is known of that source patient; they are written as in RXA/epr|1000001")
        person = everyone.where(subject).person
        records = topics.seen(named(actor), View.IDENTITY, {person})
        (member,) = (each for each in shown(explain.show(person, everyone), records[person]).members if each.subject == subject)
        identity_shown.alone(member, output)


@app.command()
def link(one: Subject, other: Subject, why: Why, who: Who = None, home: Home = None, dry_run: DryRun = False,
         output: Format = Output.TABLE) -> None:
    """Decide that two source patients are one person. No machine undoes it; only a newer human decision does.

    What changes is shown: the view is written to the audit first, here and below; where that fails, nothing is recorded. Example:

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
    """Take the decision about two source patients back: they are as if nobody had decided.

    Example:

        mainstem identity undo "RXA/epr|1000001" "A82038/gp|1" --why "decided about the wrong two"
    """
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
    with opened(home) as topics:
        subjects = topics.task(task).subjects
    if len(subjects) < 2 or (other is None and len(subjects) > 2) or (other is not None and other not in subjects[1:]):
        refuse("name one of its further source patients with --other; `mainstem identity review` with the task shows them" if subjects[1:]
               else "it names no two source patients: decide with `link` or `unlink`", 2)
    _decide(subjects[0], other or subjects[1], why, who, home, dry_run, output, apart=not same)


@app.command()
def blast(what: Annotated[str, typer.Argument(help="A source patient, a person id, a task id, or a decision id")],
          other: Annotated[str | None, typer.Argument(help="Another source patient: only what the two did together")] = None,
          home: Home = None, output: Format = Output.TABLE, actor: Actor = None) -> None:
    """Show what a wrong join did: what was published while two were one person, who viewed it, what is put right and what is not yet.

    Of a source patient or a person: with everyone it was one person with and is not any more. The view is written to the audit first.
    Examples:

        mainstem identity blast "RXA/epr|1000001"

        mainstem identity blast "RXA/epr|1000001" "A82038/gp|1" --output json
    """
    from itertools import combinations

    from mainstem.adjudication.errors import UnknownError
    from mainstem.cli.identity_blast import as_builtins, printed

    with opened(home) as topics, topics.asked(named(actor), what):
        reach = topics.reach()
        if other is not None:
            found, about = reach.of([(what, other)]), {what, other}
        elif "|" in what:
            found, about = reach.of_subject(what), {what}
        else:
            desk = topics.desk()
            decided, waiting, members = desk.decision(what), desk.task(what), desk.members(what)
            if decided is None and waiting is None and not members:
                raise UnknownError("that is no source patient (RXA/epr|1000001), no person, no open task and no decision")
            pairs = [(decided.one, decided.other)] if decided else list(combinations(waiting.task.subjects if waiting else (), 2))
            found = reach.of_person(what, members)[1] if members else reach.of(pairs)
            about = {*members, *(each for pair in pairs for each in pair)}
        persons = {each.person for each in found} or {topics.desk().person_of(each) for each in about}
        topics.seen(named(actor), View.BLAST_RADIUS, persons)
        if output is Output.JSON:
            as_json([as_builtins(each) for each in found])
        else:
            printed(found)


def _decide(one: str, other: str, why: str, who: str | None, home: Path | None, dry_run: bool, output: Output, *, apart: bool,
            undo: bool = False) -> None:
    from mainstem.adjudication.decisions import changes, decision
    from mainstem.adjudication.desk import now
    from mainstem.adjudication.errors import NotDecidableError

    with opened(home) as topics:
        claims = topics.claims()
        try:
            decided = decision(claims, one, other, apart=apart, who=named(who), when=now(), why=why, undo=undo)
        except NotDecidableError as fault:
            refuse(str(fault), 2)
        moved = changes(claims, decided, topics.key, topics.model())
        desk = topics.desk()
        persons = {person for each in moved for person in (each.before, each.after)} or {desk.person_of(each) for each in (one, other)}
        topics.seen(named(who), View.IDENTITY, persons)
        if not dry_run:
            desk.record(decided)
        if output is Output.JSON:
            as_json({"dry_run": dry_run, "id": decided.raw.item, "decision": decided.type, "status": decided.status.value,
                     "ref": decided.ref, "moved": [each._asdict() for each in moved]})
            return
        table("would change" if dry_run else "changes", [each._asdict() for each in moved])
        typer.echo(f"{'dry run: nothing recorded' if dry_run else f'recorded as {decided.raw.item}'}; "
                   f"{len(moved)} source patients change person")


def _concerned(task: Task, topics: Topics) -> set[str]:
    """The persons whom a task shows; of a number in doubt, those who carry it."""
    if task.persons:
        return set(task.persons)
    desk = topics.desk()
    return {desk.person_of(subject) for number in task.evidence[0].values for subject in desk.carriers(number)}


def _without_whereabouts(task: Task, records: dict[str, Record | None]) -> Task:
    from msgspec.structs import replace

    from mainstem.web.seen import hidden, likeness, withheld

    hides = [hidden(subject, records.get(person)) for subject, person in zip(task.subjects, task.persons, strict=True)]
    return replace(task, evidence=withheld(task.evidence, hides), scores=likeness(task.scores, task.evidence, hides)) if hides else task
