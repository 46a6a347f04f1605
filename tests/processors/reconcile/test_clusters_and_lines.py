"""Members of one key parted by date, and facts that follow each other: the stream against the fold, on a kind made up for it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mainstem import canonical, kinds
from mainstem.kinds.base import Content, Kind
from mainstem.kinds.facts import Derived, Member, NoTerms, Place, Previous, Terms
from mainstem.model import Assertion, RawRef, Status
from mainstem.person_events import Op
from processors.reconcile.clusters import clusters
from processors.reconcile.derive import Group, facts
from processors.reconcile.fold import fold
from processors.reconcile.lines import aligned
from tests.processors.convergence import check, order_and_duplicates_make_no_difference, streamed
from tests.processors.reconcile.fed import Stage, event, said
from tests.strategies import KEY, SOURCES, claims, positions, statuses

DAYS = ("2024-01-01", "2024-01-05", "2024-01-08", "2024-01-20", "2024-01-31", "2024-02-03", "not a day")


class Spell(Kind):
    """A course of something: runs on over gaps of three days; stands on the line of its ward, and names when the last one began."""

    name = "spell"
    heading = "Spells"
    Content = Content
    gap = 3

    def title(self, content: dict[str, Any]) -> str:
        return "Spell"

    def key(self, content: dict[str, Any], terms: Terms) -> str | None:
        return content.get("of")

    def span(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return (content["from"], content.get("to", content["from"])) if "from" in content else None

    def line(self, content: dict[str, Any], terms: Terms) -> tuple[str, str] | None:
        return (content.get("ward", "-"), content["from"]) if "from" in content else None

    def follow(self, derived: Derived, before: Previous, terms: Terms) -> Derived:
        return replace(derived, content={**derived.content, "after": before.moment, "following": before.fact},
                                decided={**derived.decided, "after": (0,), "following": (0,)})


@pytest.fixture(scope="module", autouse=True)
def _registered() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(kinds.BY_NAME, "spell", Spell())
        yield


contents = st.fixed_dictionaries({}, optional={"of": st.sampled_from(["a", "b"]), "from": st.sampled_from(DAYS),
                                               "to": st.sampled_from(DAYS), "ward": st.sampled_from(["x", "y"])}).map(canonical.encode)
spells = st.builds(
    Assertion, source=st.sampled_from(SOURCES), patient=st.sampled_from(("1", "2")),
    record=st.sampled_from([f"spell/{n}" for n in range(5)]),
    kind=st.just("spell"), status=statuses, position=positions, content=contents, raw=st.just(RawRef("raw.x.v1", 0, 0)),
    recorded=st.sampled_from([None, "2024-01-01", "2025-02-02"]))
worlds = st.lists(st.one_of(spells, spells, spells, claims), max_size=40)




@settings(max_examples=150, deadline=None)
@given(worlds, st.integers(0, 2**32))
def test_the_stream_gives_what_the_fold_gives(world, seed):
    check(streamed(world, random.Random(seed)))


@settings(max_examples=80, deadline=None)
@given(st.lists(spells, max_size=30), st.integers(0, 2**32))
def test_order_and_duplicates_make_no_difference(world, seed):
    order_and_duplicates_make_no_difference(world, random.Random(seed))


def member(n: int, **content: str) -> Member:
    return Member(Place("S|1", f"spell/{n}"), "spell", content, {}, (), ())


def parted(*members: Member) -> list[list[str]]:
    return [[each.place.record[-1] for each in cluster] for cluster in clusters(members, Spell(), NoTerms())]


def test_spans_that_run_on_are_one_and_a_gap_parts_them():
    one, two, three = member(1, **{"from": "2024-01-01"}), member(2, **{"from": "2024-01-05"}), member(3, **{"from": "2024-01-08"})
    assert parted(one, two, three) == [["1"], ["2", "3"]]
    assert parted(one, two, three, member(4, **{"from": "2024-01-01", "to": "2024-01-02"})) == [["1", "2", "3", "4"]]
    assert parted(member(1, **{"from": "2024-01-01", "to": "2024-03-01"}), two, member(3, **{"from": "2024-02-01"})) == [["1", "2", "3"]]
    assert parted(member(1, **{"from": "2024-03-01", "to": "2024-01-01"}), two) == [["1", "2"]], "given backwards"


def test_undated_members_join_a_sole_cluster_and_no_other():
    one, two = member(1, **{"from": "2024-01-01"}), member(2, **{"from": "2024-02-01"})
    undated, odd = member(3), member(4, **{"from": "2024-13-01"})
    assert parted(one, undated, odd) == [["1", "3", "4"]]
    assert parted(one, two, undated, odd) == [["1"], ["2"], ["3", "4"]]
    assert parted(undated, odd) == [["3", "4"]]
    assert parted(undated) == [["3"]]


@given(st.lists(st.builds(lambda n, content: member(n, **content), st.integers(0, 9), st.fixed_dictionaries(
    {}, optional={"from": st.sampled_from(DAYS), "to": st.sampled_from(DAYS)})), unique_by=lambda each: each.place, min_size=1),
    st.randoms(use_true_random=False))
def test_clusters_do_not_depend_on_order(members, rng):
    of = Group("spell", "a")
    before = sorted((fact.fact, fact.content) for fact in facts(of, members, NoTerms()))
    rng.shuffle(members)
    assert sorted((fact.fact, fact.content) for fact in facts(of, members, NoTerms())) == before


def spell(n: int, day: str | None, position: str = "01", **given):
    content = {"of": "a", **({"from": day} if day else {}), **given}
    return said(f"spell/{n}", position, kind="spell", **content)


def test_a_member_that_bridges_two_courses_joins_them_and_their_end_names_it():
    stage = Stage()
    first, second = stage.send(event(spell(1, "2024-01-01"), spell(2, "2024-01-07")))
    by = {entry.status: entry for entry in stage.send(event(spell(3, "2024-01-04")))}
    gone = {first.fact, second.fact} - {by["current"].fact}
    assert ({by["withdrawn"].fact}, by["withdrawn"].successor, by["withdrawn"].rules) == (gone, by["current"].fact, {"*": "fact.regrouped"})
    back = stage.send(event(spell(3, None, "02", status=Status.RETRACTED)))
    assert sorted(entry.fact for entry in back) == sorted([first.fact, second.fact])


def test_a_course_that_is_retracted_ends_by_that_and_has_no_successor():
    stage = Stage()
    stage.send(event(spell(1, "2024-01-01"), spell(2, "2024-01-20")))
    [gone] = [entry for entry in stage.send(event(spell(1, None, "02", status=Status.RETRACTED))) if entry.status == "withdrawn"]
    assert (gone.rules, gone.successor) == ({"*": "record.retracted"}, None)


def test_who_follows_is_told_again_when_the_one_before_comes_goes_or_moves():
    stage = Stage()
    [last] = stage.send(event(spell(1, "2024-02-20", of="1")))
    assert "after" not in canonical.decode(last.content)

    def told(*what) -> dict[str, tuple[str, int]]:
        return {entry.fact: (canonical.decode(entry.content).get("after"), entry.known) for entry in stage.send(event(*what))
                if entry.status == "current"}

    assert told(spell(2, "2024-01-01", of="2", known=2000))[last.fact] == ("2024-01-01", 2000), "known when what changed it was"
    assert told(spell(3, "2024-01-20", of="3", known=3000))[last.fact] == ("2024-01-20", 3000)
    assert told(spell(3, "2024-01-25", "02", of="3", known=4000))[last.fact] == ("2024-01-25", 4000)
    assert told(spell(3, "2024-01-25", "03", of="3", note="x", known=5000)).keys().isdisjoint({last.fact}), "it stands where it stood"
    assert told(spell(3, "2024-03-20", "04", of="3", known=6000))[last.fact] == ("2024-01-01", 6000)
    assert told(spell(2, None, "02", of="2", status=Status.RETRACTED, known=7000))[last.fact] == (None, 7000)


def test_a_detached_source_patient_leaves_no_one_on_a_line():
    stage = Stage()
    stage.send(event(spell(1, "2024-02-20"), spell(2, "2024-01-01"), epoch=1))
    stage.send(event(op=Op.DETACH, epoch=5, subject="RXA/epr|1"))
    assert {key[:1] for key, _ in stage.state.items()} == {b"f", b"h"}


def test_each_follows_the_one_before_it_on_its_own_line_in_whatever_order_they_come():
    days = {"x": ("2024-01-01", "2024-02-01", "2024-03-01"), "y": ("2024-01-10", "2024-02-10")}
    all_ = [fact for ward, each in days.items() for day in each
               for fact in facts(Group("spell", ward + day), [member(len(ward + day), ward=ward, **{"from": day})], NoTerms())]
    for order in (all_, all_[::-1], all_[1::2] + all_[::2]):
        told = {(said["ward"], said["from"]): said.get("after") for fact in aligned(order, NoTerms()) for said in (fact.derived.content,)}
        assert told == {(ward, day): before for ward, each in days.items() for day, before in zip(each, (None, *each), strict=False)}


def test_the_fold_marks_what_follows():
    items = [spell(1, "2024-02-20"), spell(2, "2024-01-01")]
    [record] = fold(items, {}, KEY).values()
    assert sorted(canonical.decode(entry.content).get("after", "") for entry in record.entries) == ["", "2024-01-01"]
