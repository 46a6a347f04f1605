"""Who a person is made of and why: from scratch and kept up to date the same, and true of what the linker did."""

from __future__ import annotations

from itertools import combinations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.adjudication.errors import UnknownError
from mainstem.adjudication.everyone import Everyone, FromScratch
from mainstem.adjudication.explain import answers, found, show, why
from mainstem.adjudication.grounds import AGAINST, FOR, NEITHER
from mainstem.adjudication.standing import Standing
from mainstem.model import Claim, Status
from processors.identity import persons
from processors.identity.answers import ABOUT_NUMBERS
from processors.identity.demographics import TWINS
from processors.identity.evidence import NOTHING
from processors.identity.linker import review
from processors.identity.scoring.release import Model, built_in
from tests.processors.identity.test_persons import BABY, MUM, N1, N2, became, claim, link, merged, number, unlink, who
from tests.strategies import KEY, SOURCES, claims, opted_out, restricted

A, B, C = "RXA/epr|1", "A82038/gp|1", "RXC/x|3"
LINKS: Model = msgspec.structs.replace(built_in(), thresholds=msgspec.structs.replace(built_in().thresholds, link=True))


def scratch(*claimed: Claim, model: Model | None = None) -> FromScratch:
    return FromScratch(claimed, KEY, model or built_in())


def subjects_of(claimed: list[Claim]) -> list[str]:
    """An opt-out makes nobody known."""
    return sorted({each.subject for each in claimed if each.type not in ABOUT_NUMBERS})


@settings(max_examples=60, deadline=None)
@given(st.lists(claims, max_size=16))
def test_both_say_the_same(claimed: list[Claim]) -> None:
    """The pages go by what is kept up to date, the command line works it out from scratch."""
    standing, anew = Standing(KEY), scratch(*claimed)
    standing.take((offset, offset, each) for offset, each in enumerate(claimed))
    every = [f"{source}|{patient}" for source in SOURCES for patient in ("1", "2", "3")]
    named = [each for each in every if standing.said(each) is not None]
    assert named == [each for each in every if anew.said(each) is not None] and set(named) >= set(subjects_of(claimed))
    for everyone in (standing, anew):
        assert found_all(everyone, named) == found_all(anew, named)
    for person in {anew.where(each).person for each in named}:
        assert show(person, standing) == show(person, anew)
    for pair in combinations(named, 2):
        assert why(*pair, standing) == why(*pair, anew)


def test_of_a_person_it_is_told_which_answers_about_its_numbers_count_also_of_a_number_that_became_theirs() -> None:
    everyone = scratch(number(A, N2), number(B, N1, "02"), became(N1, N2), opted_out(N1, "01"), opted_out(N1, "02", Status.RETRACTED),
                       opted_out(N2), opted_out("9990000042"), restricted(N1, "03"), restricted("9990000042"))
    shown = show(everyone.where(A).person, everyone)
    told = answers("opted-out", shown, everyone)
    assert [(each.by, each.status, each.position) for each in told] == [
        (f"X26/opt-out|{N1}", "retracted", "02"), (f"X26/opt-out|{N2}", "asserted", "01")]
    assert told[0].raw == "raw.x26-opt-out.v1/0 0 line/1"
    (pds,) = answers("restricted", shown, everyone)
    assert (pds.by, pds.status, pds.position) == (f"X26/pds|{N1}", "asserted", "03")


def test_one_whom_others_named_is_known_once_it_has_a_claim_though_that_says_nothing() -> None:
    claimed = [link(B, A), unlink(B, A), who(A)]
    standing = Standing(KEY)
    standing.take((offset, offset, each) for offset, each in enumerate(claimed))
    assert standing.said(A) == scratch(*claimed).said(A) == NOTHING


def found_all(everyone: Everyone, named: list[str]) -> list[object]:
    return [found(each, everyone) for each in named] + [everyone.bearers(each) for each in (N1, N2)]


@settings(max_examples=80, deadline=None)
@given(st.lists(claims, max_size=16), st.booleans())
def test_of_one_person_there_is_a_way_along_ties_and_of_two_there_is_none(claimed: list[Claim], by_likeness: bool) -> None:
    everyone = scratch(*claimed, model=LINKS if by_likeness else None)
    for one, other in combinations(subjects_of(claimed), 2):
        told = why(one, other, everyone)
        assert told.together == (everyone.where(one).person == everyone.where(other).person)
        if told.together:
            assert told.way[0].one == one and told.way[-1].other == other
            assert all(before.other == after.one for before, after in zip(told.way, told.way[1:], strict=False))
            assert {everyone.where(step.other).person for step in told.way} == {everyone.where(one).person}
        else:
            assert told.way == ()
            assert not any(each.rule == persons.DECIDED and each.speaks == FOR for each in told.grounds)


def grounds(*claimed: Claim, one: str = A, other: str = B) -> list[tuple[str, str]]:
    return [(each.speaks, each.rule) for each in why(one, other, scratch(*claimed)).grounds]


CROWD = [number(f"RXA/epr|{n}", N1) for n in range(6)]
A2 = "RXA/epr|2"


@pytest.mark.parametrize(("claimed", "pair", "says"), [
    ([number(A, N1), number(B, N1)], (A, B), [(FOR, persons.VERIFIED_NUMBER)]),
    ([number(A, N1), number(B, N2)], (A, B), [(AGAINST, persons.CONFLICTING_NUMBERS)]),
    ([number(A, N1), number(B, N2), became(N1, N2)], (A, B), [(FOR, persons.VERIFIED_NUMBER)]),
    ([number(A, N1), number(B, N1), became(N1, None)], (A, B), [(NEITHER, persons.VOID_NUMBER)]),
    ([number(A, N1), number(B, N1, verification="02")], (A, B), [(NEITHER, persons.UNVERIFIED_NUMBER)]),
    (CROWD, (A, A2), [(NEITHER, persons.SHARED_NUMBER)]),
    ([*CROWD, number(B, N1)], (A, B), [(NEITHER, persons.SHARED_NUMBER)]),
    ([*CROWD, number(B, N1), number(C, N1)], (B, C), [(FOR, persons.VERIFIED_NUMBER)]),
    ([merged(A, A2), number(A, N1), number(A2, N2)], (A, A2), [(FOR, persons.MERGED_IN_SOURCE), (AGAINST, persons.CONFLICTING_NUMBERS)]),
    ([number(A, N1), number(B, N1), unlink(B, A)], (A, B), [(AGAINST, persons.DECIDED), (FOR, persons.VERIFIED_NUMBER)]),
    ([number(A, N1), number(B, N2), link(B, A)], (A, B), [(FOR, persons.DECIDED), (AGAINST, persons.CONFLICTING_NUMBERS)]),
    ([number(A, N1), number(B, N1), unlink(B, A), unlink(B, A, position="02", status=Status.RETRACTED)], (A, B),
     [(FOR, persons.VERIFIED_NUMBER)]),
    ([who(A, "Archer", "Ann", "1980-03-02"), who(B, "Archer", "Beth", "1980-03-02")], (A, B), [(AGAINST, TWINS)]),
    ([link(A, B, position="03"), link(B, C, position="04"), unlink(A, C, position="02"), number(C, N1)], (A, C),
     [(NEITHER, persons.CONFLICTING_DECISIONS)]),
    ([who(A, "Archer"), who(B, "Baker")], (A, B), []),
])
def test_what_speaks_for_and_against(claimed: list[Claim], pair: tuple[str, str], says: list[tuple[str, str]]) -> None:
    assert grounds(*claimed, one=pair[0], other=pair[1]) == says
    assert grounds(*claimed, one=pair[1], other=pair[0]) == says


def test_the_way_goes_by_others_where_nothing_ties_the_two() -> None:
    told = why(A, C, scratch(number(A, N1), number(B, N1), link(B, C)))
    assert [(step.one, step.other, step.rule) for step in told.way] == [(A, B, persons.VERIFIED_NUMBER), (B, C, persons.DECIDED)]
    assert told.grounds == ()


def test_fields_are_weighed_as_the_review_task_weighs_them() -> None:
    pair = [who(A, "Archer", "Ann", "1980-03-02", "female"), who(B, "Archer", "Ann", "1980-03-02", "female")]
    (task,) = review(pair, KEY)
    told = why(*task.subjects, scratch(*pair))
    assert told.fields == task.evidence and (told.score,) == task.scores
    assert told.review <= told.score and not told.links and not told.together


def test_a_person_is_found_by_source_patient_number_and_id() -> None:
    everyone = scratch(number(A, N1), who(A, **MUM), number(B, N1), who(B, **BABY), number(C, N2, verification="02"))
    person = everyone.where(A).person
    assert found(A, everyone) == found(f" {person} ", everyone) == [person]
    assert found(f"{N1[:3]} {N1[3:6]}-{N1[6:]}", everyone) == sorted({person, everyone.where(B).person})
    assert found(N2, everyone) == [everyone.where(C).person]
    for nobody in ("", "RXZ/z|1", "9990000077"):
        with pytest.raises(UnknownError, match="RXA/epr"):
            found(nobody, everyone)
    for pair in ((A, "RXZ/z|1"), (A, A)):
        with pytest.raises(UnknownError):
            why(*pair, everyone)
    with pytest.raises(UnknownError):
        show("f" * 32, everyone)


def test_a_person_shows_what_counts_of_each_and_the_decisions_that_name_it() -> None:
    decided = claim(B, "linked", {"other": C, "who": "a clerk", "why": "asked", "when": "2026"}, ref=f"{B} ~ {C}")
    old, new = number(C, N2, position="01"), number(C, N1, verification="02", position="02")
    everyone = scratch(number(B, N1), decided, old, new)
    told = show(everyone.where(C).person, everyone)
    assert [each.subject for each in told.members] == [B, C]
    assert [(each.by, each.type, each.says.get("nhs_number")) for each in told.members[1].claims] == [
        (C, "carries-number", N1), (B, "linked", None)]
    assert told.members[1].claims[1].says["why"] == "asked" and told.members[0].claims[-1].type == "linked"
    assert told.fields[0].values == (N1, N1) and told.members[0].bits is None and told.members[1].bits is not None
