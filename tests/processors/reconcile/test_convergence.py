"""Promise 1: the record is a function of the set of assertions and claims, and the incremental engine gives what the fold gives."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical
from mainstem.kinds.facts import NoTerms
from mainstem.model import Claim, Known, RawRef, Status
from processors.identity.linker import assign
from processors.reconcile.fold import fold
from schemas import topics
from tests.processors.convergence import check, streamed
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY, SOURCES, Terms, assertions, claims

worlds = st.lists(st.one_of(assertions, assertions, claims), max_size=30)
all_terms = st.sampled_from([NoTerms(), Terms()])


@settings(max_examples=120, deadline=None)
@given(worlds, all_terms, st.integers(0, 2**32))
def test_the_stream_gives_what_the_fold_gives(world, terms, seed):
    rng = random.Random(seed)
    pipeline = Pipeline(KEY, terms)
    cuts = sorted(rng.sample(range(len(world) + 1), min(3, len(world) + 1)))
    for start, end in zip([0, *cuts], [*cuts, len(world)], strict=True):
        for value in world[start:end]:
            pipeline.publish(value)
            if rng.random() < 0.1:
                pipeline.publish(rng.choice(world[:end]))
        pipeline.run(rng)
    check(pipeline)


@settings(max_examples=80, deadline=None)
@given(worlds, all_terms, st.integers(0, 2**32))
def test_order_and_duplicates_make_no_difference(world, terms, seed):
    rng = random.Random(seed)
    one, other = Pipeline(KEY, terms), Pipeline(KEY, terms)
    for value in world:
        one.publish(value)
    one.run(rng, crashes=False)
    mixed = [*world, *rng.sample(world, len(world) // 2)]
    rng.shuffle(mixed)
    for value in mixed:
        other.publish(value)
    other.run(rng)
    assert one.current() == other.current()
    assert one.digests() == other.digests()


@settings(max_examples=80, deadline=None)
@given(st.lists(assertions, max_size=20), st.lists(claims, max_size=8), all_terms, st.randoms(use_true_random=False))
def test_the_fold_does_not_depend_on_order(said, claimed, terms, rng):
    known = [Known(assertion, at, 0, at) for at, assertion in enumerate(said)]
    before = fold(known, assign(claimed, KEY), KEY, terms)
    rng.shuffle(known)
    rng.shuffle(claimed)
    assert fold([*known, *known[:3]], assign(claimed, KEY), KEY, terms) == before


@settings(max_examples=50, deadline=None)
@given(worlds, st.integers(0, 2**32))
def test_sending_everything_again_is_no_news(world, seed):
    rng = random.Random(seed)
    pipeline = Pipeline(KEY, Terms())
    for value in world:
        pipeline.publish(value)
    pipeline.run(rng)
    entries, changes = len(pipeline.published(topics.ENTRIES)), len(pipeline.published(topics.CHANGES))
    for value in world:
        pipeline.publish(value)
    pipeline.run(rng)
    assert (len(pipeline.published(topics.ENTRIES)), len(pipeline.published(topics.CHANGES))) == (entries, changes)


@settings(max_examples=80, deadline=None)
@given(st.lists(assertions, min_size=1, max_size=15), st.lists(claims.filter(lambda claim: claim.type != "merged-into"), max_size=5),
       st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=4), all_terms, st.integers(0, 2**32))
def test_merge_then_unmerge_restores(said, claimed, pairs, terms, seed):
    rng = random.Random(seed)
    plain = Pipeline(KEY, terms)
    for value in (*said, *claimed):
        plain.publish(value)
    plain.run(rng)
    merges = [merge for source in SOURCES for n, (one, other) in enumerate(pairs) for merge in _merge_and_undo(source, one, other, str(n))]
    world = [*said, *claimed, *merges]
    rng.shuffle(world)
    merged = streamed(world, rng, terms)
    check(merged)
    assert merged.current() == plain.current()
    assert merged.digests() == plain.digests()


def _merge_and_undo(source: str, one: int, other: int, ref: str) -> list[Claim]:
    into = canonical.encode({"into": f"{source}|{other + 1}"})
    return [Claim(source=source, patient=str(one + 1), type="merged-into", ref=ref, position=position, status=status, body=into,
                  raw=RawRef("r", 0, 0)) for position, status in (("01", Status.ASSERTED), ("02", Status.RETRACTED))]
