"""The record as it was known at a moment: what the stream published then, whatever has come since, merges and unmerges included."""

from __future__ import annotations

import random
import time

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical
from mainstem.history.instead import terms_at
from mainstem.history.past import Log, Persons, Said, by_number, first_known, record_at, stops
from mainstem.history.reading import NobodyThenError
from mainstem.model import Assertion, Claim, Known, RawRef, Release, Status
from mainstem.terminology.releases import Activation
from processors.identity.persons import numbered_person, own_person
from processors.reconcile import edition
from processors.reconcile.folded import Record
from schemas import topics
from schemas.codec import Codec
from tests.history.made import GP, HOSPITAL, INPUTS, KEY, NUMBERS, STORY, TERMS, allergy, claim, drawn, numbered, reading_of
from tests.processors.identity.test_persons import became
from tests.processors.pipeline import Pipeline
from tests.processors.reconcile.test_sweep import Newer, activate
from tests.strategies import THIRD, opted_out, restricted

RELEASES = {"test": TERMS, "newer": Newer()}


def log_of(stream: Pipeline) -> Log:
    """Copies tell when what they copy was known."""
    return Log([Said(value, at if value.known is None else value.known) for at, _, value in stream.logs[topics.CLAIMS.name, 0]],
               [known if known.assertion.known is None else msgspec.structs.replace(known, known=known.assertion.known)
                for known in stream.known()])


def published(stream: Pipeline) -> dict[str, tuple[dict[str, bytes], str]]:
    """Person -> what the stages have published by now: contents by fact, and the digest."""
    found: dict[str, tuple[dict[str, bytes], str]] = {person: ({}, one.digest) for person, one in stream.summaries().items()}
    for (person, fact), content in stream.current().items():
        found[person][0][fact] = content
    return found


def as_then(record: Record) -> tuple[dict[str, bytes], str]:
    return {entry.fact: entry.content for entry in record.entries}, record.digest


ROUNDS = st.lists(st.tuples(INPUTS, st.sampled_from(["nothing", "copies", *RELEASES])), min_size=2, max_size=4)


@settings(max_examples=150)
@given(ROUNDS, st.integers(0, 2**32))
def test_a_past_moment_is_what_the_stages_had_published_then(rounds, seed):
    """Terminologies come into force between, and copies come, some of which say when it was known."""
    stream, rng, seen, activations = Pipeline(KEY, TERMS), random.Random(seed), [], []
    for values, then in rounds:
        for value in values:
            stream.publish(value)
        if then == "copies":
            for one in rng.choices([*log_of(stream).claims, *log_of(stream).assertions], k=3):
                value, known = _said(one)
                stream.publish(msgspec.structs.replace(value, known=known if rng.random() < 0.5 else value.known))
        elif then in RELEASES:
            stream.clock += 1
            activations.append(Activation(stream.clock, len(activations), Release(
                activation=f"terms-{len(activations)}", what="terminology", name=then, digest="0", actor="", reason="")))
            activate(stream, RELEASES[then], *(one.release.activation for one in activations))
        stream.run(rng)
        seen.append((stream.clock, published(stream)))
    log = log_of(stream)._replace(activations=activations)
    subjects = {known.assertion.subject for known in log.assertions}
    for at, expected in seen:
        terms, _ = terms_at(log.activations, at, lambda release: RELEASES[release.name] if release else TERMS)
        persons = Persons(log.claims, at, KEY)
        for person, then in expected.items():
            assert as_then(record_at(log, persons, person, at, terms, KEY, subjects)) == then


def _said(one: Said | Known) -> tuple[Assertion | Claim, int]:
    return (one.claim if isinstance(one, Said) else one.assertion), one.known


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


@settings(max_examples=50)
@given(INPUTS, st.integers(0, 60), st.randoms(use_true_random=False))
def test_of_a_person_enough_is_read_and_its_record_becomes_another_only_at_a_stop(values, at, rng):
    """The page knows of a person what today's record rests on, which may be nothing any more."""
    log = drawn(values, rng)
    subjects = {known.assertion.subject for known in log.assertions}
    who = [Persons(log.claims, moment, KEY) for moment in range(61)]
    for person in {who[60].of(subject) for subject in subjects} | {who[at].of(subject) for subject in subjects}:
        records = [record_at(log, persons, person, moment, TERMS, KEY, subjects) for moment, persons in enumerate(who)]
        today = [f"{state.source}|{state.patient}" for state in records[60].sources]
        with reading_of(log) as reader:
            (past,) = reader.by_person(person, today, at)
        assert past.record == records[at]
        assert past.today == tuple(sorted({who[60].of(f"{state.source}|{state.patient}") for state in records[at].sources}))
        if today or past.record.sources:
            assert {moment for moment in range(1, 61) if as_then(records[moment]) != as_then(records[moment - 1])} <= set(past.stops)


def test_who_came_and_left_between_has_its_stops_and_it_is_told_whose_all_are_today():
    """At 60 nothing shows that the record was somebody else's as well."""
    log = Log([claim(HOSPITAL, "1", 0, NUMBERS[0], "1"), claim(GP, "7", 10, NUMBERS[1], "0"), claim(GP, "7", 30, NUMBERS[0], "1"),
               claim(GP, "7", 50, NUMBERS[1], "2"), claim(HOSPITAL, "1", 70, THIRD, "2")],
              [allergy(HOSPITAL, "1", 10, "penicillin"), allergy(GP, "7", 20, "peanut"), allergy(GP, "7", 40, "latex", "2")])
    person, other, third = (numbered_person(KEY, number) for number in (*NUMBERS, THIRD))
    with reading_of(log) as reader:
        (parted,) = reader.by_person(person, [], 60)
        joined, gone = reader.by_person(person, [], 45, 80)
        (numbered,) = reader.by_number(NUMBERS[0], 60)
    assert {0, 10, 30, 40, 50, 70} <= set(parted.stops)
    assert [agents(past.record) for past in (parted, joined, gone, numbered)] == [
        ["penicillin"], ["latex", "penicillin"], [], ["penicillin"]]
    assert [past.today for past in (parted, joined, gone, numbered)] == [(third,), tuple(sorted((other, third))), (), (third,)]


def test_whom_nothing_linked_was_a_person_of_its_own_before_any_claim_named_it():
    """Who kept its address finds it as it was, though it is nobody's today."""
    hospital, gp = f"{HOSPITAL}|1", f"{GP}|7"
    link = Claim(source=GP, patient="7", type="linked", ref=f"{gp} ~ {hospital}", position="1", raw=RawRef("r", 0, 0),
                 body=canonical.encode({"other": hospital}))
    for said in (claim(HOSPITAL, "1", 10, NUMBERS[0], "1"), Said(link, 10)):
        with reading_of(Log([said], [allergy(HOSPITAL, "1", 0, "penicillin")])) as reader:
            before, after = reader.by_person(own_person(KEY, hospital), [], 5, 15)
        assert [agents(past.record) for past in (before, after)] == [["penicillin"], []]
        assert before.today == (own_person(KEY, gp) if said.claim is link else numbered_person(KEY, NUMBERS[0]),)


def test_a_number_that_nobody_carries_verified_leads_to_whom_it_is_said_of():
    log = Log([claim(GP, "7", 0, NUMBERS[0], "1", "02"), claim(HOSPITAL, "1", 20, NUMBERS[0], "1"),
               claim(HOSPITAL, "1", 40, NUMBERS[1], "2")],
              [allergy(GP, "7", 0, "peanut"), allergy(HOSPITAL, "1", 20, "penicillin")])
    with reading_of(log) as reader:
        assert [agents(past.record) for past in reader.by_number(NUMBERS[0], 0, 20, 40)] == [["peanut"], ["penicillin"], ["peanut"]]
        with pytest.raises(NobodyThenError) as fault:
            reader.by_number(NUMBERS[1], 45, 30)
    assert (fault.value.at, fault.value.first) == (30, 40)


def test_what_was_withdrawn_or_superseded_since_has_its_stop():
    hospital, gp = f"{HOSPITAL}|1", f"{GP}|7"
    assert stops(STORY, {hospital, gp}) == (10, 20, 25, 30, 40, 50)
    assert stops(STORY, {hospital}) == (10, 20, 40), "20: what was said before it resolved"
    assert stops(STORY, {"RXX/none|1"}) == ()
    checks = [Said(opted_out(number, f"{known}", status), known) for number, known, status in (
        (NUMBERS[0], 60, Status.RETRACTED), (NUMBERS[0], 61, Status.ASSERTED), (NUMBERS[0], 62, Status.ASSERTED),
        (NUMBERS[1], 63, Status.ASSERTED), (NUMBERS[0], 64, Status.RETRACTED))]
    checked = STORY._replace(claims=[*STORY.claims, *checks])
    assert stops(checked, {hospital}) == (10, 20, 40, 61, 64), "not each check, but each by which it became another"
    assert stops(checked, {"RXX/none|1"}) == ()
    answers = [Said(restricted(number, f"{known}", status), known) for number, known, status in (
        (NUMBERS[0], 60, Status.RETRACTED), (NUMBERS[0], 61, Status.ASSERTED), (NUMBERS[0], 62, Status.ASSERTED),
        (NUMBERS[1], 63, Status.ASSERTED), (NUMBERS[0], 64, Status.RETRACTED))]
    assert stops(STORY._replace(claims=[*STORY.claims, *answers]), {hospital}) == (10, 20, 40, 61, 64), "likewise what PDS answers"
    replaced = Said(became(*NUMBERS, position="50"), 50)
    lifted = Said(restricted(NUMBERS[1], "65", Status.RETRACTED), 65)
    later = STORY._replace(claims=[*STORY.claims, replaced, answers[1], lifted])
    assert stops(later, {hospital}) == (10, 20, 40, 61, 65), "also by an answer about the number that took its place"
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
    with reading_of(Log([Said(decode(one), 1) for one in given])) as reader:
        (past,) = reader.by_person(numbered_person(KEY, "9990000069"), [], 1)
    each = (time.process_time() - began) / count
    print(f"\npast: {count:,} claims decoded, placed and followed at {each * 1e6:.0f} us of a core each")
    assert past.stops == (1,) and each < 1e-3
