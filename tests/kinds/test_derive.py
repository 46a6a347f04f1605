"""From members to a fact's content: order-free for every kind, and nothing that hides an allergy."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical, kinds
from mainstem.kinds.facts import Member, NoTerms, Place, comparable, latest_first
from mainstem.model import Assertion, Known, RawRef
from processors.reconcile import derive, resolve
from processors.reconcile.derive import Group
from tests.strategies import Terms, allergy_contents

ALLERGY = kinds.BY_NAME["allergy"]


def member(n: int, recorded: str | None = None, **content) -> Member:
    assertion = Assertion(source="S/x", patient="1", record=f"allergy/{n}", kind="allergy", position="1", content=canonical.encode(content),
                          recorded=recorded, raw=RawRef("r", 0, n))
    [found] = resolve.members([Known(assertion, n, 0, n)])
    return found


def derived(*members: Member):
    return ALLERGY.derive(members, NoTerms())


@pytest.mark.parametrize("kind", kinds.ALL, ids=lambda kind: kind.name)
def test_every_kind_has_a_key_and_derives_from_one_member_what_it_says(kind):
    assert kind.key({}, NoTerms()) is None
    one = member(1, note="x")
    assert kind.derive([one], NoTerms()).content == {"note": "x"}


def test_a_newer_word_of_another_source_does_not_hide_an_active_allergy():
    for other in ({"clinical_status": "resolved"}, {"clinical_status": "inactive"}, {"verification": "refuted"}):
        found = derived(member(1, "2019", clinical_status="active", verification="confirmed"), member(2, "2024", **other))
        assert (found.content["clinical_status"], found.content["verification"], found.conflict) == ("active", "confirmed", True)
        assert found.decided["clinical_status"] == (0,)
        assert found.rules["clinical_status"] == "allergy.active-counts"


def test_one_without_a_status_holds_it_active():
    found = derived(member(1, "2019", note="from a list"), member(2, "2024", clinical_status="resolved"))
    assert "clinical_status" not in found.content
    assert found.conflict


def test_all_agree_that_it_is_over():
    found = derived(member(1, clinical_status="resolved"), member(2, clinical_status="resolved"))
    assert (found.content["clinical_status"], found.conflict) == ("resolved", False)


def test_the_worst_criticality_and_every_reaction_are_shown():
    rash, shock = {"manifestation": {"text": "rash"}}, {"manifestation": {"text": "anaphylaxis"}}
    found = derived(member(1, "2019", criticality="high", reactions=[shock]), member(2, "2024", criticality="low", reactions=[rash, shock]))
    assert found.content["criticality"] == "high"
    assert found.content["reactions"] == [rash, shock]
    assert found.decided["reactions"] == (0, 1)


def test_what_loses_is_kept_with_its_assertion():
    members = [member(1, "2019", note="old"), member(2, "2024", note="new")]
    [fact] = derive.facts(Group("allergy", "k"), members, NoTerms())
    assert [(behind.record, behind.fields, behind.lost) for behind in derive.provenance(fact)] == [
        ("allergy/1", (), {"note": b'"old"'}), ("allergy/2", ("note",), {})]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(allergy_contents, st.sampled_from([None, "2019", "2024-01-01T10:00:00+01:00", "2024-01-01T09:30:00Z"])),
                min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_the_order_of_members_makes_no_difference(given_, rng: random.Random):
    members = [member(n, recorded, **canonical.decode(content)) for n, (content, recorded) in enumerate(given_)]
    for kind in ("allergy", "medicine", "unheard-of"):
        before = derive.facts(Group(kind, "k"), members, Terms())
        rng.shuffle(members)
        after = derive.facts(Group(kind, "k"), members, Terms())
        assert [(fact.fact, fact.content, derive.provenance(fact)) for fact in before] == [
            (fact.fact, fact.content, derive.provenance(fact)) for fact in after]
    statuses = [m.content.get("clinical_status", "active") for m in members]
    [fact] = derive.facts(Group("allergy", "k"), members, Terms())
    assert ("active" in statuses) == (canonical.decode(fact.content).get("clinical_status", "active") == "active")


def test_moments_compare_as_moments():
    assert comparable("2024-01-01T10:00:00+01:00") < comparable("2024-01-01T09:30:00Z")
    assert comparable("2024-01-01T09:30:00Z") == comparable("2024-01-01T10:30:00+01:00")
    assert comparable("2019") < comparable("2019-03") < comparable("2019-03-02T00:00:00Z")
    assert comparable("not a date T") == "not a date T"
    assert comparable("9999-12-31") == comparable("9999-12-31T00:00:00Z") == comparable("1900-01-01") == "", "that is no latest word"


def test_a_place_names_the_fact():
    one, other = Place("S/x|1", "allergy/1"), Place("S/x|1", "allergy/1", "r/1")
    assert derive.fact_id(Group("allergy", "", one), one) != derive.fact_id(Group("allergy", "", other), other)
    assert latest_first([member(1, note="x")]).rules == {"*": "record.greatest-version"}


@pytest.mark.parametrize("kind", ["allergy", "problem", "result"])
def test_of_many_members_those_matter_that_alone_bear_a_source_or_label_and_the_first_and_last(kind):
    """A label that is lost (`sensitive`) would let out what one source keeps in."""
    def one(n: int, source: str = "A/gp", labels: tuple[str, ...] = ()) -> Member:
        assertion = Assertion(source=source, patient="1", record=f"{kind}/{n:02}", kind=kind, position="1", labels=labels,
                              content=b"{}", raw=RawRef("r", 0, n))
        [found] = resolve.members([Known(assertion, n, 0, n)])
        return found

    for count in (1, 2, 3, 4, 12):
        members = [one(n) for n in range(count)]
        found = derive.matters(Group(kind, "x"), members[::-1], NoTerms())
        assert {0, count - 1} <= {members.index(each) for each in found}
        assert len(found) < count or count < 4
    members = [one(n) for n in range(12)]
    members[4], members[7], members[8] = one(4, labels=("sensitive",)), one(7, labels=("nopat",)), one(8, "A/hospital")
    members[9] = one(9, labels=("sensitive",))
    found = derive.matters(Group(kind, "x"), members, NoTerms())
    assert [each for each in found if each in members[3:10]] == [members[4], members[7], members[8]]
    whole, short = derive.facts(Group(kind, "x"), members, NoTerms())[0], derive.crowded(
        Group(kind, "x"), found, NoTerms(), crowd := derive.Crowded(0, 12))
    assert (short.fact, short.content, short.sources, short.labels, short.crowd) == (
        whole.fact, whole.content, whole.sources, whole.labels, crowd)


def test_parts_of_a_record_are_one_the_first_decides_and_what_another_says_is_kept():
    def part(name: str, **content: object) -> Known:
        return Known(Assertion(source="A/gp", patient="1", record="result/1", part=name, kind="result", position="1",
                               content=canonical.encode(content), raw=RawRef("r", 0, 0)), 0, 0, 0)

    order, lab = part("", note="a", performer="b", status="final"), part("lab", performer="c", status="final", taken="2026")
    [one] = resolve.members([order, lab])
    assert one.place == Place("A/gp|1", "result/1")
    assert one.content == {"note": "a", "performer": "b", "status": "final", "taken": "2026"}
    assert one.said == {"note": order, "performer": order, "status": order, "taken": lab}
    assert (one.lost, one.winners) == ((("performer", lab, "c"),), (order, lab))
    items = [part("items/1", note="x"), part("items/2", taken="2025")]
    first, second = resolve.members([order, *items, lab])
    assert [each.place.item for each in (first, second)] == ["items/1", "items/2"]
    assert (first.content["note"], second.content["note"], second.content["taken"]) == ("x", "a", "2025")
    [alone] = resolve.members(items[:1])
    assert (alone.place.item, alone.content) == ("items/1", {"note": "x"}), "and not the record's own"
    assert (second.lost, second.winners) == ((("performer", lab, "c"), ("taken", lab, "2026")), (order, lab, items[1]))
