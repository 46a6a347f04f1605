"""Promise 1 over what real systems wrote: records of two GP Connect exports and of UK Core's examples, in any order, doubled, in any
batches, over crashes, joined and parted, give the entries and digests that the fold gives."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.cli import fold_input
from mainstem.model import Assertion, Claim, Status
from mainstem.terminology import builtin
from tests.processors.convergence import check
from tests.processors.identity.test_persons import link, unlink
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY

pytestmark = pytest.mark.corpus

CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
World = list[Assertion | Claim]


@cache
def records() -> dict[str, list[list[Assertion]]]:
    """Source patient -> its records, each with the versions of every export; the manifest first, where it has one."""
    if not CORPORA.is_dir():
        pytest.skip("no corpora here")
    read = fold_input.read([CORPORA / "gp-connect-stu3", CORPORA / "uk-core-r4"], "RXA/fhir")
    found: dict[str, dict[str, list[Assertion]]] = {}
    for known in read.assertions:
        found.setdefault(known.assertion.subject, {}).setdefault(known.assertion.record, []).append(known.assertion)
    return {subject: [said[record] for record in sorted(said, key=lambda record: (record != "manifest", record))]
            for subject, said in sorted(found.items())}


def drawn(picks: list[tuple[int, int]], links: list[tuple[int, int, bool]]) -> World:
    """`picks`: a source patient and one of its records, by number. Whoever has one picked has its manifest too."""
    said, subjects = records(), sorted(records(), key=lambda subject: -len(records()[subject]))
    world: dict[tuple[str, int], list[Assertion]] = {}
    for whose, which in picks:
        subject = subjects[whose % len(subjects)]
        for place in (0, which % len(said[subject])):
            world[subject, place] = said[subject][place]
    named = sorted({subject for subject, _ in world})
    said_so = []
    for at, (one, other, together) in enumerate(links):
        pair = sorted({named[one % len(named)], named[other % len(named)]})
        if len(pair) == 2:
            said_so.append((link if together else unlink)(*pair, position=f"{at:02}"))
    return [*(each for versions in world.values() for each in versions), *said_so]


numbers = st.integers(0, 2**16)
patients = st.integers(0, 7)
"""Of those with the most records."""
picks = st.lists(st.tuples(patients, numbers), min_size=10, max_size=40)
links = st.lists(st.tuples(patients, patients, st.booleans()), max_size=3)


@settings(max_examples=40, deadline=None)
@given(st.builds(drawn, picks, links), numbers)
def test_in_any_order_and_any_batches_it_is_the_fold(world: World, seed: int) -> None:
    rng = random.Random(seed)
    one, other = Pipeline(KEY, builtin()), Pipeline(KEY, builtin())
    for value in world:
        one.publish(value)
    one.run(rng, crashes=False)
    mixed = [*world, *rng.sample(world, len(world) // 2)]
    rng.shuffle(mixed)
    for at, value in enumerate(mixed):
        other.publish(value)
        if rng.random() < 0.1 and at:
            other.step(rng, rng.choice([1, 5, 100]))
    other.run(rng)
    check(one)
    check(other)
    assert one.current() == other.current()
    assert one.folded().keys() == other.folded().keys()


@settings(max_examples=30, deadline=None)
@given(st.builds(drawn, picks, st.just([])), numbers)
def test_joined_and_parted_it_is_as_if_it_had_never_been(world: World, seed: int) -> None:
    rng = random.Random(seed)
    named = sorted({value.subject for value in world})
    pair = sorted(rng.sample(named, min(2, len(named))))
    never, once = Pipeline(KEY, builtin()), Pipeline(KEY, builtin())
    for value in world:
        never.publish(value)
        once.publish(value)
    never.run(rng, crashes=False)
    if len(pair) == 2:
        once.publish(link(*pair, position="08"))
        once.run(rng)
        once.publish(link(*pair, position="09", status=Status.RETRACTED))
    once.run(rng)
    assert once.current() == never.current()
    digests = [{person: said.digest for person, said in each.summaries().items() if said.entries} for each in (never, once)]
    assert digests[0] == digests[1]


def test_the_worlds_hold_what_they_should() -> None:
    """Both exports of five patients, each with a manifest, and others."""
    said = records()
    manifests = [versions[0] for versions in said.values() if versions[0][0].record == "manifest"]
    assert len(manifests) == 5 and len(said) > 5
    assert sum(len(versions) > 1 for whole in said.values() for versions in whole) > 300, "records of both exports"
    assert {each.kind for whole in said.values() for versions in whole for each in versions} >= {
        "allergy", "medicine", "problem", "result", "encounter", "observation", "document", "referral", "immunisation", "manifest"}
