"""The record as it was known at a moment: what the stream published then, whatever has come since, merges and unmerges included."""

from __future__ import annotations

import random
import time

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical
from mainstem.history.past import Log, Persons, Said, by_number, first_known, record_at, stops
from mainstem.model import Known, Release
from mainstem.terminology.releases import Activation
from processors.reconcile import edition
from processors.reconcile.fold import Record
from schemas import topics
from schemas.codec import Codec
from tests.history.made import GP, HOSPITAL, INPUTS, KEY, NUMBERS, STORY, TERMS, claim, drawn, numbered
from tests.processors.pipeline import Pipeline


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


def test_who_is_called_by_a_number_those_for_whom_it_is_verified_first():
    said = [claim(HOSPITAL, "1", 10, NUMBERS[0], "1"), claim(GP, "7", 10, NUMBERS[0], "1"), claim("RXZ/pas", "3", 10, NUMBERS[1], "1")]
    for at, (source, patient) in enumerate([(HOSPITAL, "0"), ("RXZ/pas", "9")]):
        body = canonical.encode({"nhs_number": NUMBERS[0], "verification": "02"})
        said.append(Said(msgspec.structs.replace(said[0].claim, source=source, patient=patient, body=body), at))
    persons = Persons(said, 20, KEY)
    verified = persons.of(f"{HOSPITAL}|1")
    assert persons.carrying(NUMBERS[0]) == (verified,) and verified == persons.of(f"{GP}|7")
    assert persons.called(NUMBERS[0]) == (verified, *sorted(persons.of(each) for each in (f"{HOSPITAL}|0", "RXZ/pas|9")))
    assert Persons(said, 0, KEY).called(NUMBERS[0]) == (persons.of(f"{HOSPITAL}|0"),)
    assert persons.called("9990000034") == ()


@settings(max_examples=30)
@given(INPUTS, st.integers(0, 2**32))
def test_the_record_becomes_another_only_at_a_stop(values, seed):
    stream, rng = Pipeline(KEY, TERMS), random.Random(seed)
    for value in values:
        stream.publish(value)
    stream.run(rng)
    log = log_of(stream)
    subjects = {known.assertion.subject for known in log.assertions} | {f"{one.claim.source}|{one.claim.patient}" for one in log.claims}
    told = stops(log, subjects)
    times = sorted({known.known for known in log.assertions} | {one.known for one in log.claims})
    for person in stream.summaries():
        before = None
        for at in (t + d for t in times for d in (0, 1)):
            digest = record_at(log, Persons(log.claims, at, KEY), person, at, TERMS, KEY, subjects).digest
            assert digest == before or before is None or at in told
            before = digest


def test_what_was_withdrawn_or_superseded_since_has_its_stop():
    hospital, gp = f"{HOSPITAL}|1", f"{GP}|7"
    assert stops(STORY, {hospital, gp}) == (10, 20, 25, 30, 40, 50)
    assert stops(STORY, {hospital}) == (10, 20, 40), "20: what was said before it resolved"
    assert stops(STORY, {"RXX/none|1"}) == ()
    release = Release(activation="a", what="terminology", name="r", digest="d" * 64, actor="operator", reason="test")
    released = STORY._replace(activations=[Activation(at, 0, release) for at in (5, 45)])
    assert stops(released, {hospital}) == (10, 20, 40, 45), "a release that comes into force may change what is derived"


@settings(max_examples=100)
@given(INPUTS, st.integers(0, 60), st.randoms(use_true_random=False))
def test_order_copies_and_what_came_later_make_no_difference(values, at, rng):
    log = drawn(values, rng)
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


def agents(record: Record) -> list[str]:
    return sorted(canonical.decode(entry.content)["agent"]["text"] for entry in record.entries)


def test_rules_of_another_edition_are_told() -> None:
    other = Release(activation="1", what="rules", name="other", digest="0", actor="", reason="")
    ours, terms = msgspec.structs.replace(other, activation="2", name=edition.OURS.name), msgspec.structs.replace(other, what="terminology")
    activations = [Activation(10, 0, terms), Activation(20, 1, other), Activation(30, 2, ours)]
    assert [edition.other_at(activations, at) for at in (5, 15, 20, 29, 30)] == ["", "", "other", "other", ""]


def test_a_merge_shows_from_when_it_was_known_until_it_was_undone():
    assert by_number(STORY, Persons(STORY.claims, 9, KEY), NUMBERS[0], 9, TERMS, KEY) is None
    assert first_known(STORY.claims, NUMBERS[0]) == 10
    assert [agents(numbered(at)) for at in (10, 20, 29, 30, 49, 50)] == [
        [], ["penicillin"], ["penicillin"], ["peanut", "penicillin"], ["peanut", "penicillin"], ["penicillin"]]
    assert numbered(50).person == numbered(20).person
    assert numbered(39).digest != numbered(40).digest == numbered(45).digest


def test_what_claims_cost():
    codec, count = Codec("mock://past"), 5_000
    encode, decode = codec.encoder(topics.CLAIMS), codec.decoder(topics.CLAIMS)
    sources = (HOSPITAL, GP, "RXC/community")
    given = [encode(claim(sources[i % 3], str(i // 3), 1, str(9_990_000_000 + i // 3), "1").claim) for i in range(count)]
    began = time.process_time()
    persons = Persons([Said(decode(one), 1) for one in given], 1, KEY)
    each = (time.process_time() - began) / count
    print(f"\npast: {count:,} claims decoded and placed at {each * 1e6:.0f} us of a core each")
    assert len(persons.placed) == count and each < 1e-3
