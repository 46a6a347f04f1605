"""`mainstem identity train`: model releases for scoring."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mainstem.cli.identity_topics import opened, refuse
from mainstem.cli.printed import Output, as_json, table

if TYPE_CHECKING:
    from processors.identity.scoring.fields import Fields
    from processors.identity.scoring.release import Model

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__)

Home = Annotated[Path | None, typer.Option(help="Where the run keeps its data.")]
Format = Annotated[Output, typer.Option("--output", help="table, or json for programs.")]
TOPICS = "topics"


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
    """Train a model release with Splink, without labels. It changes nothing until MAINSTEM_MATCHING_MODEL names it.

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
    thresholds = Thresholds(review=log2(review / (1 - review)), automatic=log2(automatic / (1 - automatic)), link=link, families=families)
    try:
        model = trained(_people(learn, seed, home), name or file.stem, learn, population, thresholds)
    except (UntrainableError, UnreadableError, UnknownProfileError) as fault:
        refuse(str(fault), 1)
    except OSError as fault:
        refuse(f"{fault.filename}: {fault.strerror}", 1)
    dump(model, file)
    _told(model, output)


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
