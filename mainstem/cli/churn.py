"""`mainstem churn`: what of a source's next export is news, and what is other bytes for the same."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mainstem.cli.options import Format, OfFeed, Output, not_production
from producers.processing import Processing

if TYPE_CHECKING:
    from mainstem.cli.churn_report import Report, Resource
    from mainstem.terminology import Terminology

app = typer.Typer(add_completion=False, help=__doc__)
SHOWN = 200
"""Characters of a value in the table; the JSON has all."""
COUNTED = ("in_common", "byte_different", "published", "new", "vanished")


@app.command()
def churn(
    before: Annotated[Path, typer.Argument(help="A file or folder of FHIR or GP Connect exports.")],
    after: Annotated[Path, typer.Argument(help="The same source's next export, a file or folder.")],
    output: Format = Output.TABLE,
    source: Annotated[str | None, typer.Option(help="Whose system the files come from, RXA/epr. Without it each file must tell.")] = None,
    processing: OfFeed = Processing.PRODUCTION,
    terminology: Annotated[str, typer.Option(help="A release: its file, or one loaded here (`mainstem terms list`), by name or "
                                                  "name@digest.")] = "builtin",
    home: Annotated[Path | None, typer.Option(help="Where the run keeps its data, loaded releases among it.")] = None,
) -> None:
    """Compare two exports: which resources both have, which differ in bytes, and which changes the stream would publish.

    A change is published where AFTER on top of BEFORE changes the content of an entry; docs/churn.md says what counts as the same.
    Which records are one entry depends on the terminology: to get what a stream publishes, name the release that is in force there.
    Files that cannot be read are named on stderr, the rest is compared, and the exit code is then 1.

    Examples:

        mainstem churn january/ june/

        mainstem churn january/ june/ --output json

        mainstem churn january/ june/ --terminology uk-2026-11
    """
    from mainstem.cli import churn_report
    from mainstem.cli.printed import safe
    from mainstem.settings import Settings
    from mainstem.shelf import ReleaseError
    from producers.fhir.errors import SourceNameError
    from producers.fhir.publish import checked_source

    try:
        checked_source(source)
    except SourceNameError as fault:
        raise typer.BadParameter(str(fault), param_hint="--source") from None
    try:
        terms = _opened(terminology, (home or Settings().home) / "terms")
    except ReleaseError as fault:
        raise typer.BadParameter(str(fault), param_hint="--terminology") from None
    key = Settings().person_key.get_secret_value().encode()
    first, then = (churn_report.side([each], source, processing) for each in (before, after))
    report = churn_report.compare(first, then, key, terms)
    if output is Output.JSON:
        _print_json(report, terms.release)
    else:
        _print_tables(report)
    if ignored := first.read.not_production + then.read.not_production:
        typer.echo(not_production(ignored, "resources"), err=True)
    for each in report.faults:
        typer.echo(safe(f"not taken in: {each}"), err=True)
    if report.faults:
        raise typer.Exit(1)


def _opened(named: str, folder: Path) -> Terminology:
    """Raises ReleaseError."""
    from mainstem.terminology import Shelf, Terminology
    from mainstem.terminology.store import Store

    return Terminology(Store.at(Path(named))) if Path(named).is_file() else Shelf(folder).open(named)


def _print_json(report: Report, terminology: str) -> None:
    import orjson

    changes = [{**change.resource._asdict(), "kind": change.kind, "change": change.change,
                "fields": [{"field": name, "before": one, "after": other} for name, one, other in change.fields]}
               for change in report.published]
    body: dict[str, Any] = {name: len(getattr(report, name)) for name in COUNTED}
    body |= {"terminology": terminology, "by_type": _by_type(report), "changes": changes, "quarantined": len(report.faults),
             "new_resources": [each._asdict() for each in report.new],
             "vanished_resources": [each._asdict() for each in report.vanished]}
    typer.echo(orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode())


def _by_type(report: Report) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for name in COUNTED:
        for each in getattr(report, name):
            resource: Resource = each.resource if name == "published" else each
            counts.setdefault(resource.type, Counter())[name] += 1
    return {kind: {name: counts[kind][name] for name in COUNTED} for kind in sorted(counts)}


def _print_tables(report: Report) -> None:

    from mainstem.cli.printed import Table, plain, terminal

    console = terminal()
    counts = Table("resource", *(name.replace("_", " ") for name in COUNTED))
    rows = _by_type(report)
    for kind, found in rows.items():
        counts.add_row(plain(kind), *(str(found[name]) for name in COUNTED))
    counts.add_section()
    counts.add_row("all", *(str(len(getattr(report, name))) for name in COUNTED))
    console.print(counts)
    if not report.published:
        console.print("Nothing that both sides hold would be published.")
        return
    for change in report.published:
        console.print(plain(f"\n{change.resource.item}  {change.kind} {change.change}", "bold"))
        for name, one, other in change.fields:
            console.print(plain(f"  {name}\n    - {_readable(one)}\n    + {_readable(other)}"))


def _readable(value: Any) -> str:
    """A value in short. Control characters of a source's text are not for the terminal."""
    import orjson

    from mainstem.kinds.titles import named

    if value is None:
        return "(nothing said)"
    if isinstance(value, dict) and ("codes" in value or "text" in value):
        codes = ", ".join(code["code"] for code in value.get("codes") or ())
        value = " ".join(part for part in (named(value, ""), f"({codes})" if codes else "") if part)
    shown = value if isinstance(value, str) else orjson.dumps(value).decode()
    plain = "".join(letter if letter.isprintable() else " " for letter in shown)
    return plain if len(plain) <= SHOWN else f"{plain[:SHOWN]}... ({len(plain)} characters)"
