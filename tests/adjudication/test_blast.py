"""Blast radius over the stream in memory: everything published of one as the other's is told again, or named as still wrong."""

from __future__ import annotations

import random
from collections.abc import Iterable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.adjudication.blast import CORRECTED, PENDING, STANDS, UNTOUCHED, Published, Radius, radius
from mainstem.adjudication.history import bearing, joined, moves, parted, partners, passed, where_now
from mainstem.adjudication.standing import Standing
from mainstem.model import Assertion, Claim, Status
from mainstem.operations import AuditEvent, View
from processors.identity.linker import assign
from processors.identity.persons import own_person
from schemas import topics
from tests.processors.identity.test_persons import became, claim, link, merged, number, unlink
from tests.processors.pipeline import Pipeline
from tests.strategies import KEY, NUMBERS, Terms, assertions, claims, subjects

A, B, C = "RXA/epr|1", "A82038/gp|1", "RXC/x|3"
N1, N2 = NUMBERS


def rows(pipeline: Pipeline) -> list[tuple[int, int, Claim]]:
    return [(offset, at, value) for offset, (at, _, value) in enumerate(pipeline.logs[topics.CLAIMS.name, 0])]


def radii(pipeline: Pipeline, one: str, other: str, audit: Iterable[AuditEvent] = ()) -> list[Radius]:
    told = moves(bearing(rows(pipeline), {one, other}), KEY)
    changes = [Published(value, at, f"c/{p}@{offset}") for p in range(topics.CHANGES.partitions)
               for offset, (at, _, value) in enumerate(pipeline.logs[topics.CHANGES.name, p])]
    latest = [entries[-1] for entries in pipeline.history().values()]
    return [radius(span, changes, latest, audit, where_now(told)) for span in joined(one, other, told, KEY)]


def allergy(subject: str, record: str, agent: str, position: str = "01") -> Assertion:
    from mainstem import canonical
    from mainstem.model import RawRef

    source, _, patient = subject.partition("|")
    return Assertion(source=source, patient=patient, record=f"allergy/{record}", kind="allergy", position=position, raw=RawRef("r", 0, 0),
                     content=canonical.encode({"agent": {"text": agent}, "clinical_status": "active"}))


def viewed(at: int, person: str, actor: str, view: View = View.RECORD) -> AuditEvent:
    return AuditEvent(id=actor, at=at, actor=actor, action=view, person=person, digest="d", known=1, purpose="direct care")


def ran(*values: Assertion | Claim, pipeline: Pipeline | None = None) -> Pipeline:
    found = pipeline or Pipeline(KEY, Terms())
    for value in values:
        found.publish(value)
        found.run(random.Random(1), crashes=False)
    return found


def test_what_was_published_while_joined_and_what_was_put_right() -> None:
    pipeline = ran(number(A, N1), number(B, N1), allergy(A, "1", "penicillin"), allergy(B, "1", "penicillin"), allergy(B, "2", "peanut"),
                   allergy(A, "2", "latex"))
    person = assign([number(A, N1)], KEY)[A].person
    seen, other = viewed(pipeline.clock, person, "a nurse"), viewed(pipeline.clock, "0" * 32, "x")
    (open_,) = radii(pipeline, A, B, [seen, other, viewed(pipeline.clock, person, "who was shown nobody", View.NOBODY)])
    assert [view.actor for view in open_.viewed] == ["a nurse"]
    assert (open_.ended, open_.until, open_.states) == (None, None, {STANDS: 4})
    ran(unlink(B, A), pipeline=pipeline)
    (closed,) = radii(pipeline, A, B, [seen, other, viewed(pipeline.clock + 1, person, "x")])
    # Both have left the number's person: nobody keeps it. The penicillin allergy was published under two ids, of which one had ceased.
    assert closed.states in ({CORRECTED: 3, UNTOUCHED: 1}, {CORRECTED: 4})
    assert closed.published == {"records.changes.v1": 5, "records.entries.v1": 5}
    assert [view.actor for view in closed.viewed] == ["a nurse"]
    assert closed.again == {own_person(KEY, A): 2, own_person(KEY, B): 2}
    corrected = [fact for fact in closed.facts if fact.state == CORRECTED]
    assert {fact.corrected for fact in corrected} == {"withdrawn"}
    first, last = closed.between["records.changes.v1"]
    assert (first, last) == (min(fact.first for fact in closed.facts), max(fact.last for fact in closed.facts))
    assert {each: len(closed.compensating[each]) for each in closed.again} == closed.again
    assert {fact.corrected_place for fact in corrected} <= set(closed.compensating[person]), "one was updated before it was withdrawn"
    assert open_.compensating == {} and open_.between.keys() == closed.between.keys()


def test_of_a_record_that_one_of_them_keeps_only_what_the_other_brought_is_put_right() -> None:
    pipeline = ran(number(A, N1), allergy(A, "1", "penicillin"), number(C, N2), allergy(C, "1", "peanut"), allergy(C, "2", "penicillin"),
                   link(A, C, position="08"), allergy(A, "3", "latex"), link(A, C, position="09", status=Status.RETRACTED))
    (span,) = radii(pipeline, A, C)
    assert span.states == {CORRECTED: 2, UNTOUCHED: 1}
    assert sorted(fact.corrected for fact in span.facts if fact.state == CORRECTED) == ["updated", "withdrawn"]


def test_of_a_person_who_came_who_left_and_with_whom_it_was_one_that_is_not_with_it_now() -> None:
    joined_, undone = link(A, C, position="08"), link(A, C, position="09", status=Status.RETRACTED)
    pipeline = ran(number(A, N1), number(B, N1), number(C, N2), joined_, undone)
    person, key = assign([number(A, N1)], KEY)[A].person, KEY
    told = moves(bearing(rows(pipeline), {A, B}), key)
    came = [(each.subject, each.before == person, each.after == person, each.epoch) for each in passed(person, told, key)]
    assert came == [(A, False, True, 0), (B, False, True, 1), (C, False, True, 3), (C, True, False, 4)]
    spans = parted(person, [A, B], told, key)
    assert [(span.one, span.other, span.began, span.ended) for span in spans] == [(B, C, 3, 4)], "the lesser speaks for both"
    assert parted(person, [A, B], moves(bearing(rows(pipeline)[:4], {A}), key), key) == [], "C is still with them"


def test_a_handover_that_has_not_come_yet_is_pending() -> None:
    pipeline = ran(number(A, N1), number(B, N1), allergy(A, "1", "penicillin"), allergy(B, "2", "peanut"))
    pipeline.publish(unlink(B, A))
    (span,) = radii(pipeline, A, B)
    assert span.states == {PENDING: 2}
    pipeline.run(random.Random(3))
    assert radii(pipeline, A, B)[0].states == {CORRECTED: 2}


def test_never_joined_and_joined_twice() -> None:
    pipeline = ran(number(A, N1), number(B, N2), allergy(A, "1", "penicillin"))
    assert radii(pipeline, A, B) == []
    ran(link(B, A, position="02"), link(B, A, position="03", status=Status.RETRACTED), link(B, A, position="04"),
        link(B, A, position="05", status=Status.RETRACTED), pipeline=pipeline)
    found = radii(pipeline, A, B)
    assert [(each.began, each.ended) for each in found] == [(2, 3), (4, 5)]
    assert partners(A, moves(rows(pipeline), KEY), KEY) == [B]


def test_who_is_moved_on_before_the_handover_is_done_is_put_right_by_the_next() -> None:
    """Parted, and given the right number at once: the record is put right under the later epoch alone, and views until then count."""
    pipeline = ran(*(number(each, N1) for each in (A, C, B)), allergy(A, "1", "penicillin"), allergy(B, "1", "peanut"))
    person = assign([number(A, N1)], KEY)[A].person
    for claimed in (unlink(B, A), unlink(B, C), number(B, N2, position="02")):
        pipeline.publish(claimed)
    pipeline.run(random.Random(1), crashes=False)
    told_right = max(at for p in range(topics.CHANGES.partitions) for at, _, value in pipeline.logs[topics.CHANGES.name, p]
                     if value.person == person)
    (span,) = radii(pipeline, A, B, [viewed(told_right, person, "a nurse"), viewed(told_right + 1, person, "x")])
    assert span.states == {CORRECTED: 1, UNTOUCHED: 1} and span.until == told_right
    assert [view.actor for view in span.viewed] == ["a nurse"]
    assert assign([number(A, N2)], KEY)[A].person in span.compensating


def test_several_parted_in_one_turn_of_the_record() -> None:
    """What two of them spoke of is told again once, under the latest epoch: of the first it is put right too."""
    pipeline = ran(*(number(each, N1) for each in (A, B, C)), number("RXA/epr|2", N1),
                   *(allergy(each, "1", "penicillin") for each in (A, B, C)))
    for apart in (unlink(B, A), unlink(B, "RXA/epr|2"), unlink(C, A), unlink(C, "RXA/epr|2")):
        pipeline.publish(apart)
    pipeline.run(_AllAtOnce(), crashes=False)
    assert [set(radii(pipeline, A, each)[0].states) for each in (B, C)] == [{CORRECTED}] * 2


class _AllAtOnce(random.Random):
    """Each stage in its turn reads all there is."""

    def choice(self, of: Any) -> Any:
        return of[0] if isinstance(of[0], tuple) else of[-1]


some = st.sampled_from([A, B, C, "RXA/epr|2", "A82038/gp|2"])
moving = st.lists(st.one_of(
    st.builds(lambda one, nhs: lambda at: number(one, nhs, position=at), some, st.sampled_from([N1, N1, N2])),
    st.builds(lambda pair, does, status: lambda at: does(*pair, position=at, status=status),
              st.tuples(some, some).filter(lambda pair: pair[0] < pair[1]), st.sampled_from([link, unlink]),
              st.sampled_from([Status.ASSERTED, Status.ASSERTED, Status.RETRACTED])),
    st.builds(lambda status: lambda at: merged("RXA/epr|2", A, position=at, status=status),
              st.sampled_from([Status.ASSERTED, Status.RETRACTED]))), min_size=2, max_size=12)


@settings(max_examples=100, deadline=None)
@given(moving, st.lists(st.builds(allergy, some, st.just("1"), st.sampled_from(["penicillin", "peanut"])), max_size=6),
       st.integers(0, 2**32))
def test_what_rested_on_whoever_left_is_put_right_and_nobody_who_saw_it_is_missed(moved, said, seed) -> None:
    rng, pipeline = random.Random(seed), Pipeline(KEY, Terms())
    for value in said:
        pipeline.publish(value)
    for at, claimed in enumerate(moved):
        pipeline.publish(claimed(f"{at:02}"))
        if rng.random() < 0.7:
            pipeline.step(rng, rng.choice([1, 5, 100]))
        if rng.random() < 0.3:
            pipeline.run(rng, crashes=False)
    pipeline.run(rng, crashes=False)
    told, history, appended = moves(rows(pipeline), KEY), pipeline.history(), {
        (value.person, value.fact, value.version): at for p in range(topics.ENTRIES.partitions)
        for at, _, value in pipeline.logs[topics.ENTRIES.name, p]}
    for pair in combinations(sorted({move.subject for move in told}), 2):
        for span in radii(pipeline, *pair):
            left = {one for one in pair for move in told
                    if (move.subject, move.epoch) == (one, span.ended) and move.person != span.person
                    and not any(back.subject == one and back.epoch > move.epoch and back.person == span.person for back in told)}
            for fact in span.facts:
                entries = history[span.person, fact.fact]
                rested = [entry for entry in entries if entry.status == "current"
                          and left & {f"{each.source}|{each.patient}" for each in entry.provenance}]
                assert not (rested and rested[-1].version == fact.versions[-1]) or fact.state == CORRECTED
                if rested:
                    gone = appended[span.person, fact.fact, rested[-1].version + 1]
                    assert span.until is not None and gone <= span.until + 1, "an entry comes right before its change"


@settings(max_examples=60, deadline=None)
@given(st.lists(assertions, min_size=1, max_size=10), st.lists(claims, max_size=6), st.tuples(subjects, subjects), st.integers(0, 2**32))
def test_once_the_stream_is_quiet_nothing_is_pending(said, claimed, pair, seed) -> None:
    rng = random.Random(seed)
    pipeline = Pipeline(KEY, Terms())
    for value in (*said, *claimed):
        pipeline.publish(value)
    pipeline.run(rng)
    if pair[0] != pair[1]:
        for span in radii(pipeline, *pair):
            assert PENDING not in span.states


@settings(max_examples=100, deadline=None)
@given(st.lists(claims, max_size=20), subjects)
def test_claims_that_bear_on_someone_give_the_history_that_all_claims_give(claimed, subject) -> None:
    every = [(offset, offset, value) for offset, value in enumerate(claimed)]
    chosen = moves(bearing(every, {subject}), KEY)
    assert [move for move in chosen if move.subject == subject] == [move for move in moves(every, KEY) if move.subject == subject]


@settings(max_examples=100, deadline=None)
@given(st.lists(claims, max_size=20), st.tuples(subjects, subjects).filter(lambda pair: pair[0] != pair[1]), st.booleans())
def test_a_proposal_says_what_the_decision_then_does(claimed, pair, apart) -> None:
    from mainstem.adjudication.decisions import changes
    from mainstem.adjudication.errors import NotDecidableError

    standing = Standing(KEY)
    standing.take((offset, offset, value) for offset, value in enumerate(claimed))
    try:
        proposal = standing.proposal(*pair, apart=apart, who="w", when="2026-01-01", why="y")
    except NotDecidableError:
        return
    assert list(proposal.moved) == changes(claimed, proposal.claim, KEY)
    standing.take([(len(claimed), 0, proposal.claim)])
    after = assign([*claimed, proposal.claim], KEY)
    assert {each: standing.where(each).person for each in after} == {each: placed.person for each, placed in after.items()}
    assert standing.decision(proposal.claim.raw.item).stands


def test_numbers_that_bear_on_each_other_by_way_of_pds() -> None:
    every = [(0, 0, number(A, N1)), (1, 1, number(C, N2)), (2, 2, became(N1, N2)), (3, 3, merged("RXZ/z|1", "RXZ/z|2")),
             (4, 4, claim(B, "demographics", {"family": "X"}))]
    assert [row[0] for row in bearing(every, {A})] == [0, 1, 2]


def test_a_number_is_the_same_however_it_is_written() -> None:
    every = [(0, 0, number(A, N1)), (1, 1, number(B, f"{N1[:3]}-{N1[3:6]}-{N1[6:]}")), (2, 2, number(C, f"{N1[:3]} {N1[3:6]} {N1[6:]}"))]
    assert [row[0] for row in bearing(every, {A})] == [0, 1, 2]
    assert len(set(where_now(moves(bearing(every, {A}), KEY)).values())) == 1


@pytest.mark.parametrize("name", ["into", "from"])
@pytest.mark.parametrize("others", ["RXA/epr|8", ["RXA/epr|7", "RXA/epr|8"]])
def test_merges_bear_on_everyone_they_name(name, others) -> None:
    every = [(0, 0, claim("RXA/epr|9", "merged-into", {name: others})), (1, 1, number("RXA/epr|8", N1)), (2, 2, number(C, N2))]
    assert [row[0] for row in bearing(every, {"RXA/epr|8"})] == [0, 1]
