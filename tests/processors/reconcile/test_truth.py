"""Facts against the seeds' truth: pairwise precision and recall over assertions, told by the trusts' own mappings.

`pytest tests/processors/reconcile/test_truth.py -s -m slow` prints the figures at 5,000 persons; so does `mainstem seeds score`.
"""

from __future__ import annotations

from typing import Any

import pytest

from mainstem.kinds.facts import NoTerms
from mainstem.terminology import builtin
from mainstem.truth import Score, people, score

PROFILES = ("everyday", "messy", "unseen", "hurried", "labelled", "prose")
WANTED = 0.99
KINDS = ("allergy", "medicine", "problem", "result")


@pytest.mark.parametrize("profile", PROFILES)
def test_facts_are_the_true_ones(profile: str) -> None:
    check(score(people(300, 3, profile), builtin()))


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES)
def test_figures_at_5000_persons(profile: str) -> None:
    found = score(people(5000, 1, profile), builtin())
    print(f"\n{profile}")
    for kind, of in found.items():
        print(shown(kind, of))
    check(found)


def check(found: dict[str, Score]) -> None:
    for kind in KINDS:
        of = found[kind]
        assert of.true > 50, f"too few pairs to tell: {shown(kind, of)}"
        assert (of.precision or 0) >= WANTED, shown(kind, of)
        assert (of.recall or 0) >= WANTED, shown(kind, of)


def shown(kind: str, of: Score) -> str:
    wrong = [f"    {what}, {why}: {tally.pairs}, {tally.example}" for what, tallies in
             (("missed", of.missed), ("outside", of.outside), ("false", of.false)) for why, tally in tallies.items()]
    return "\n".join([f"  {kind}: precision {of.precision}, recall {of.recall} ({of.recall_of_all} of all), {of.true} true pairs, "
                      f"{of.together} together", *wrong])


class OneAgent(NoTerms):
    """Takes everything for one allergy."""

    def agent(self, concept: dict[str, Any]) -> str | None:
        return "all one"


def test_one_kind_that_falls_short_fails_the_check() -> None:
    told = list(people(100, 3, "everyday"))
    found, short = score(told, builtin()), score(told, NoTerms())["allergy"]
    check(found)
    for kind in KINDS:
        with pytest.raises(AssertionError, match=kind):
            check({**found, kind: short})


def test_facts_that_are_two_in_truth_lower_precision_and_are_named() -> None:
    of = score(people(100, 3, "everyday"), OneAgent())["allergy"]
    assert of.recall == 1
    assert of.precision is not None
    assert of.precision < 0.8
    assert sum(tally.pairs for tally in of.false.values()) == of.together - of.right
    assert any("agent" in why for why in of.false)


def test_facts_that_are_apart_lower_recall_and_are_named() -> None:
    of = score(people(100, 3, "everyday"), NoTerms())["allergy"]
    assert (of.precision, of.right) == (None, 0)
    assert sum(tally.pairs for tally in of.missed.values()) == of.true
    assert of.outside, "no code is known to it"
    assert all("person-" in tally.example for tally in (*of.missed.values(), *of.outside.values()))


def test_items_of_one_record_are_facts_of_their_own() -> None:
    """Two sections of a letter are no missed pair."""
    of = score(people(100, 3, "everyday"), NoTerms())["document"]
    assert of.members > 90
    assert (of.true, of.together) == (0, 0)
