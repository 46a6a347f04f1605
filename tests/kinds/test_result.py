"""Results: what is one result across feeds, what supersedes what, and which is a repeat."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstem import kinds
from mainstem.kinds import retest
from mainstem.kinds.dates import days, moments
from mainstem.kinds.facts import Derived, NoTerms, Previous
from mainstem.terminology import builtin
from tests.kinds.members import member
from tests.kinds.test_problem import coded

RESULT = kinds.BY_NAME["result"]
SODIUM, CRP, HBA1C = coded("1000661000000107", "Serum sodium"), coded("1001371000000100"), coded("1003671000000109")
ORDER = {"order_id": "24L001", "test": SODIUM}


def key(**content: Any) -> str | None:
    return RESULT.key(content, builtin())


def amount(value: str, unit: str = "mmol/L") -> dict[str, str]:
    return {"value": value, "unit": unit}


def derived(*members):
    return RESULT.derive(members, builtin())


def test_the_laboratorys_result_and_the_practices_copy_have_one_key():
    ours = key(**ORDER, specimen_id="S1", taken="2026-01-03T10:00:00+00:00", specimen={"text": "serum"}, value=amount("140"))
    assert ours == key(**ORDER, taken="2026-01-03", value=amount("141")) == key(order_id=" 24l-001", test=SODIUM)
    assert ours != key(order_id="24L002", test=SODIUM)
    assert ours != key(order_id="24L001", test=CRP)


def test_without_an_order_number_the_specimen_tells_and_then_the_time():
    assert key(specimen_id="S1", test=SODIUM, taken="2026-01-03") == key(specimen_id="s-1", test=SODIUM)
    at = key(test=SODIUM, taken="2026-01-03T10:00:00+00:00", value=amount("140"))
    assert at == key(test=SODIUM, taken="2026-01-03T11:00:00+01:00", value=amount("150"))
    assert at == key(test=SODIUM, taken="2026-01-03T10:00:27.125Z"), "some feeds drop the seconds"
    assert at != key(test=SODIUM, taken="2026-01-03T12:00:00+00:00", value=amount("140"))
    assert key(test=SODIUM, taken="1900-01-01T00:00:00Z", value=amount("140")) is None, "no day is known"
    assert key(test=SODIUM, taken="2026-01") is None
    assert key(test=SODIUM) is None
    assert key(order_id="1") is None


@pytest.mark.parametrize("number", ["UNKNOWN", "unknown ", "N/A", "n/k", "0", "000-000", "0/0", "9999", "-", "/", ""])
@pytest.mark.parametrize("name", ["order_id", "specimen_id"])
def test_what_stands_where_a_number_is_not_known_makes_no_two_results_one(name, number):
    at = {"test": SODIUM, "taken": "2026-01-03T10:00:00Z"}
    assert key(**{name: number}, **at) == key(**at)
    assert key(**{name: number}, test=SODIUM) is None
    assert key(order_id=number, specimen_id="S1", test=SODIUM) == key(specimen_id="S1", test=SODIUM)


@pytest.mark.parametrize("number", ["1", "90", "99-1", "24/0001", "A0", "7/1/12"])
def test_short_numbers_tell_beside_a_test(number):
    assert key(order_id=number, test=SODIUM) is not None
    assert key(order_id="7/1/12", test=SODIUM) != key(order_id="7/11/2", test=SODIUM)
    assert key(order_id="S-0012 a", test=SODIUM) == key(order_id="s_0012A", test=SODIUM)


def test_sodium_of_serum_and_of_urine_is_two_results_and_a_panel_without_a_test_is_known_by_its_name():
    serum, urine = ({"test": SODIUM, "specimen": {"text": name}, "taken": "2026-01-03T08:00:00Z"} for name in ("Serum", "Urine"))
    assert key(**serum) == key(**serum | {"specimen": {"text": "SERUM"}}) not in (key(**urine), key(**serum | {"specimen": None}), None)
    assert key(order_id="A1", panel={"text": "Group and save"}) not in (key(order_id="A1", panel={"text": "U&E"}), None)
    assert key(order_id="A1", panel={"text": "Sodium"}) != key(order_id="A1", test={"text": "Sodium"})


def test_a_day_alone_tells_two_samples_apart_by_their_values():
    assert key(test=SODIUM, taken="2026-01-03", value=amount("140")) == key(test=SODIUM, taken="2026-01-03", value=amount("140.0"))
    assert key(test=SODIUM, taken="2026-01-03", value=amount("140")) != key(test=SODIUM, taken="2026-01-03", value=amount("150"))


def test_an_order_that_awaits_its_results_is_not_one_of_them():
    panel = coded("252167001")
    assert key(order_id="1", panel=panel) == key(order_id="1", panel=panel, status="requested")
    assert key(order_id="1", panel=panel) != key(order_id="1", panel=panel, test=SODIUM)


@pytest.mark.parametrize(("content", "expected"), [
    ({"taken": "2026-01-03T10:00:00Z"}, ("2026-01-03", "2026-01-03")), ({"taken": "2026-01"}, ("2026-01-01", "2026-01-31")),
    ({"requested": "2026-01-02", "reported": "2026-01-09"}, ("2026-01-02", "2026-01-02")), ({"taken": "?", "reported": "2026"},
                                                                                          ("2026-01-01", "2026-12-31")), ({}, None)])
def test_the_days_of_a_result(content, expected):
    assert RESULT.span(content, NoTerms()) == expected


def test_a_correction_supersedes_whichever_was_recorded_last():
    found = derived(member("result", 1, recorded="2026-01-04", status="corrected", value=amount("140"), interpretation=None),
                    member("result", 2, recorded="2026-01-05", status="final", value=amount("190"), interpretation="high", note="seen"))
    assert (found.content["value"], found.content["status"], found.content["note"]) == (amount("140"), "corrected", "seen")
    assert "interpretation" not in found.content, "the flag is of the value that was wrong"
    assert found.rules["value"] == "result.supersedes"


def test_a_status_is_read_however_it_is_capitalised():
    found = derived(member("result", 1, recorded="2026-01-04", status="CORRECTED", value=amount("140")),
                    member("result", 2, recorded="2026-01-05", status="Final", value=amount("110")))
    assert (found.content["value"], found.conflict) == (amount("140"), False)
    assert derived(member("result", 1, status="final", value=amount("140")), member("result", 2, "B/epr", status="Cancelled")).conflict
    assert RESULT.line({"test": SODIUM, "taken": "2026-01-03", "value": amount("140"), "status": "Cancelled"}, builtin()) is None


@pytest.mark.parametrize(("one", "other", "same_source", "conflict"), [
    ("corrected", "final", False, True), ("corrected", "final", True, False), ("final", "preliminary", False, False),
    ("final", "final", False, True), ("final", "final", True, True), ("final", "requested", False, False),
    ("final", "cancelled", False, True)])
def test_a_value_that_a_source_still_holds_beside_another_is_a_conflict(one, other, same_source, conflict):
    members = (member("result", 1, source="RXA/epr", status=one, value=amount("140")),
               member("result", 2, source="RXA/epr" if same_source else "Y/gp", status=other, value=amount("150")))
    assert derived(*members).conflict is conflict


@pytest.mark.parametrize(("one", "other", "conflict"), [
    ({"value": amount("140")}, {"value": amount("140.0", "MMOL/L")}, False),
    ({"value": amount("140")}, {"value": amount("140", "mg/L")}, True),
    ({"value": amount("140")}, {}, False), ({"value_text": "Negative"}, {"value_text": "NEGATIVE"}, False),
    ({"value_text": "Negative"}, {"value_text": "Positive"}, True),
    ({"value": amount("5") | {"comparator": "<"}}, {"value": amount("5")}, True),
    ({"value": amount("90", "umol/L")}, {"value": amount("90", "micromol/L")}, False),
    ({"value": amount("90", "U/L")}, {"value": amount("90", "[iU]/L")}, False),
    ({"value_code": coded("10828004", "Positive")}, {"value_text": "POSITIVE"}, False),
    ({"value_code": coded("10828004", "Positive")}, {"value_code": coded("260385009", "Negative")}, True),
    ({"value_code": coded("10828004")}, {"value_code": coded("260385009")}, True),
    ({"value": amount("5") | {"comparator": "<"}}, {"value": amount("5") | {"comparator": ">"}}, True)])
def test_values_are_compared_as_they_mean(one, other, conflict):
    found = derived(member("result", 1, status="final", **one), member("result", 2, source="Y/gp", status="final", **other))
    assert found.conflict is conflict


def test_the_most_precise_time_and_the_coding_that_is_known_are_shown():
    found = derived(member("result", 1, recorded="2026-01-03", taken="2026-01-03T10:00:00Z", test=SODIUM),
                    member("result", 2, recorded="2026-01-09", taken="2026-01-03", test=coded("NA", "Serum sodium", "urn:own")))
    assert (found.content["taken"], found.content["test"]) == ("2026-01-03T10:00:00Z", SODIUM)
    assert found.rules["taken"] == "result.most-precise-time"


MORNING, AFTERNOON = ({"taken": f"2026-01-03T{hour}:00:00Z", "value": amount(value)} for hour, value in (("09", "4.1"), ("15", "7.2")))


@pytest.mark.parametrize(("one", "other"), [("final", "preliminary"), ("corrected", "final"), ("final", "final")])
def test_two_samples_of_one_order_are_a_conflict_whichever_report_supersedes(one, other):
    found = derived(member("result", 1, status=one, **MORNING), member("result", 2, status=other, **AFTERNOON))
    assert (found.conflict, found.content["taken"], found.content["value"]) == (True, MORNING["taken"], MORNING["value"])


@pytest.mark.parametrize(("taken", "value"), [
    ("2026-01-03", "4.1"), ("2026-01-03T00:00:00Z", "4.1"), ("2026-01-03T10:00:00+01:00", "4.1"), ("2026-01-03T09:00:40Z", "4.1"),
    ("2026-01-03T15:00:00Z", None), ("?", "4.1")])
def test_a_copy_of_the_day_or_of_the_same_moment_is_no_other_sample(taken, value):
    copy = {"taken": taken} | ({"value": amount(value)} if value else {})
    found = derived(member("result", 1, status="final", **MORNING), member("result", 2, source="Y/gp", status="final", **copy))
    assert (found.conflict, found.content["taken"]) == (False, MORNING["taken"])


def test_no_sample_lends_its_time_to_anothers_value():
    unvalued = member("result", 1, status="corrected", taken="2026-01-03T08:00:00Z")
    assert derived(unvalued, member("result", 2, status="final", **AFTERNOON)).content["taken"] == AFTERNOON["taken"]
    told = [member("result", 2, status="preliminary", **MORNING), member("result", 3, status="preliminary", **AFTERNOON)]
    copy = {"status": "final", "value": amount("7.2")}
    found = derived(member("result", 1, source="Y/gp", taken="2026-01-03", **copy), *told)
    assert (found.content["taken"], found.conflict) == ("2026-01-03", True)
    assert "taken" not in derived(member("result", 1, source="Y/gp", **copy), *told).content
    assert derived(member("result", 1, source="Y/gp", **copy), told[1]).content["taken"] == AFTERNOON["taken"]


def parted(*members) -> list[list[int]]:
    found = RESULT.parted(members, builtin())
    return [[members.index(member) for member in part] for part in found]


def told(n: int, at: str | None, value: str | None = None, status: str = "final", source: str = "RXA/epr", **more: Any):
    taken = at if at is None or "-" in at else f"2026-01-03T{at}Z"
    content = {"taken": taken, "value": value and amount(value, "ng/L"), "status": status, **more}
    return member("result", n, source=source, **{name: said for name, said in content.items() if said is not None})


EIGHT, ELEVEN = told(1, "08:00:00", "12"), told(2, "11:00:00", "40")


@pytest.mark.parametrize(("others", "expected"), [
    ([], [[0], [1]]),
    ([told(3, "08:00:40", "12", source="B/epr"), told(4, "2026-01-03T12:00:00+01:00", "40", source="B/epr")], [[0, 2], [1, 3]]),
    ([told(3, "08:00:00", "13", source="B/epr")], [[0, 2], [1]]),                                   # a conflict of that sample's own
    ([told(3, "08:00:00", "13", "corrected", source="B/epr")], [[0, 2], [1]]),
    ([told(3, "2026-01-03", "40.0", source="Y/gp"), told(4, "2026-01-03", "12", source="Y/gp")], [[0, 3], [1, 2]]),
    ([told(3, None, "40", source="Y/gp", reported="2026-01-06")], [[0], [1, 2]]),
    ([told(3, "2026-01-03", "40", "preliminary", source="Y/gp")], [[0], [1, 2]]),
    ([told(3, "13:00:00", "12")], [[0], [1], [2]]),
    ([told(3, "2026-01-04T08:00:00Z", "12"), told(4, "2026-01-04", "12", source="Y/gp")], [[0], [1], [2, 3]]),
    ([told(3, "2026-01-04T08:00:00Z", "12"), told(4, "2026-01-04T00:00:00Z", "12", source="Y/gp")], [[0], [1], [2, 3]]),
    ([told(3, "14:00:00", "50", "corrected")], [[0], [1], [2]]),                                    # of a sample that only it tells
    ([told(3, None, None, "requested", requested="2026-01-03")], [[0, 2], [1]]),
    ([told(3, "11:00:00", None, "requested")], [[0], [1, 2]]),
    ([told(3, "11:00:00", None, "cancelled", source="Y/gp")], [[0], [1, 2]]),
    ([told(3, "08:25:00", "12", source="B/epr"), told(4, "11:20:00", "40", source="B/epr")], [[0, 2], [1, 3]]),     # when received
    ([told(3, "08:25:00", "12", source="B/epr")], [[0, 2], [1]]),
    ([told(3, "14:00:00", None, "cancelled")], [[0], [1], [2]]),
    ([told(3, "14:00:00", None, note="haemolysed")], [[0], [1], [2]]),
    ([told(3, "11:00:00", "45", "corrected"), told(4, "2026-01-03", "41", source="Y/gp")], [[0], [1, 2, 3]]),       # an older copy
])
def test_serial_samples_of_one_order_are_as_many_results(others, expected):
    assert parted(EIGHT, ELEVEN, *others) == expected


NOSE, GROIN = told(1, "08:00:00", "1", specimen={"text": "Nose swab"}), told(2, "08:00:00", "0", specimen={"text": "Groin"})
MONDAY, FRIDAY = told(1, "2026-01-05", "2.1", source="Y/gp"), told(2, "2026-01-09", "6.8", source="Y/gp")


@pytest.mark.parametrize(("members", "expected"), [
    ([NOSE, GROIN], [[0], [1]]),
    ([NOSE, GROIN, told(3, "2026-01-03", "0", source="Y/gp"), told(4, "08:00:00", "1", source="B/epr", specimen={"text": "nose swab"})],
     [[0, 3], [1, 2]]),
    ([NOSE, GROIN, told(3, "08:00:00", "2", "corrected", specimen={"text": "Groin"})], [[0], [1, 2]]),
    ([NOSE, GROIN, told(3, "2026-01-03", "2", source="Y/gp")], [[0, 1, 2]]),                       # of which of them?
    ([NOSE, told(2, "08:00:00", "0", source="B/epr", specimen={"text": "Groin"})], [[0, 1]]),
    ([NOSE, told(2, "08:00:00", "0", "corrected", specimen={"text": "Groin"})], [[0, 1]]),          # it may be the specimen that was wrong
    ([NOSE, told(2, "08:00:00", "0")], [[0, 1]]),
    ([told(1, "08:00:00", "1", specimen_id="B-1"), told(2, "08:00:00", "0", specimen_id="B2"), told(3, "08:00:00", "1", specimen_id="b1")],
     [[0, 2], [1]]),
    ([told(1, "08:00:00", "1", specimen_id="B1"), told(2, "08:00:00", "1", source="B/epr", specimen_id="771")], [[0, 1]]),
    ([MONDAY, FRIDAY], [[0], [1]]),
    ([told(1, "08:00:00", "140", panel={"text": "U&E"}), told(2, "08:00:00", "60", panel={"text": "Urine electrolytes"})], [[0], [1]]),
    ([told(1, "08:00:00", "140", panel={"text": "U&E"}), told(2, "08:00:00", "60", "corrected", panel={"text": "Urine electrolytes"})],
     [[0, 1]]),                                                                                     # it may be the panel that was wrong
    ([told(1, "2026-01", "2.1"), told(2, "2026-02", "6.8")], [[0, 1]]), ([told(1, None, None, "requested"), told(2, None)], [[0, 1]]),
    ([told(1, "08:00:00", "40", panel={"text": "LFT"}), told(2, "08:00:00", "40.0", panel={"text": "Bone profile"})], [[0, 1]]),
    ([MONDAY, FRIDAY, told(3, "2026-01-05T08:00:00Z", "2.1"), told(4, None, "6.8", source="B/epr")], [[0, 2], [1, 3]]),
    ([MONDAY, told(2, "2026-01-09", "6.8")], [[0, 1]]),
    ([MONDAY, told(2, "2026-01-09", "6.8", "corrected", source="Y/gp")], [[0, 1]]),                 # filed later, of Monday's
    ([MONDAY, FRIDAY, told(3, "2026-01-09", "6.9", "corrected", source="Y/gp")], [[0], [1, 2]]),
])
def test_samples_that_one_source_tells_apart_by_specimen_or_day_are_as_many_results(members, expected):
    assert parted(*members) == expected


@pytest.mark.parametrize("members", [
    [EIGHT, told(2, "08:25:00", "12", source="B/epr")],                                             # collected here, received there
    [EIGHT, told(2, "11:00:00", "40", source="B/epr")],
    [EIGHT, ELEVEN, told(3, "2026-01-03", "50", source="Y/gp")],                                    # a third, or which of them was wrong?
    [EIGHT, ELEVEN, told(3, "2026-01-03", "40", "corrected", source="Y/gp")],
    [EIGHT, ELEVEN, told(3, "2026-01-03", None, "cancelled", source="Y/gp")],
    [EIGHT, ELEVEN, told(3, "14:00:00", None, "cancelled", source="Y/gp")],
    [told(1, "08:00:00", "12", "corrected"), told(2, "11:00:00", "40", "corrected"), told(3, "2026-01-03", "50", source="Y/gp")],
    [EIGHT, ELEVEN, told(3, "2026-01-03", None, note="haemolysed", source="Y/gp")],
    [EIGHT, told(2, "2026-01-03", "40")], [EIGHT, told(2, "08:00:30", "40")], [EIGHT, told(2, "00:00:00", "40")],
])
def test_where_it_is_not_sure_which_sample_is_which_they_are_one_result(members):
    """In conflict, as it was, where the values are of two minutes or differ: no copy is given to a sample that it may not be of."""
    assert parted(*members) == [list(range(len(members)))]


def test_two_samples_of_one_value_are_nearest_to_their_copies():
    copies = [told(n, at, "12", source="B/epr") for n, at in ((3, "08:25:00"), (4, "11:20:00"))]
    assert parted(EIGHT, told(2, "11:00:00", "12"), *copies) == [[0, 2], [1, 3]]


@pytest.mark.parametrize(("one", "other", "conflict"), [
    (EIGHT, told(2, "08:25:00", "12.0", source="B/epr"), False), (EIGHT, told(2, "08:25:00", "13", "preliminary", source="B/epr"), True),
    (EIGHT, told(2, "11:00:00", "12"), True)])
def test_one_value_at_the_minutes_of_two_feeds_is_no_conflict(one, other, conflict):
    assert derived(one, other).conflict is conflict


E_COLI, STAPHYLOCOCCUS = (told(n, "08:00:00", value_text=name, reported="2026-01-05T12:00:00Z")
                          for n, name in ((1, "Escherichia coli"), (2, "Staphylococcus aureus")))
LATER = {"reported": "2026-01-06T09:00:00Z"}


@pytest.mark.parametrize(("others", "expected"), [
    ([], [[0], [1]]),
    ([told(3, "2026-01-03", value_text="staphylococcus aureus", source="Y/gp"), told(4, None, status="requested")], [[0, 3], [1, 2]]),
    ([told(3, "08:00:00", value_text="Escherichia coli", status="corrected", **LATER)], [[0, 2], [1]]),
    ([told(3, "08:00:00", value_text="No growth", status="corrected", **LATER)], [[0, 1, 2]]),
    ([told(3, "08:00:00", value_text="No growth", status="preliminary")], [[0, 1, 2]]),
])
def test_what_one_report_tells_several_values_of_is_as_many_results(others, expected):
    assert parted(E_COLI, STAPHYLOCOCCUS, *others) == expected


@pytest.mark.parametrize("more", [LATER, {"reported": "2026-01-05"}, {"reported": "2026-01-05T12:00:00Z", "status": "corrected"}])
def test_a_later_report_or_one_of_the_day_may_supersede(more):
    other = {"at": "08:00:00", "value_text": "Staphylococcus aureus"} | more
    assert parted(E_COLI, told(2, **other)) == [[0, 1]]


@pytest.mark.parametrize("source", ["RXA/epr", "B/epr"])
def test_a_correction_that_leaves_no_value_beside_one_is_a_conflict(source):
    withdrawn = told(2, "08:00:00", None, "corrected", source=source, note="haemolysed")
    assert derived(EIGHT, withdrawn).conflict
    assert not derived(withdrawn, told(3, "08:00:00", None, "final")).conflict
    given = told(3, "08:00:00", "14", "corrected", recorded="2026-01-09")
    assert not derived(withdrawn, given).conflict, "the later correction has a value"


contents = st.fixed_dictionaries({"test": st.just(SODIUM), "order_id": st.just("1")}, optional={
    "status": st.sampled_from(["requested", "preliminary", "final", "corrected", "cancelled", "odd"]),
    "value": st.sampled_from([amount("140"), amount("150"), amount("140.0")]), "value_text": st.sampled_from(["ok", "OK"]),
    "interpretation": st.sampled_from(["high", "low"]), "taken": st.sampled_from(["2026", "2026-01-03", "2026-01-03T10:00:00Z",
                                                                                        "2026-01-03T16:00:00Z", "?"]),
    "note": st.sampled_from(["a", "b"])})


@given(st.lists(st.tuples(contents, st.sampled_from([None, "2020-01-01", "2024-01-01"]), st.sampled_from(["RXA/epr", "Y/gp"])),
                min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_what_is_shown_does_not_depend_on_arrival_and_is_of_one_report(said, rng):
    members = [member("result", n, recorded=recorded, source=source, **content) for n, (content, recorded, source) in enumerate(said)]
    mixed = list(members)
    rng.shuffle(mixed)
    found = derived(*sorted(members, key=lambda one: one.place))
    assert derived(*sorted(mixed, key=lambda one: one.place)) == found
    assert found.decided.keys() == found.content.keys()
    behind = {found.decided[name] for name in ("status", "value", "value_text", "interpretation") if name in found.content}
    assert len(behind) < 2
    if any(content.get("status") == "corrected" and "value" in content for content, *_ in said):
        assert found.content["status"] == "corrected"


def repeats(now: str, before: str, **content: Any) -> dict[str, Any] | None:
    """The mark on a result taken `now`, the one before it on its line taken at `before`."""
    one = {"value": amount("1"), "status": "final", **content}
    standing = RESULT.line({**one, "taken": before}, builtin())
    assert standing is not None
    assert standing[0] == RESULT.line({**one, "taken": now}, builtin())[0]
    facts = Derived({**one, "taken": now}, {"taken": (0,)}, {"*": "x"})
    found = RESULT.follow(facts, Previous("f", standing[1]), builtin())
    assert found.content.get("repeat_of") is None or found.rules["repeat_of"] == "result.repeat"
    return found.content.get("repeat_of")


AT = datetime(2026, 1, 3, 10, tzinfo=UTC)


@pytest.mark.parametrize("row", retest.TABLE, ids=lambda row: row.group)
def test_just_inside_and_just_outside_each_interval(row):
    for test in (*({"test": coded(code)} for code in row.codes), *({"test": {"text": name}} for name in row.names),
                 *({"test": {"text": "something"}, "panel": {"text": name}} for name in row.names)):
        at, inside, outside = (moment.isoformat() for moment in (AT, AT + row.least - timedelta(minutes=1), AT + row.least))
        mark = repeats(inside, at, **test)
        assert mark is not None, test
        assert (mark["fact"], mark["minimum"], mark["taken"]) == ("f", row.shown, at)
        assert repeats(outside, at, **test) is None, test


def test_the_intervals_are_those_of_the_guidance():
    assert {row.group: row.shown for row in retest.TABLE} == {
        "full blood count": "24 h", "urea and electrolytes": "24 h", "C-reactive protein": "48 h", "liver function tests": "48 h",
        "calcium": "48 h", "magnesium": "48 h", "vitamin B12": "56 d", "folate": "21 d", "ferritin": "21 d", "HbA1c": "40 d",
        "vitamin D": "28 d", "lipids": "28 d", "prostate specific antigen": "13 d", "immunoglobulins": "28 d"}
    assert all(row.shown in (f"{row.least // timedelta(hours=1)} h", f"{row.least.days} d") for row in retest.TABLE)


@pytest.mark.parametrize(("now", "before", "test", "interval"), [
    ("2026-01-04", "2026-01-03", CRP, "24 h"),                     # two days told at most 48 h apart
    ("2026-01-05", "2026-01-03", CRP, None),                       # may be longer
    ("2026-01-03", "2026-01-03", CRP, None),                       # may be the same sample
    ("2026-01-03T10:00:00Z", "2026-01-03T10:00:00+00:00", CRP, None),
    ("2026-01-04", "2026-01-03T10:00:00Z", SODIUM, None),
    ("2026-02-01", "2026-01-03", HBA1C, "29 d"), ("2026-02-13", "2026-01-03", HBA1C, None), ("2026-02-11", "2026-01-03", HBA1C, "39 d"),
    ("2026-01-03T11:00:00Z", "2026-01-03T10:00:00Z", coded("999000000000001"), None)])
def test_a_repeat_is_marked_only_where_the_dates_leave_no_doubt(now, before, test, interval):
    mark = repeats(now, before, test=test)
    assert (mark and mark["interval"]) == interval


@pytest.mark.parametrize("content", [
    {"status": "requested"}, {"status": "cancelled"}, {"value": None}, {"taken": "2026-01"}, {"taken": None}, {"test": None}])
def test_orders_cancelled_tests_and_what_has_no_value_or_day_are_on_no_line(content):
    whole = {"test": SODIUM, "taken": "2026-01-03", "status": "final", "value": amount("1")}
    assert RESULT.line(whole, builtin()) is not None
    assert RESULT.line({name: value for name, value in (whole | content).items() if value is not None}, builtin()) is None


@pytest.mark.parametrize(("content", "stands"), [
    ({"specimen": {"text": "urine"}}, False), ({"panel": {"text": "Urine electrolytes"}}, False), ({"test": {"text": "CSF sodium"}}, False),
    ({"specimen": {"text": "Serum"}, "panel": {"text": "Blood and urine electrolytes"}}, True), ({"panel": {"text": "U&E"}}, True)])
def test_what_is_not_of_blood_neither_repeats_nor_is_repeated(content, stands):
    whole = {"test": {"text": "Sodium"}, "taken": "2026-01-03", "status": "final", "value": amount("1")}
    assert (RESULT.line(whole | content, builtin()) is not None) is stands


@pytest.mark.parametrize(("said", "stands"), [("Haemolysed", False), ("See comment", False), ("<5", True), ("4.1 mmol/L", True)])
def test_what_gave_no_number_is_not_repeated(said, stands):
    whole = {"test": SODIUM, "taken": "2026-01-03", "status": "final", "value_text": said}
    assert (RESULT.line(whole, builtin()) is not None) is stands


@given(st.text(max_size=30) | st.dates().map(str) | st.datetimes().map(datetime.isoformat) | st.none())
def test_any_text_has_days_and_moments_or_none(text):
    assert (days(text) is None) == (moments(text) is None)
    found = days(text)
    assert found is None or found[0] <= found[1]
