"""What an open stay's chart does not have: by table, and on synthetic persons whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mainstem import canonical
from mainstem.admissions import NOT_RECONCILED, OMITTED, Admission, admissions
from mainstem.kinds.base import DMD
from mainstem.model import Known
from mainstem.terminology import builtin
from mainstem.truth.told import Person, Reader, people
from mainstem.web.record import Item
from processors.reconcile.fold import fold_by
from seeds.rows import Row
from tests.web.made import coded, item, said

EPR, GP, HOME = "RXA/epr", "A82038/gp", "RXC/community"
ATORVASTATIN = coded("320030001", "Atorvastatin 20mg tablets", DMD)
RAMIPRIL = coded("318906001", "Ramipril 10mg capsules", DMD)
ADMITTED = "2026-08-01T08:00:00Z"


def stay(fact: str = "stay", source: str = EPR, **content: Any) -> Item:
    said_ = {"encounter_class": "inpatient", "status": "in-progress", "start": ADMITTED} | content
    return item("encounter", {name: value for name, value in said_.items() if value is not None}, fact=fact, sources=(source,))


def medicine(fact: str, view: str, source: str, recorded: str | None = None, **content: Any) -> Item:
    said_ = {"view": view, "product": ATORVASTATIN, "status": "active", "start": "2021-05"} | content
    return item("medicine", {name: value for name, value in said_.items() if value is not None}, fact=fact, sources=(source,),
                provenance=(said(source, recorded=recorded),))


def course(fact: str, *views: dict[str, Any], **content: Any) -> Item:
    """Told by several."""
    sources = tuple(view["source"] for view in views)
    return item("medicine", {"product": ATORVASTATIN, "status": "active", "views": list(views)} | content, fact=fact, sources=sources,
                provenance=tuple(said(source, recorded=None) for source in sources))


def viewed(view: str, source: str, status: str = "active", **more: str) -> dict[str, Any]:
    return {"view": view, "source": source, "status": status} | more


LISTED = medicine("listed", "list", GP)
CHARTED = medicine("charted", "order", EPR, product=RAMIPRIL, start="2026-08-01T09:00:00Z")
"""Begins the chart of the stay."""


def omitted(*entries: Item) -> list[str]:
    return [omission.fact for stay in admissions(entries, builtin()) for omission in stay.omitted if omission.certain]


def test_active_on_the_list_and_not_on_the_chart():
    [found] = admissions([stay(), LISTED, CHARTED], builtin())
    [omission] = found.omitted
    assert (found.source, found.stay, found.charted, found.rule) == (EPR, "stay", True, OMITTED)
    assert (omission.fact, omission.held, omission.certain) == ("listed", ((GP, "list"),), True)


def test_what_a_home_holds_counts_too():
    assert omitted(stay(), medicine("home", "home", HOME), CHARTED) == ["home"]


def test_a_chart_not_begun_omits_nothing_and_says_so():
    for chart in ((), (medicine("from before", "order", EPR, product=RAMIPRIL, start="2024-01-01", recorded="2024-01-01T09:00:00Z"),)):
        [found] = admissions([stay(), LISTED, *chart], builtin())
        assert (found.charted, found.omitted, found.rule) == (False, (), NOT_RECONCILED)
    at = int(datetime(2026, 8, 2, 9, tzinfo=UTC).timestamp() * 1000)
    assert found.lasted(at) == timedelta(hours=25)


@pytest.mark.parametrize("changes", [
    {"status": "finished"}, {"status": "planned"}, {"end": "2026-08-02"}, {"start": None}, {"start": "soon"},
    {"encounter_class": "outpatient"}, {"encounter_class": "emergency"}, {"encounter_class": None},
])
def test_no_open_inpatient_stay_no_admission(changes):
    assert admissions([stay(**changes), LISTED, CHARTED], builtin()) == []


@pytest.mark.parametrize("status", [None, "In progress", "on-leave"])
def test_a_stay_without_a_status_and_an_end_is_open_and_so_is_one_whose_status_is_spelt_otherwise(status):
    assert omitted(stay(status=status), LISTED, CHARTED) == ["listed"]


@pytest.mark.parametrize(("listed", "why"), [
    ({"status": "stopped"}, "not active"), ({"status": "on-hold"}, "not active"), ({"start": "2026-08-02"}, "begun after the admission"),
    ({"end": "2026-07-31"}, "ended before it"), ({"view": "dispense"}, "no list"), ({"view": None}, "no list"),
    ({"course": "acute", "start": "2026-02-01"}, "a short course of long ago"),
    ({"course": "acute", "start": "2026-07-20", "last_issued": "2026-01-02", "end": "2026-07-30"}, "a short course that has ended"),
])
def test_not_held_active_on_admission(listed, why):
    assert omitted(stay(), medicine("listed", **({"view": "list", "source": GP} | listed)), CHARTED) == [], why


@pytest.mark.parametrize("listed", [
    {"status": None}, {"start": None}, {"start": "2026"}, {"start": "2026-08-01"}, {"end": "2026-08-01"}, {"end": "2027"},
    {"course": "acute", "start": "2026-07-20"}, {"course": "acute", "start": None}, {"course": "acute", "start": "2026-05-09"},
    {"course": "repeat", "start": "2019-01-01", "last_issued": "2019-01-01"},
    {"course": "acute", "start": "2026-01-01", "last_issued": "2026-07-20"},
])
def test_held_active_on_admission(listed):
    assert omitted(stay(), medicine("listed", "list", GP, **listed), CHARTED) == ["listed"]


@pytest.mark.parametrize("charted", [
    viewed("order", EPR), viewed("order", EPR, start="2020-01-01"), viewed("order", EPR, "on-hold"),
    viewed("order", EPR, "stopped", start="2020-01-01", end="2026-08-01"), viewed("order", EPR, "stopped", start="2026-08-01"),
    viewed("order", EPR, "cancelled", start="2026-08-01T10:00:00Z"),
    viewed("administration", EPR, "completed", start="2026-08-01T12:00:00Z"),
])
def test_on_the_chart_or_dealt_with_on_it(charted):
    assert omitted(stay(), course("both", viewed("list", GP), charted), CHARTED) == []


@pytest.mark.parametrize("charted", [
    viewed("order", EPR, "stopped", start="2020-01-01", end="2020-02-01"), viewed("order", EPR, "completed", start="2020-01-01"),
    viewed("order", EPR, "active", start="2020-01-01", end="2020-02-01"), viewed("administration", EPR, "completed", start="2026-07-31"),
    viewed("order", "RXB/epr"), viewed("list", EPR), viewed("dispense", EPR),
])
def test_a_chart_of_before_or_of_elsewhere_is_not_this_one(charted):
    assert omitted(stay(), course("both", viewed("list", GP), charted), CHARTED) == ["both"]


def test_an_order_recorded_since_admission_begins_the_chart_whatever_its_start():
    chart = medicine("charted", "order", EPR, product=RAMIPRIL, start="2019-01-01", recorded="2026-08-01T11:00:00Z")
    assert omitted(stay(), LISTED, chart) == ["listed"]
    of_another = medicine("charted", "order", "RXB/epr", product=RAMIPRIL, start="2026-08-01", recorded="2026-08-01T11:00:00Z")
    assert not admissions([stay(), LISTED, of_another], builtin())[0].charted


def test_what_cannot_be_told_and_what_is_charted_by_another_route_is_no_certain_omission():
    words = medicine("words", "list", GP, product={"text": "white tablets"})
    iv = medicine("iv", "order", EPR, route={"text": "IV"}, start="2026-08-01")
    blue = medicine("blue", "order", EPR, product={"text": "blue tablets"}, start="2026-08-01")
    [found] = admissions([stay(), LISTED, words, iv, blue], builtin())
    assert [(one.fact, one.told, one.otherwise, one.certain) for one in found.omitted] == [
        ("listed", True, ("iv",), False), ("words", False, (), False)]
    assert found.unmatched == 1
    assert omitted(stay(), LISTED, words, iv, blue) == []


def test_of_several_open_stays_at_one_source_the_latest_counts_and_each_source_has_its_own():
    before = stay("never closed", start="2024-01-01")
    there = stay("there", "RXB/epr", start="2026-08-02")
    found = admissions([stay(), before, there, LISTED, CHARTED], builtin())
    assert [(one.source, one.stay, one.charted) for one in found] == [(EPR, "stay", True), ("RXB/epr", "there", False)]


PAS, EPMA = "RXA/pas", "RXA/epma"


@pytest.mark.parametrize("sources", [(EPR, GP), (EPR, PAS), (PAS, EPR)])
def test_a_stay_that_several_tell_of_is_one_and_has_one_chart(sources):
    """A copy at a source that has no chart says nothing of the chart."""
    told = item("encounter", stay().content, fact="stay", sources=sources)
    [found] = admissions([told, LISTED, CHARTED], builtin())
    assert (found.source, found.charted) == (EPR, True)
    [found] = admissions([told, LISTED], builtin())
    assert (found.source, found.charted) == (", ".join(sorted(sources)), False)


def test_the_chart_may_be_in_another_system_of_the_organisation_than_the_stay():
    begins = medicine("begins", "order", EPMA, product=RAMIPRIL, start="2026-08-01T09:00:00Z")
    [found] = admissions([stay(source=PAS), LISTED, begins], builtin())
    assert (found.source, found.charted, [one.fact for one in found.omitted if one.certain]) == (PAS, True, ["listed"])
    assert omitted(stay(source=PAS), course("both", viewed("list", GP), viewed("order", EPMA)), begins) == []
    elsewhere = medicine("begins", "order", "RXAB/epma", product=RAMIPRIL, start="2026-08-01T09:00:00Z")
    assert not admissions([stay(source=PAS), LISTED, elsewhere], builtin())[0].charted


def test_what_another_system_of_the_organisation_charts_is_no_certain_omission():
    [found] = admissions([stay(), course("both", viewed("list", GP), viewed("order", EPMA)), CHARTED], builtin())
    assert [(one.fact, one.otherwise, one.certain) for one in found.omitted] == [("both", ("both",), False)]


def test_that_one_view_is_of_a_short_course_does_not_make_anothers_one():
    both = course("both", viewed("list", GP, course="repeat", start="2021-05"),
                  viewed("order", "RXB/epr", "completed", course="acute", start="2022-01-01", end="2022-01-08"),
                  course="acute", start="2021-05")
    assert omitted(stay(), both, CHARTED) == ["both"]


def test_the_order_of_entries_makes_no_difference():
    entries = [stay(), stay("other"), LISTED, CHARTED, medicine("home", "home", HOME), medicine("iv", "order", EPR, route={"text": "IV"})]
    before = admissions(entries, builtin())
    for seed in range(5):
        random.Random(seed).shuffle(entries)
        assert admissions(entries, builtin()) == before


NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def admitted(person: Person, reader: Reader) -> Iterator[tuple[Item, ...]]:
    """Per hospital patient of the person: the record after an admission now, and one medicine that nobody else has put on the chart."""
    for mrn in sorted({known.assertion.patient for known in person.known if known.assertion.source == EPR}):
        rows = (
            Row("epr.encounter", {"encounter_id": 900_001, "mrn": mrn, "visit_number": "V900001", "class_code": "I", "status": "ARRIVED",
                                  "admitted_at": NOW, "updated_at": NOW}),
            Row("epr.prescription", {"prescription_id": 900_001, "mrn": mrn, "code_system": "NONE", "drug_name": "Study medicine 7",
                                     "status": "ACTIVE", "start_at": NOW, "recorded_at": NOW}),
        )
        more = [Known(assertion, 10**6, 0, 10**6 + n)
                for n, assertion in enumerate(each for row in rows for result in reader.read(EPR, row) for each in result.assertions)]
        [folded] = fold_by([*person.known, *more], lambda _: person.id, builtin()).values()
        yield tuple(decoded(entry) for entry in folded.entries)


def decoded(entry: Any) -> Item:
    return Item(fact=entry.fact, kind=entry.kind, version=1, content=canonical.decode(entry.content), known=entry.known,
                sources=entry.sources, provenance=tuple(said(one.source, record=one.record, patient=one.patient, recorded=one.recorded)
                                                        for one in entry.provenance))


@pytest.mark.parametrize("profile", ["everyday", "unseen"])
def test_on_the_seeds_each_is_right_by_their_truth(profile):
    """Right: some list or home of the true fact holds it active, and no hospital record of that fact stands open or was closed since."""
    reader, found = Reader(), 0
    for person in people(300, 5, profile):
        courses: dict[str, list[dict[str, Any]]] = {}
        for known in person.known:
            a = known.assertion
            fact = next((fact for place, fact in person.facts.items() if (place.subject, place.record) == (a.subject, a.record)), None)
            if a.kind == "medicine" and fact:
                courses.setdefault(fact, []).append(canonical.decode(a.content) | {"source": a.source, "at": f"{a.patient} {a.record}"})
        for entries in admitted(person, reader):
            [stay_] = [one for one in admissions(entries, builtin()) if one.source == EPR]
            assert stay_.charted
            by_fact = {entry.fact: entry for entry in entries}
            claimed = {omission.fact for omission in stay_.omitted if omission.certain}
            for fact in claimed:
                told = {f"{one.patient} {one.record}" for one in by_fact[fact].provenance}
                [records] = [each for each in courses.values() if told & {one["at"] for one in each}]
                assert any(one["view"] in ("list", "home") and one.get("status") == "active" for one in records)
                assert not any(one["source"] == EPR and one.get("status") == "active" for one in records)
                found += 1
            for records in courses.values():
                gp_only = {one["source"] for one in records} == {GP} and all(
                    one["view"] == "list" and one.get("status") == "active" and one.get("course") == "repeat" for one in records)
                if gp_only:
                    facts = {entry.fact for entry in entries if {one["at"] for one in records} & {
                        f"{one.patient} {one.record}" for one in entry.provenance}}
                    assert facts & {omission.fact for omission in stay_.omitted}, "held by the practice alone, and not missed"
    assert found > 20


def test_admission_says_by_which_rule():
    assert Admission("s", EPR, ADMITTED, charted=True, omitted=(), unmatched=0).rule.id == "medicine.omitted-on-admission"
