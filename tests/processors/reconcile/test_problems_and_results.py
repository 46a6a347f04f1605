"""Problems and results through the core: the stream against the fold, episodes, repeats, and who stands behind each field."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical
from mainstem.model import Assertion, Entry, Known, RawRef
from mainstem.terminology import builtin
from processors.reconcile.clusters import SERIES
from processors.reconcile.crowd import LIMIT
from processors.reconcile.fold import fold_by
from tests.processors.convergence import check, order_and_duplicates_make_no_difference, streamed
from tests.strategies import SAME_PERSON, assertions_of, claims

SNOMED = "http://snomed.info/sct"
SODIUM, CREATININE, TYPE_2 = (
    {"codes": [{"system": SNOMED, "code": code}]} for code in ("1000661000000107", "1000731000000107", "44054006"))
WORDS = {"codes": [{"system": "urn:mainstem:codes:RXA/epr", "code": "NA"}], "text": "Serum sodium"}
VALUES = ({"value": "140", "unit": "mmol/L"}, {"value": "150", "unit": "mmol/L"})
TIMES = ("2026-01-03", "2026-01-03T10:00:00Z", "2026-01-03T16:00:00Z", "2026-01-04T09:00:00Z", "2026-03-01", "2026", "?")

_results = st.fixed_dictionaries({"test": st.sampled_from([SODIUM, WORDS, CREATININE])}, optional={
    "order_id": st.sampled_from(["1", "2"]), "value": st.sampled_from(VALUES), "taken": st.sampled_from(TIMES),
    "reported": st.sampled_from(["2026-01-05T12:00:00Z", "2026-01-05"]),
    "status": st.sampled_from(["requested", "preliminary", "final", "corrected", "cancelled"])})
_codes = st.sampled_from([TYPE_2, TYPE_2 | {"text": "Left"}, TYPE_2 | {"text": "Right"}, {"text": "Type 2 diabetes mellitus"},
                          {"text": "Frozen shoulder"}])
_problems = st.fixed_dictionaries({"code": _codes}, optional={
    "onset": st.sampled_from(["2019", "2019-03-02", "2019-07-01", "2020-01-01", "2025", "once"]),
    "abatement": st.sampled_from(["2021", "2019-04-01"]),
    "status": st.sampled_from(["active", "resolved"]), "category": st.sampled_from(["problem-list-item", "encounter-diagnosis"])})
worlds = st.lists(st.one_of(*[assertions_of("result", _results)] * 3, *[assertions_of("problem", _problems)] * 2, claims),
                  min_size=12, max_size=40).map(lambda said: [*SAME_PERSON, *said])


@settings(max_examples=100, deadline=None)
@given(worlds, st.integers(0, 2**32))
def test_the_stream_gives_what_the_fold_gives(world, seed):
    rng = random.Random(seed)
    rng.shuffle(world)
    check(streamed(world, rng, builtin()))


@settings(max_examples=60, deadline=None)
@given(worlds, st.integers(0, 2**32))
def test_order_and_duplicates_make_no_difference(world, seed):
    order_and_duplicates_make_no_difference(world, random.Random(seed), builtin())


def folded(*said: tuple[str, str, dict[str, Any]]) -> list[Entry]:
    """Current entries of one person. Each said: source, recorded, content; a problem where it has a `code`."""
    known = []
    for n, (source, recorded, content) in enumerate(said):
        kind = "problem" if "code" in content else "result"
        known.append(Known(Assertion(source=source, patient="1", record=f"{kind}/{n}", kind=kind, position="1", recorded=recorded,
                                     content=canonical.encode(content), raw=RawRef("r", 0, n)), n, 0, n))
    return list(fold_by(known, lambda _: "p", builtin())["p"].entries)


def content(entry: Entry) -> dict[str, Any]:
    return canonical.decode(entry.content)


def test_the_copy_of_a_result_is_the_result_and_the_next_one_is_a_repeat_of_it():
    first = {"order_id": "24L1", "test": SODIUM, "value": VALUES[0], "status": "final"}
    entries = folded(("RXA/epr", "2026-01-03", {**first, "taken": "2026-01-03T10:00:00Z"}),
                     ("A/gp", "2026-01-05", {**first, "taken": "2026-01-03"}),
                     ("RXA/epr", "2026-01-03", {**first, "order_id": "24L2", "taken": "2026-01-03T16:00:00Z"}),
                     ("A/gp", "2026-01-05", {**first, "order_id": "24L2", "test": WORDS}))
    one, two = sorted(entries, key=lambda entry: "repeat_of" in content(entry))
    assert content(two)["repeat_of"] == {"fact": one.fact, "taken": "2026-01-03T10:00:00+00:00", "interval": "6 h", "minimum": "24 h"}
    assert content(one)["taken"] == "2026-01-03T10:00:00Z"
    for entry in entries:
        assert entry.sources == ("A/gp", "RXA/epr")
        assert {name for behind in entry.provenance for name in behind.fields} == content(entry).keys()


def test_an_order_number_used_again_a_year_later_is_another_result():
    years = [{"order_id": "1", "test": SODIUM, "value": VALUES[0], "taken": f"{year}-01-03"} for year in (2025, 2026)]
    assert len(folded(*(("RXA/epr", "2026-01-03", said) for said in years))) == 2


def test_weeks_of_results_under_no_known_order_are_as_many_results():
    taken = ("2026-01-03T09:00:00Z", "2026-01-25T09:00:00Z", "2026-02-20T09:00:00Z")
    weeks = [{"order_id": "UNKNOWN", "test": SODIUM, "value": value, "taken": at, "status": status}
             for at, value, status in zip(taken, (*VALUES[:1] * 2, VALUES[1]), ("final", "final", "preliminary"), strict=True)]
    assert {content(entry)["taken"] for entry in folded(*(("RXA/epr", "2026-02-20", said) for said in weeks))} == set(taken)


EIGHT, ELEVEN = ({"order_id": "24L1", "test": {"text": "Troponin"}, "value": {"value": value, "unit": "ng/L"}, "status": "final",
                  "taken": f"2026-01-03T{hour}:00:00Z"} for hour, value in (("08", "12"), ("11", "40")))


def test_serial_samples_under_one_order_are_two_results_and_their_copies_are_none():
    said = [("RXA/epr", "2026-01-03", EIGHT), ("RXA/epr", "2026-01-03", ELEVEN),
            ("A/gp", "2026-01-06", EIGHT | {"taken": "2026-01-03"}), ("A/gp", "2026-01-06", ELEVEN | {"taken": "2026-01-03"})]
    for some in (said[:2], said):
        entries = folded(*some)
        assert {(content(entry)["taken"], content(entry)["value"]["value"]) for entry in entries} == {
            (EIGHT["taken"], "12"), (ELEVEN["taken"], "40")}
        assert not any(entry.conflict for entry in entries)
        assert {entry.sources for entry in entries} == {tuple(sorted({source for source, *_ in some}))}


def test_a_correction_supersedes_its_own_sample_alone_and_one_that_tells_no_minute_is_a_conflict():
    two = [("RXA/epr", "2026-01-03", EIGHT), ("RXA/epr", "2026-01-03", ELEVEN)]
    corrected = {"status": "corrected", "value": {"value": "14", "unit": "ng/L"}}
    shown = {content(entry)["value"]["value"] for entry in folded(*two, ("RXA/epr", "2026-01-05", EIGHT | corrected))}
    assert shown == {"14", "40"}
    [entry] = folded(*two, ("A/gp", "2026-01-05", EIGHT | corrected | {"taken": "2026-01-03"}))
    assert entry.conflict and content(entry)["value"]["value"] == "14"


@pytest.mark.parametrize(("many", "entries"), [(SERIES, SERIES), (SERIES + 1, 1)])
def test_a_number_that_very_many_records_share_tells_no_samples_apart(many, entries):
    said = [("RXA/epr", "2026-01-03", EIGHT | {"taken": f"2026-01-03T{n // 60:02}:{n % 60:02}:00Z"}) for n in range(1, many + 1)]
    found = folded(*said)
    assert len(found) == entries
    assert [entry.conflict for entry in found] == [entries == 1] * entries
    assert SERIES <= LIMIT, "whoever parts a key looks at each of its members"


@pytest.mark.parametrize(("one", "other", "facts"), [
    ({"onset": "2019-03-02"}, {"onset": "2019-06-01"}, 1), ({"onset": "2019-03-02"}, {"onset": "2021-06-01"}, 2),
    ({"onset": "2019-03-02"}, {}, 1), ({"onset": "2019"}, {"onset": "2019-11-05"}, 1),
    ({"onset": "2019-03-02", "abatement": "2019-04-01"}, {"onset": "2019-09-01"}, 1), ({"onset": "2019-03-02", "abatement": "2019-04-01"},
                                                                                      {"onset": "2019-11-05"}, 2),
    ({"onset": "2001", "status": "active", "category": "problem-list-item"}, {"onset": "2024-01-01"}, 1),
    ({"onset": "2001", "status": "active", "category": "encounter-diagnosis"}, {"onset": "2024-01-01"}, 2)])
def test_which_records_are_one_episode(one, other, facts):
    found = folded(("RXA/epr", "2024", {"code": TYPE_2, **one}), ("A/gp", "2025", {"code": {"text": "Type 2 diabetes mellitus"}, **other}))
    assert len(found) == facts
    assert all(content(entry)["parents"][0]["text"] == "Diabetes mellitus" for entry in found)


def test_a_third_record_between_two_episodes_makes_them_one():
    two = [("RXA/epr", "2024", {"code": TYPE_2, "onset": onset}) for onset in ("2019-01-01", "2019-12-01")]
    assert len(folded(*two)) == 2
    assert len(folded(*two, ("A/gp", "2024", {"code": TYPE_2, "onset": "2019-06-15"}))) == 1
