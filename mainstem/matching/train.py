"""Trains a model release with Splink: chances of levels by random sampling and expectation maximisation, term frequencies by counting.

No labels are needed and none are used.
"""

from __future__ import annotations

import logging
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from math import log2
from typing import Any

from mainstem.matching import columns
from processors.identity.scoring.fields import COLUMNS, Fields
from processors.identity.scoring.levels import COMPARISONS
from processors.identity.scoring.release import Level, Model, Thresholds, Weighed

SEED = 1
PAIRS = 2e6
"""Random pairs from which the chances among two persons are estimated."""
LEAST_M, LEAST_U = 0.003, 1e-6
"""A chance is never taken for less. Synthetic and small data lack the errors that others make: one slip must not
outweigh all that agrees."""
LEAST_MOVED = 0.05
"""The same for another postcode or address: people move, one in ten each year."""
MOVED = {"postcode": ("outward", "differs"), "address": ("line", "differs")}
KEPT = 0.25
"""Of a chance among two that was sampled, as much is kept at least: what is taken off for pairs of one person is an estimate too."""
COMMON = 3
"""Terms that fewer source patients than this have are left out of the release: they could name someone."""
ITERATIONS = (10, 5, 3)
"""Of expectation maximisation, at most. Where a level occurs among two persons only, its chance among one falls below what
Splink takes as a number when it goes on for long: then fewer."""
RULES = ("birth_date", "family, given_1", "given_1, postcode")
"""Columns equal in the pairs from which a session learns the other comparisons: each comparison is learnt in two sessions or more."""
CERTAIN = ("family, given_1, birth_date", "given_1, birth_date, postcode", "family, birth_date, postcode")
CERTAIN_FIND = 0.7
"""What part of the true pairs those rules are taken to find."""


class UntrainableError(Exception):
    """Too few source patients, or too few that are alike, to learn from."""


def train(people: Sequence[Fields], name: str, trained_on: str, population: int | None = None,
          thresholds: Thresholds | None = None) -> Model:
    """`population`: source patients that the model will be used among, where more than it is trained on: the more there are, the likelier
    two are alike by chance. Raises UntrainableError.
    """
    if len(people) < 100:
        raise UntrainableError(f"{len(people)} source patients with demographics are too few: give 100 at least, better some thousands")
    for iterations in ITERATIONS:
        try:
            settings = _learnt(people, iterations)
            break
        except ValueError as fault:
            cause = fault
    else:
        raise UntrainableError(str(cause)) from cause
    prior = settings["probability_two_random_records_match"]
    if not 0 < prior < 1:
        raise UntrainableError("no two source patients are alike in name, birth date and postcode: nothing to learn a match from")
    trained = tuple(_weighed(each, people, prior) for each in settings["comparisons"])
    prior *= len(people) / max(population or 0, len(people))
    return Model(name=name, trained_on=trained_on, source_patients=len(people), prior=prior, comparisons=trained,
                 thresholds=thresholds or Thresholds(review=REVIEW, automatic=AUTOMATIC))


def _learnt(people: Sequence[Fields], iterations: int) -> dict[str, Any]:
    """The settings that Splink learns."""
    from splink import block_on

    said = [name for name in COMPARISONS if _said(name, people)]
    linker = _linker(people, [columns.comparison(name) for name in said], iterations=iterations)
    rules = [rule for rule in RULES if all(_said(column, people) for column in rule.replace("_1", "").split(", "))]
    linker.training.estimate_probability_two_random_records_match([block_on(*rule.split(", ")) for rule in CERTAIN], recall=CERTAIN_FIND)
    linker.training.estimate_u_using_random_sampling(max_pairs=PAIRS, seed=SEED, min_count_per_level=None)
    for rule in rules:
        linker.training.estimate_parameters_using_expectation_maximisation(
            block_on(*rule.split(", ")), estimate_without_term_frequencies=True)
    return linker.misc.save_model_to_json()


REVIEW, AUTOMATIC = log2(0.5 / 0.5), log2(0.999 / 0.001)
"""Default thresholds: as likely one person as two; a thousand to one."""


def predicted(people: Sequence[Fields], model: Model, rules: Iterable[str]) -> list[tuple[int, int, float]]:
    """What Splink itself says of the pairs that some rule's columns are equal for: places in `people`, and the match weight."""
    from splink import block_on

    linker = _linker(people, columns.comparisons(model), [block_on(*rule.split(", ")) for rule in rules], model.prior)
    for each in model.comparisons:
        column = COMPARISONS[each.comparison].frequencies
        if column:
            rows: dict[str, list[Any]] = {column: list(each.frequencies), f"tf_{column}": list(each.frequencies.values())}
            linker.table_management.register_term_frequency_lookup(linker._db_api.register(_arrow(rows)), column)
    found = linker.inference.predict().as_duckdbpyrelation()
    return [(int(a), int(b), weight) for a, b, weight in found.select("unique_id_l, unique_id_r, match_weight").fetchall()]


def _linker(people: Sequence[Fields], comparisons: list[dict[str, Any]], rules: Sequence[Any] = (), prior: float = 1e-4,
            iterations: int = 1) -> Any:
    import duckdb
    from splink import DuckDBAPI, Linker, SettingsCreator

    logging.getLogger("splink").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="splink")
    connection = duckdb.connect()
    connection.execute(columns.MACROS)
    api = DuckDBAPI(connection=connection)
    rows = [each.row() for each in people]
    table = _arrow({"unique_id": list(range(len(rows)))} | {column: [row[column] for row in rows] for column in COLUMNS})
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=[*comparisons], blocking_rules_to_generate_predictions=list(rules),
        probability_two_random_records_match=prior, max_iterations=iterations, retain_matching_columns=False)
    return Linker(api.register(table), settings, log_level=None)


def _arrow(found: dict[str, list[Any]]) -> Any:
    import pyarrow

    return pyarrow.table({column: pyarrow.array(cells, pyarrow.string() if column in COLUMNS else None)
                          for column, cells in found.items()})


def _said(name: str, people: Sequence[Fields]) -> bool:
    """Whether enough say anything of it to learn from."""
    field = {"address": "lines"}.get(name, name)
    return sum(bool(getattr(each, field)) for each in people) >= len(people) / 20


def _weighed(trained: dict[str, Any], people: Sequence[Fields], prior: float) -> Weighed:
    known = COMPARISONS[trained["output_column_name"]]
    levels = [level for level in trained["comparison_levels"] if not level.get("is_null_level")]
    frequencies = _frequencies(known.frequencies, people) if known.frequencies else {}
    return Weighed(known.name, tuple(_level(label, level, prior, LEAST_MOVED if label in MOVED.get(known.name, ()) else LEAST_M)
                                   for label, level in zip(known.levels, levels, strict=True)), frequencies)


def _level(label: str, trained: dict[str, Any], prior: float, least_m: float) -> Level:
    """A level seen neither among one person nor among two says nothing."""
    m, u = trained.get("m_probability"), trained.get("u_probability")
    least = max(m or 0, least_m)
    return Level(label, least, among_two(u, prior * (m or 0)) if u else LEAST_U if m and m > least_m else least)


def among_two(sampled: float, of_one: float) -> float:
    """The chance of a level among two persons. Some of the random pairs in which it was seen are of one person, `of_one` of all pairs: of
    those with one birth date most, where many are written down more than once."""
    return max(sampled - of_one, sampled * KEPT, LEAST_U)


def _frequencies(column: str, people: Sequence[Fields]) -> dict[str, float]:
    """As Splink counts: of all that say anything."""
    found = Counter(term for each in people if (term := each.row()[column]))
    return {term: count / found.total() for term, count in sorted(found.items()) if count >= COMMON}
