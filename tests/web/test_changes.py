"""What changed between two records, as they are shown."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem.history.past import Past, Persons, record_at
from mainstem.web.changes import changes
from mainstem.web.past import as_data, as_record, past_page
from mainstem.web.record import Record
from mainstem.web.withheld import of_today
from processors.reconcile.folded import Record as Folded
from tests.history.made import GP, INPUTS, KEY, TERMS, drawn, numbered
from tests.web import made


def shown(record: Folded) -> Record:
    return as_record(Past(0, record, TERMS))


def test_the_difference_names_fields_with_both_values_and_who_joined() -> None:
    first, later, last = (shown(numbered(at)) for at in (20, 45, 50))
    joined = changes(first, later)
    assert [item.sources for item in joined.new] == [(GP,)] and joined.joined == (f"{GP}|7",) and not joined.gone
    assert [[tuple(field) for field in one.fields] for one in joined.changed] == [[("clinical_status", None, "resolved")]]
    left = changes(later, last)
    assert left.left == (f"{GP}|7",) and [item.sources for item in left.gone] == [(GP,)] and not left.changed
    assert changes(later, later).nothing


@settings(max_examples=60)
@given(INPUTS, st.integers(0, 60), st.integers(0, 60), st.randoms(use_true_random=False))
def test_applying_the_difference_to_the_earlier_record_gives_the_later(values, one, other, rng):
    log = drawn(values, rng)
    subjects = {known.assertion.subject for known in log.assertions}
    person = Persons(log.claims, 60, KEY).of(min(subjects, default="RXA/epr|1"))
    before, after = (shown(record_at(log, Persons(log.claims, at, KEY), person, at, TERMS, KEY, subjects)) for at in (one, other))
    found = changes(before, after)
    facts = {item.fact: dict(item.content) for item in before.entries}
    for item in found.gone:
        del facts[item.fact]
    for item in found.new:
        facts[item.fact] = dict(item.content)
    for each in found.changed:
        for field in each.fields:
            facts[each.after.fact].pop(field.name, None)
            if field.after is not None:
                facts[each.after.fact][field.name] = field.after
    assert facts == {item.fact: item.content for item in after.entries}
    assert changes(after, before).new == found.gone


def test_a_past_record_says_nothing_that_is_not_known_of_it() -> None:
    past = Past(60, numbered(45), TERMS)
    data = as_data(past_page(past, as_record(past)))
    assert data["as_known_at"] == "1970-01-01T00:00:00.060Z" and data["digest"] == numbered(45).digest
    assert not {"sequence", "settled"} & data.keys() and all("version" not in entry for entry in data["entries"])
    assert all("handover" not in source for source in data["sources"])


def test_whereabouts_are_withheld_of_all_moments_or_of_none_and_make_no_difference_between_them() -> None:
    today = made.record([made.item("patient")])
    folded = msgspec.structs.replace(numbered(45), entries=(made.entry(today.entries[0]),), sources=today.sources[:1])
    gone = msgspec.structs.replace(today.sources[0], patient="has left")
    before = msgspec.structs.replace(folded, sources=(gone, *folded.sources))
    pasts = [Past(at, one, TERMS, today=(today.person,)) for at, one in ((60, folded), (50, before))]
    restricted = msgspec.structs.replace(today, entries=(made.item("patient", labels=("pds-restricted",)),))
    for held, label in (([today], "may-be-pds-restricted"), ([restricted], "pds-restricted"), ([], "may-be-pds-restricted")):
        records = [as_record(past, of_today(pasts, made.MadeRecords(*held))) for past in pasts]
        for entry in (one.entries[0] for one in records):
            assert entry.labels == (label,) and "postcode" not in entry.content and "address" not in entry.content
            assert entry.content["birth_date"]
        assert not changes(*records).changed
    assert of_today(pasts[:1], made.MadeRecords(today)) == "" and "postcode" in as_record(pasts[0]).entries[0].content
