"""The record as it was known at a moment: what the stream published then, whatever has come since, merges and unmerges included."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical
from mainstem.history.changes import changes
from mainstem.history.past import Log, Persons, Said, by_number, first_known, record_at
from mainstem.model import Assertion, Claim, Known, RawRef, Status
from processors.reconcile.fold import Record
from schemas import topics
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY, NUMBERS, Terms, assertions, claims

TERMS = Terms()
INPUTS = st.lists(st.one_of(assertions, assertions, claims), min_size=1, max_size=20)


def log_of(stream: Pipeline) -> Log:
    return Log([Said(value, at) for at, _, value in stream.logs[topics.CLAIMS.name, 0]], stream.known())


def published(stream: Pipeline) -> dict[str, tuple[dict[str, bytes], str]]:
    """Person -> what the stages have published by now: contents by fact, and the digest."""
    found: dict[str, tuple[dict[str, bytes], str]] = {person: ({}, one.digest) for person, one in stream.summaries().items()}
    for (person, fact), content in stream.current().items():
        found[person][0][fact] = content
    return found


def as_then(record: Record) -> tuple[dict[str, bytes], str]:
    return {entry.fact: entry.content for entry in record.entries}, record.digest


@settings(max_examples=150)
@given(INPUTS, INPUTS, st.integers(0, 2**32))
def test_a_past_moment_is_what_the_stages_had_published_then(before, after, seed):
    stream, rng = Pipeline(KEY, TERMS), random.Random(seed)
    for value in before:
        stream.publish(value)
    stream.run(rng)
    then, at = published(stream), stream.clock
    for value in after:
        stream.publish(value)
    stream.run(rng)
    log = log_of(stream)
    subjects = {known.assertion.subject for known in log.assertions}
    persons = Persons(log.claims, at, KEY)
    for person, expected in then.items():
        assert as_then(record_at(log, persons, person, at, TERMS, KEY, subjects)) == expected
    now = Persons(log.claims, stream.clock, KEY)
    for person, expected in published(stream).items():
        assert as_then(record_at(log, now, person, stream.clock, TERMS, KEY, subjects)) == expected


@settings(max_examples=100)
@given(INPUTS, st.integers(0, 60), st.randoms(use_true_random=False))
def test_order_copies_and_what_came_later_make_no_difference(values, at, rng):
    log = Log([Said(value, rng.randrange(60)) for value in values if isinstance(value, Claim)],
              [Known(value, rng.randrange(60), 0, i) for i, value in enumerate(values) if isinstance(value, Assertion)])
    cut = Log([said for said in log.claims if said.known <= at], [known for known in log.assertions if known.known <= at])
    again = Log([*log.claims, *(said._replace(known=said.known + 9) for said in log.claims)],
                [*log.assertions, *(Known(k.assertion, k.known + 9, 1, k.offset) for k in log.assertions)])
    rng.shuffle(again.claims)
    rng.shuffle(again.assertions)
    subjects = {known.assertion.subject for known in log.assertions}
    for person in {Persons(log.claims, at, KEY).of(subject) for subject in subjects}:
        found = [record_at(one, Persons(one.claims, at, KEY), person, at, TERMS, KEY, subjects) for one in (log, cut, again)]
        assert as_then(found[0]) == as_then(found[1]) == as_then(found[2])
        assert found[0].sources == found[2].sources


def claim(source: str, patient: str, known: int, number: str | None, position: str) -> Said:
    body = canonical.encode({"nhs_number": number, "verification": "01"})
    return Said(Claim(source=source, patient=patient, type="carries-number", position=position, body=body, raw=RawRef("r", 0, 0),
                      status=Status.ASSERTED if number else Status.RETRACTED), known)


def allergy(source: str, patient: str, known: int, agent: str, position: str = "1", **changed) -> Known:
    content = canonical.encode({"agent": {"text": agent}, **changed})
    return Known(Assertion(source=source, patient=patient, record="allergy/1", kind="allergy", position=position, content=content,
                           raw=RawRef("r", 0, 0)), known, 0, known)


HOSPITAL, GP = "RXA/epr", "A82038/gp"
STORY = Log(
    [claim(HOSPITAL, "1", 10, NUMBERS[0], "1"), claim(GP, "7", 30, NUMBERS[0], "1"), claim(GP, "7", 50, NUMBERS[1], "2")],
    [allergy(HOSPITAL, "1", 20, "penicillin"), allergy(GP, "7", 25, "peanut"),
     allergy(HOSPITAL, "1", 40, "penicillin", "2", clinical_status="resolved")])
"""The GP's patient is joined at 30 and taken away again at 50; in between the hospital changes its allergy."""


def numbered(at: int) -> Record:
    found = by_number(STORY, Persons(STORY.claims, at, KEY), NUMBERS[0], at, TERMS, KEY)
    assert found is not None
    return found[0]


def agents(record: Record) -> list[str]:
    return sorted(canonical.decode(entry.content)["agent"]["text"] for entry in record.entries)


def test_a_merge_shows_from_when_it_was_known_until_it_was_undone():
    assert by_number(STORY, Persons(STORY.claims, 9, KEY), NUMBERS[0], 9, TERMS, KEY) is None
    assert first_known(STORY.claims, NUMBERS[0]) == 10
    assert [agents(numbered(at)) for at in (10, 20, 29, 30, 49, 50)] == [
        [], ["penicillin"], ["penicillin"], ["peanut", "penicillin"], ["peanut", "penicillin"], ["penicillin"]]
    assert numbered(50).person == numbered(20).person
    assert numbered(39).digest != numbered(40).digest == numbered(45).digest


def test_the_difference_names_fields_with_both_values_and_who_joined():
    joined = changes(numbered(20), numbered(45))
    assert [entry.sources for entry in joined.new] == [(GP,)] and joined.joined == (f"{GP}|7",) and not joined.gone
    assert [[tuple(field) for field in one.fields] for one in joined.changed] == [[("clinical_status", None, "resolved")]]
    left = changes(numbered(45), numbered(50))
    assert left.left == (f"{GP}|7",) and [entry.sources for entry in left.gone] == [(GP,)] and not left.changed
    assert changes(numbered(45), numbered(45)).nothing


@settings(max_examples=60)
@given(INPUTS, st.integers(0, 60), st.integers(0, 60), st.randoms(use_true_random=False))
def test_applying_the_difference_to_the_earlier_record_gives_the_later(values, one, other, rng):
    log = Log([Said(value, rng.randrange(60)) for value in values if isinstance(value, Claim)],
              [Known(value, rng.randrange(60), 0, i) for i, value in enumerate(values) if isinstance(value, Assertion)])
    subjects = {known.assertion.subject for known in log.assertions}
    person = Persons(log.claims, 60, KEY).of(min(subjects, default="RXA/epr|1"))
    before, after = (record_at(log, Persons(log.claims, at, KEY), person, at, TERMS, KEY, subjects) for at in (one, other))
    found = changes(before, after)
    facts = {entry.fact: canonical.decode(entry.content) for entry in before.entries}
    for entry in found.gone:
        del facts[entry.fact]
    for entry in found.new:
        facts[entry.fact] = canonical.decode(entry.content)
    for each in found.changed:
        for field in each.fields:
            facts[each.after.fact].pop(field.name, None)
            if field.after is not None:
                facts[each.after.fact][field.name] = field.after
    assert facts == {entry.fact: canonical.decode(entry.content) for entry in after.entries}
    assert changes(after, before).new == found.gone
