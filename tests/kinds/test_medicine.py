"""Courses: views beside each other, what is shown of them, and every disagreement named with both sides."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical, kinds
from mainstem.kinds import courses, taking
from mainstem.kinds.base import DMD
from mainstem.kinds.facts import NoTerms
from mainstem.kinds.titles import named
from mainstem.terminology import builtin
from processors.reconcile import derive
from processors.reconcile.derive import Group
from tests.kinds.members import member

MEDICINE = kinds.BY_NAME["medicine"]
PRODUCT = {"codes": [{"system": DMD, "code": "317291008", "display": "Omeprazole 20mg gastro-resistant capsules"}],
           "text": "Omeprazole 20mg gastro-resistant capsules"}
WORDS = {"text": "omeprazole caps 20mg"}


def listed(n: int = 1, recorded: str = "2024-01-01", **said: Any):
    return member("medicine", n, "A82038/gp", recorded, view="list", **({"product": PRODUCT, "status": "active"} | said))


def ordered(n: int = 2, recorded: str = "2025-01-01", **said: Any):
    return member("medicine", n, "RXA/epr", recorded, view="order", **({"product": PRODUCT, "status": "active"} | said))


def home(n: int = 3, recorded: str = "2025-06-01", **said: Any):
    return member("medicine", n, "RXC/community", recorded, view="home", **({"product": WORDS, "status": "active"} | said))


def derived(*members: Any):
    return MEDICINE.derive(sorted(members, key=lambda each: each.place), NoTerms())


def about(*members: Any) -> list[str]:
    return [one["about"] for one in derived(*members).content.get("discrepancies", ())]


def test_one_record_is_what_it_says():
    assert derived(listed(dose="1 OD")).content == {"view": "list", "product": PRODUCT, "status": "active", "dose": "1 OD"}


def test_views_stand_side_by_side_in_a_fixed_order():
    found = derived(home(dose="1 OD"), ordered(dose_quantity={"value": "20", "unit": "mg"}, frequency="OD"), listed(dose="one once a day"))
    assert [(view["view"], view["source"], view["taken"]) for view in found.content["views"]] == [
        ("list", "A82038/gp", "one once a day"), ("order", "RXA/epr", "20 mg OD"), ("home", "RXC/community", "1 OD")]
    assert "view" not in found.content
    assert (found.conflict, "discrepancies" in found.content) == (False, False)


@pytest.mark.parametrize(("members", "found", "conflict"), [
    ((listed(dose="1 OD"), ordered(dose="2 OD")), ["dose"], True),
    ((listed(dose="1 OD"), ordered(dose="1 BD")), ["frequency"], True),
    ((listed(dose="1 OD"), ordered(dose="as the clinic says")), [], False),
    ((listed(), ordered(status="stopped", end="2025-02-01")), ["stopped"], True),
    ((listed(), home(status="stopped")), ["stopped"], True),
    ((listed(), ordered(status="on-hold")), ["on-hold"], True),
    ((listed(course="repeat"), ordered(status="completed")), [], False),
    ((listed(course="acute"), ordered(status="completed")), ["stopped"], True),
    ((listed(status="stopped"), ordered(status="completed")), [], False),
    ((listed(status="stopped", dose="1 OD"), ordered(status="completed", dose="2 OD")), ["dose"], False),
    ((listed(1, status="stopped", dose="1 OD"), listed(4, dose="2 OD"), home(dose="2 OD")), [], False),
    ((listed(), member("medicine", 5, "P/pharmacy", view="dispense", status="completed", product=PRODUCT)), [], False),
    ((listed(dose="1 OD"), member("medicine", 5, "P/pharmacy", view="dispense", status="completed", dose="2 OD", product=PRODUCT)),
     ["dose"], True),
    ((listed(dose="1 OD"), member("medicine", 5, "RXA/epr", view="administration", status="completed", dose="2 OD", product=PRODUCT)),
     [], False),
    ((listed(dose="1 OD"), ordered(status="draft", dose="2 OD")), [], False),
])
def test_discrepancies(members, found, conflict):
    assert about(*members) == found
    assert derived(*members).conflict is conflict


def atorvastatin(strength: str, dose: str = "as directed") -> dict[str, Any]:
    return {"product": {"text": f"Atorvastatin {strength} tablets"}, "dose": dose}


@pytest.mark.parametrize(("members", "found"), [
    ((listed(**atorvastatin("20mg")), ordered(**atorvastatin("80mg"))), ["strength"]),
    ((listed(**atorvastatin("20mg")), ordered(**atorvastatin("20 mg"))), []),
    ((listed(**atorvastatin("20mg", "4 ON")), ordered(**atorvastatin("80mg", "1 ON"))), []),
    ((listed(**atorvastatin("20mg", "1 ON")), ordered(**atorvastatin("80mg", "1 ON"))), ["dose"]),
    ((listed(1, **atorvastatin("20mg")), listed(4, **atorvastatin("40mg")), ordered(**atorvastatin("40mg"))), []),
    ((listed(1, **atorvastatin("20mg")), listed(4, **atorvastatin("40mg")), ordered(2, **atorvastatin("20mg")),
      ordered(5, **atorvastatin("40mg"))), []),
    ((listed(1, **atorvastatin("20mg")), listed(4, **atorvastatin("40mg")), ordered(2, **atorvastatin("40mg")),
      ordered(5, **atorvastatin("80mg"))), ["strength"]),
])
def test_strengths_that_each_side_has_alone_are_named_where_doses_cannot_be_compared(members, found):
    assert about(*members) == found
    assert derived(*members).conflict is bool(found)


def levothyroxine(amount: int, dose: str = "1 OD", also: str = "") -> dict[str, Any]:
    return {"product": {"text": f"Levothyroxine {amount}microgram {also}tablets"}, "dose": dose}


def dispensed(n: int = 5, recorded: str = "2020", source: str = "P/pharmacy", **said: Any):
    return member("medicine", n, source, recorded, view="dispense", **({"status": "completed"} | said))


TWO = (listed(1, **levothyroxine(25)), listed(4, **levothyroxine(100)))


@pytest.mark.parametrize(("others", "found"), [
    ((ordered(2, **levothyroxine(25)), ordered(5, **levothyroxine(100))), []),
    ((ordered(2, product={"text": "Levothyroxine"}, dose="125 micrograms OD"),), []),
    ((ordered(2, product={"text": "Levothyroxine"}, dose="1.25mg OD"),), ["dose"]),
    ((ordered(2, **levothyroxine(100)),), ["dose"]),
    ((ordered(2, **levothyroxine(25)), ordered(5, **levothyroxine(50))), ["dose"]),
    ((ordered(2, product={"text": "Levothyroxine"}, dose="125 micrograms PRN"),), ["dose", "frequency"]),
    ((dispensed(2, **levothyroxine(25)),), []), ((dispensed(2, **levothyroxine(50)),), ["dose"]),
    ((dispensed(2, **levothyroxine(25)), dispensed(5, source="Q/pharmacy", **levothyroxine(100))), ["dose"]),
    ((ordered(2, **levothyroxine(25, "1 mane")), ordered(5, **levothyroxine(100, "1 nocte"))), []),
    ((ordered(2, **levothyroxine(25, "2 mane")), ordered(5, **levothyroxine(100, "1 nocte"))), ["dose"]),
])
def test_two_strengths_of_one_course_are_held_against_all_that_the_other_side_lists(others, found):
    assert about(*TWO, *others) == found


def test_who_lists_slow_release_and_plain_says_both():
    slow, plain = ({"product": {"text": name, "codes": [{"system": DMD, "code": "1"}]}, "dose": "as before"}
                   for name in ("Quetiapine 50mg MR tablets", "Quetiapine 50mg tablets"))
    assert about(listed(1, **slow), ordered(2, **plain)) == ["release"]
    assert about(listed(1, **slow), listed(4, **plain), ordered(2, **plain)) == []


def oxycodone(product: str, dose: str) -> dict[str, Any]:
    return {"product": {"text": f"Oxycodone {product}"}, "dose": dose}


SLOW, PLAIN = oxycodone("10mg modified-release tablets", "1 BD"), oxycodone("5mg capsules", "1 PRN")


@pytest.mark.parametrize(("members", "found"), [
    ((listed(1, **SLOW), listed(4, **PLAIN), ordered(2, **SLOW), ordered(5, **PLAIN)), []),
    ((listed(1, **SLOW), ordered(2, **SLOW), ordered(5, **PLAIN)), []),
    ((listed(1, **SLOW), ordered(2, **PLAIN)), []),
    ((listed(1, **oxycodone("5mg capsules", "1 BD")), listed(4, **PLAIN), ordered(2, **PLAIN)), []),
    # what is told otherwise of the regular course, and of the one when required
    ((listed(1, **SLOW), listed(4, **PLAIN), ordered(2, **oxycodone("10mg m/r tablets", "2 BD")), ordered(5, **PLAIN)), ["dose"]),
    ((listed(1, **SLOW), listed(4, **PLAIN), ordered(2, **SLOW), ordered(5, **oxycodone("5mg capsules", "2 PRN"))), ["dose"]),
    # one product, regular here and when required there
    ((listed(1, **oxycodone("5mg capsules", "1 BD")), ordered(2, **PLAIN)), ["frequency"]),
    ((listed(1, **SLOW), ordered(2, **oxycodone("10mg MR tablets", "1 PRN"))), ["frequency"]),
])
def test_a_regular_course_and_one_when_required_are_not_told_apart(members, found):
    assert about(*members) == found
    assert derived(*members).conflict is bool(found)


@pytest.mark.parametrize("status", ["unknown", "intended", "recurring", "Active", " ACTIVE "])
def test_a_status_that_no_rule_knows_ends_no_medicine(status):
    unknown = ordered(2, "2025-01-01", status=status, start="2020", dose="1 OD")
    assert taking.span(unknown.content) == ("2020-01-01", taking.OPEN)
    found = derived(home(3, "2025-06-01", status="completed", dose="2 OD"), unknown)
    assert (found.content["status"], found.content["dose"]) == (status, "1 OD")
    assert about(listed(1, status="stopped"), unknown) == ["stopped"], "stopped here, and not known to have stopped there"
    assert derived(listed(1, "2019-01-01"), ordered(2, status="unknown")).content["status"] == "active", "the plain word first"


@pytest.mark.parametrize("status", ["stopped", "Completed", "CANCELLED", "entered in error", "not-taken"])
def test_what_is_over_is_over_however_it_is_written(status):
    assert taking.span({"status": status, "start": "2020"}) == ("2020-01-01", "2020-12-31")
    assert about(listed(1, status=status), ordered(2, status="active")) == (["stopped"] if status in ("stopped", "CANCELLED") else [])


def test_both_sides_of_a_strength_are_named_with_their_products():
    [one] = derived(listed(**atorvastatin("20mg")), ordered(**atorvastatin("80mg"))).content["discrepancies"]
    assert [side["says"] for side in one["sides"]] == ["Atorvastatin 20mg tablets as directed", "Atorvastatin 80mg tablets as directed"]


def test_both_sides_are_named():
    [one] = derived(listed(dose="1 OD"), ordered(status="stopped", end="2025-02-01")).content["discrepancies"]
    assert one == {"about": "stopped", "sides": [{"source": "A82038/gp", "view": "list", "says": "active"},
                                                 {"source": "RXA/epr", "view": "order", "says": "stopped 2025-02-01"}]}


def test_what_is_still_taken_is_shown_before_what_ended_later():
    found = derived(listed(dose="1 OD", start="2020"), ordered(status="stopped", end="2025-02-01", dose="2 OD", stop_reason="bleeding"))
    assert (found.content["status"], found.content["dose"], "end" in found.content, "stop_reason" in found.content) == (
        "active", "1 OD", False, False)
    assert found.rules["status"] == courses.ENDING.id


@pytest.mark.parametrize("listing", [{}, {"status": None}])
def test_what_a_list_holds_without_a_status_is_not_shown_as_ended(listing):
    bare = member("medicine", 1, "A82038/gp", "2024-01-01", view="list", product=PRODUCT, **listing)
    over = ordered(status="stopped", end="2025-02-01", stop_reason="bleeding")
    found = derived(bare, over)
    assert (about(bare, over), found.conflict) == (["stopped"], True)
    assert [(side["view"], side.get("says")) for side in found.content["discrepancies"][0]["sides"]] == [
        ("list", None), ("order", "stopped 2025-02-01")]
    assert found.content.keys().isdisjoint({"status", "end", "stop_reason"})
    assert found.rules["status"] == courses.ENDING.id
    assert about(bare, home(status="on-hold")) == ["on-hold"]
    assert "status" not in derived(bare, home(status="on-hold")).content
    assert (about(bare, listed(4)), derived(bare, listed(4), over).content["status"]) == ([], "active")
    assert "end" not in derived(bare, member("medicine", 5, "RXC/community", "2020", view="home", product=WORDS, end="2021")).content


def test_a_regimen_is_of_one_record():
    found = derived(listed(dose="1 OD"), ordered(dose_quantity={"value": "40", "unit": "mg"}, frequency="BD"))
    assert "dose" not in found.content
    assert (found.content["dose_quantity"]["value"], found.content["frequency"]) == ("40", "BD")


def test_dispensed_beats_requested_and_coded_beats_words():
    brand = {"text": "Losec 20mg capsules"}
    assert derived(home(), listed()).content["product"] == PRODUCT
    found = derived(listed(), member("medicine", 5, "P/pharmacy", "2020", view="dispense", product=brand))
    assert (found.content["product"], found.rules["product"]) == (brand, "medicine.dispensed-product")


def warfarin(strength: str, dose: str | None = None, **said: Any) -> dict[str, Any]:
    return {"product": {"text": f"Warfarin {strength} tablets"} | said, "dose": dose}


CODED = {"codes": [{"system": DMD, "code": "48603004"}]}
LEVO_25, LEVO_100 = "Levothyroxine 25microgram tablets", "Levothyroxine 100microgram tablets"


@pytest.mark.parametrize(("members", "title"), [
    (TWO, f"{LEVO_25} 1 OD and {LEVO_100} 1 OD"),
    ((*TWO, ordered(2, "2020", **levothyroxine(50))), f"{LEVO_25} 1 OD and {LEVO_100} 1 OD"),
    # a dispensing tells of itself alone, a chart of all that it holds
    ((*TWO, dispensed(2, "2026", **levothyroxine(25))), f"{LEVO_25} 1 OD and {LEVO_100} 1 OD"),
    ((*TWO, ordered(2, "2026", **levothyroxine(50))), "Levothyroxine 50microgram tablets 1 OD"),
    # two times of the day; one that says no dose; one of a status that no rule knows
    ((listed(1, dose="2 mane"), listed(4, dose="1 nocte")), f"{PRODUCT['text']} 2 mane and {PRODUCT['text']} 1 nocte"),
    ((listed(1, **levothyroxine(25)), listed(4, product={"text": LEVO_100})), f"{LEVO_25} 1 OD and {LEVO_100}"),
    ((listed(1, status="unknown", **levothyroxine(25)), listed(4, **levothyroxine(100))), f"{LEVO_100} 1 OD and {LEVO_25} 1 OD"),
    # said twice; ended or on hold beside what is taken; all on hold; no dose said of either, but by another
    ((listed(1, **levothyroxine(25)), listed(4, **levothyroxine(25))), f"{LEVO_25} 1 OD"),
    ((listed(1, status="stopped", **levothyroxine(25)), listed(4, **levothyroxine(100))), f"{LEVO_100} 1 OD"),
    ((listed(1, status="on-hold", **levothyroxine(25)), listed(4, **levothyroxine(100))), f"{LEVO_100} 1 OD"),
    ((listed(1, status="on-hold", **levothyroxine(25)), listed(4, status="on-hold", **levothyroxine(100))),
     f"{LEVO_25} 1 OD and {LEVO_100} 1 OD"),
    ((listed(1, product={"text": LEVO_25}), listed(4, product={"text": LEVO_100}),
      ordered(2, "2020", product={"text": "Levothyroxine"}, dose="125 micrograms OD")), f"{LEVO_25} 125 micrograms OD"),
])
def test_several_held_at_once_are_all_shown(members, title):
    found = derived(*members)
    assert MEDICINE.title(found.content) == title
    assert found.decided.keys() == found.content.keys()
    if " and " in title:
        assert not found.content.keys() & {"dose", "dose_quantity", "frequency", "as_needed"}
        assert found.rules["dose"] == found.rules["regimens"] == courses.SEVERAL.id


@pytest.mark.parametrize(("members", "title", "rule"), [
    ((listed(**warfarin("1mg", "5 tablets daily")), dispensed(**warfarin("5mg", "1 tablet daily"))),
     "Warfarin 1mg tablets 5 tablets daily", courses.TOGETHER),
    ((listed(**warfarin("1mg", "5 tablets daily", **CODED)), ordered(**warfarin("5mg", "1 tablet daily"))),
     "Warfarin 5mg tablets 1 tablet daily", courses.TOGETHER),
    ((listed(1, **warfarin("1mg", "2 tablets daily")), listed(4, **warfarin("3mg", "1 tablet daily")), dispensed(**warfarin("3mg"))),
     "Warfarin 1mg tablets 2 tablets daily and Warfarin 3mg tablets 1 tablet daily", courses.DISPENSED),
    # neither dispensed nor coded
    ((listed(**warfarin("1mg", "5 tablets daily")), ordered(**warfarin("5mg"))), "Warfarin 1mg tablets 5 tablets daily", courses.TOGETHER),
    # what cannot be read may be counted; one strength, or a dose by mass, is said of either
    ((listed(**warfarin("1mg", "two now and one later")), dispensed(**warfarin("5mg"))),
     "Warfarin 1mg tablets two now and one later", courses.TOGETHER),
    ((listed(**warfarin("1mg", "2 daily")), dispensed(**warfarin("1000 microgram"))), "Warfarin 1000 microgram tablets 2 daily",
     courses.DISPENSED),
    ((listed(**warfarin("1mg", "5mg daily")), dispensed(**warfarin("5mg"))), "Warfarin 5mg tablets 5mg daily", courses.DISPENSED),
    ((listed(**warfarin("1mg", "5 tablets"), dose_quantity={"value": "5", "unit": "mg"}), dispensed(**warfarin("5mg"))),
     "Warfarin 1mg tablets 5 tablets", courses.TOGETHER),
    # the dose of what ended or is on hold is not what is taken
    ((listed(**warfarin("1mg")), ordered(status="stopped", **warfarin("5mg", "1 tablet daily"))), "Warfarin 1mg tablets", None),
    ((listed(**warfarin("1mg")), ordered(status="on-hold", **warfarin("5mg", "1 tablet daily"))), "Warfarin 1mg tablets", None),
    ((listed(status="stopped", **warfarin("1mg")), ordered(status="stopped", **warfarin("5mg", "1 tablet daily"))),
     "Warfarin 5mg tablets 1 tablet daily", None),    # all over: the one recorded last is shown
    # of a status that no rule knows it may be taken
    ((listed(**warfarin("1mg")), ordered(status="unknown", **warfarin("5mg", "1 tablet daily"))),
     "Warfarin 5mg tablets 1 tablet daily", courses.TOGETHER),
    ((listed(status="unknown", **warfarin("1mg")), ordered(status="stopped", **warfarin("5mg", "1 tablet daily"))),
     "Warfarin 1mg tablets", None),
])
def test_a_counted_dose_is_said_of_its_own_product(members, title, rule):
    found = derived(*members)
    assert MEDICINE.title(found.content) == title
    assert found.rules.get("product") == (rule.id if rule else None)
    assert found.decided.keys() == found.content.keys()
    assert all(members[index].content[name] == found.content[name] for name in ("product", "dose") if name in found.content
               for index in found.decided[name])
    assert {view["product"] for view in found.content["views"]} == {each.content["product"]["text"] for each in members}


def test_a_count_of_syringes_is_not_said_of_those_that_hold_more():
    small, large = ({"text": f"Enoxaparin {each} solution for injection pre-filled syringes"} for each in ("40mg/0.4ml", "80mg/0.8ml"))
    found = derived(listed(product=small, dose="ONE daily"), dispensed(product=large))
    assert (MEDICINE.title(found.content), found.rules["product"]) == (f"{small['text']} ONE daily", courses.TOGETHER.id)


COUNTED = ("1 tablet daily", "2 tablets daily", "5 tablets daily", "1 OD", "5mg daily", "as directed", None)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(
    st.sampled_from(["list", "order", "home", "dispense", "administration"]), st.sampled_from(["1mg", "3mg", "5mg"]),
    st.sampled_from(COUNTED), st.sampled_from(["active", "stopped", "completed", "on-hold", None]), st.booleans(),
    st.sampled_from([None, "2024", "2025"])), min_size=2, max_size=5))
def test_a_headline_with_a_counted_dose_is_some_one_records_product_and_dose(said):
    members = [member("medicine", n, "RXA/epr", recorded, view=view, status=status, **warfarin(strength, dose, **(CODED if coded else {})))
               for n, (view, strength, dose, status, coded, recorded) in enumerate(said)]
    shown = derived(*members).content
    told = {(named(each.content["product"], ""), each.content.get("dose")) for each in members}
    assert "dose" not in shown or shown["dose"] == "5mg daily" or (named(shown["product"], ""), shown["dose"]) in told


@pytest.mark.parametrize(("starts", "shown"), [
    (("2024", "2024-03-02"), "2024-03-02"), (("2023", "2024-03-02"), "2023"), (("2024", "2024-03"), "2024-03"),
    (("2024", "2024-03", "2024-03-09"), "2024-03-09"), (("2024", "2024-03", "2024-05-09"), "2024-03"),
    (("2024", "2024-12"), "2024-12"), (("2024", "2024-12-31"), "2024-12-31"), (("2024-03-09", "2024-05", "2024"), "2024-03-09"),
    (("2024-03-02", "2024-03-01T10:00:00Z"), "2024-03-01T10:00:00Z"),
])
def test_the_earliest_start(starts, shown):
    members = [member("medicine", n, product=PRODUCT, start=start) for n, start in enumerate(starts)]
    assert derived(*members).content["start"] == derived(*members[::-1]).content["start"] == shown


@pytest.mark.parametrize(("content", "span"), [
    ({"start": "2024", "status": "active"}, ("2024-01-01", taking.OPEN)),
    ({"start": "2024-02", "end": "2024-03-09"}, ("2024-02-01", "2024-03-09")),
    ({"start": "2024-02", "status": "stopped"}, ("2024-02-01", "2024-02-29")), ({"end": "2024-03-09"}, ("2024-03-09", "2024-03-09")),
    ({"start": "2024-01-01", "status": "stopped", "last_issued": "2024-05-01"}, ("2024-01-01", "2024-05-01")),
    ({"start": "2024-01-01", "view": "dispense", "supply": {"value": "4", "unit": "weeks"}}, ("2024-01-01", "2024-01-29")),
    ({"start": "2024-01-01", "view": "dispense"}, ("2024-01-01", "2024-03-25")),
    ({"start": "2024-01-01T08:00:00Z", "view": "administration", "status": "active"}, ("2024-01-01", "2024-01-01")),
    ({"status": "active"}, None), ({"start": "last week"}, None), ({"start": "2024-13"}, None),
    ({"start": "2024-02-30", "status": "active"}, None), ({"start": "20240102", "status": "stopped"}, ("2024-01-02", "2024-01-02")),
    ({"start": "2024-01-01T23:30:00-02:00", "status": "stopped"}, ("2024-01-02", "2024-01-02")),
])
def test_span(content, span):
    assert MEDICINE.span(content, NoTerms()) == span


@pytest.mark.parametrize("none", ["1900-01-01", "1899-12-30T00:00:00Z", "0001-01-01", "9999-12-31T00:00:00Z", "1900"])
def test_a_date_that_stands_for_none_begins_and_ends_no_course(none):
    assert MEDICINE.span({"view": "list", "status": "active", "start": none}, builtin()) is None
    assert MEDICINE.span({"view": "list", "status": "active", "start": "2024-01-01", "end": none}, builtin()) == ("2024-01-01", taking.OPEN)


def test_a_course_taken_up_again_is_another_course():
    spring = listed(1, status="stopped", start="2024-03-01", end="2024-03-08"), ordered(
        2, status="completed", start="2024-03", end="2024-03-08")
    winter = listed(3, status="stopped", start="2024-11-01", end="2024-11-08")
    key = MEDICINE.key(winter.content, builtin())
    found = derive.facts(Group("medicine", key), [*spring, winter], builtin())
    assert sorted(len(fact.members) for fact in found) == [1, 2]


contents = st.fixed_dictionaries({"product": st.sampled_from([PRODUCT, WORDS])}, optional={
    "view": st.sampled_from(["list", "order", "home", "dispense", "administration"]),
    "status": st.sampled_from(["active", "stopped", "completed", "on-hold", "draft", "cancelled", "unknown"]),
    "dose": st.sampled_from(["1 OD", "one once a day", "2 OD", "1 BD", "as directed", "x"]),
    "dose_quantity": st.sampled_from([{"value": "20", "unit": "mg"}, {"value": "40", "unit": "mg"}]),
    "frequency": st.sampled_from(["OD", "BD", "PRN"]), "as_needed": st.booleans(), "course": st.sampled_from(["acute", "repeat"]),
    "start": st.sampled_from(["2019", "2019-03", "2019-03-02", "2024-01-01T10:00:00Z"]),
    "end": st.sampled_from(["2019-04-01", "2024-02-01"]),
})


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(contents, st.sampled_from(["A82038/gp", "RXA/epr", "RXC/community"]), st.sampled_from([None, "2019", "2024"])),
                min_size=1, max_size=6), st.randoms(use_true_random=False))
def test_order_makes_no_difference_and_no_side_is_lost(said, rng: random.Random):
    members = [member("medicine", n, source, recorded, **content) for n, (content, source, recorded) in enumerate(said)]

    def published() -> list[Any]:
        found = derive.facts(Group("medicine", "25673006/oral"), members, builtin())
        return [(fact.fact, fact.content, derive.provenance(fact), fact.derived.conflict, fact.derived.rules) for fact in found]

    before = published()
    rng.shuffle(members)
    assert published() == before
    for _, content, _, _, rules in before:
        fact = canonical.decode(content)
        active = [view for view in fact.get("views", ())
                  if view.get("status") == "active" and view.get("view") in ("list", "order", "home")]
        assert not active or fact.get("status", "active") == "active"
        current = [view for view in fact.get("views", ()) if "status" not in view and view.get("view") in ("list", "order", "home")]
        assert not current or courses.is_taken(fact.get("status"))
        assert all(len(one["sides"]) > 1 for one in fact.get("discrepancies", ()))
        assert set(rules.values()) <= {rule.id for rule in MEDICINE.rules} | {"record.greatest-version"}
