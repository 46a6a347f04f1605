"""What promise 1 asks of a world of assertions and claims: the stream gives what the fold gives, in whatever order it is told."""

from __future__ import annotations

import random
from collections.abc import Sequence

from mainstem import canonical
from mainstem.kinds.facts import Terms
from mainstem.model import Assertion, Claim
from processors.reconcile import rules
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY

World = Sequence[Assertion | Claim]


def streamed(world: World, rng: random.Random, terms: Terms | None = None) -> Pipeline:
    """All of it, in its order, while the stages are at work."""
    pipeline = Pipeline(KEY, terms)
    for value in world:
        pipeline.publish(value)
        if rng.random() < 0.2:
            pipeline.run(rng)
    pipeline.run(rng)
    return pipeline


def order_and_duplicates_make_no_difference(world: World, rng: random.Random, terms: Terms | None = None) -> None:
    found = []
    for mixed in (world, rng.sample([*world, *world], 2 * len(world))):
        pipeline = Pipeline(KEY, terms)
        for value in mixed:
            pipeline.publish(value)
        pipeline.run(rng)
        found.append(pipeline.current())
    assert found[0] == found[1]


def check(pipeline: Pipeline) -> None:
    """The stream's records are the fold's."""
    folded = pipeline.folded()
    expected = {(record.person, entry.fact): entry.content for record in folded.values() for entry in record.entries}
    assert pipeline.current() == expected
    labels = {(record.person, entry.fact): entry.labels for record in folded.values() for entry in record.entries}
    assert {key: told[-1].labels for key, told in pipeline.history().items() if told[-1].status == "current"} == labels
    summaries = pipeline.summaries()
    empty = canonical.record_digest(0)
    for person in folded.keys() | summaries.keys():
        record, summary = folded.get(person), summaries.get(person)
        assert (summary.digest if summary else empty) == (record.digest if record else empty)
        if record and summary:
            assert summary.entries == len(record.entries)
            assert (summary.nhs_numbers, summary.labels, summary.checked) == (record.nhs_numbers, record.labels, record.checked)
            said, expected = ([(s.source, s.patient, s.kinds, s.partial) for s in sources] for sources in (summary.sources, record.sources))
            assert said == expected
    assert not any(source.handover for summary in summaries.values() for source in summary.sources)
    for entries in pipeline.history().values():
        assert [entry.version for entry in entries] == list(range(1, len(entries) + 1))
        assert {rule for entry in entries for rule in entry.rules.values()} <= rules.BY_ID.keys()
        if entries[-1].status == "current":
            decided = {name for behind in entries[-1].provenance for name in behind.fields}
            assert decided == set(canonical.decode(entries[-1].content)), "every field shown names its assertion"
