"""Courses, field by field: whose value is shown, by which rule, and what each side of a disagreement says."""

from __future__ import annotations

from typing import Any

import pytest

from mainstem.kinds import courses, taking
from mainstem.kinds.base import DMD
from mainstem.kinds.facts import NoTerms
from mainstem.kinds.voices import speaking
from processors.reconcile import derive
from processors.reconcile.derive import Group
from tests.kinds.members import member
from tests.kinds.test_medicine import MEDICINE, PRODUCT, derived, home, listed, ordered

AMOUNT = {"value": "40", "unit": "mg"}
OTHER = {"codes": [{"system": DMD, "code": "317292001", "display": "Omeprazole 40mg gastro-resistant capsules"}]}


def dispensed(n: int = 4, **said: Any):
    return member("medicine", n, "P/pharmacy", "2026-01-01", view="dispense", **({"product": PRODUCT, "status": "completed"} | said))


def test_every_field_says_who_decided_it_and_by_which_rule():
    found = derived(listed(1, "2024-01-01", note="with food", course="repeat", dose="1 OD"), ordered(2, "2025-01-01", note="with water"))
    assert (found.content["note"], found.decided["note"]) == ("with water", (1,)), "recorded last"
    assert (found.content["course"], found.decided["course"]) == ("repeat", (0,))
    assert found.decided["views"] == (0, 1)
    assert {name: found.rules[name] for name in ("*", "views", "dose", "status", "product")} == {
        "*": "medicine.active-first", "views": "medicine.views", "dose": "medicine.regimen-together", "status": "medicine.ending-together",
        "product": "medicine.coded-product"}
    fact, = derive.facts(Group("medicine", "x"), found_members := [listed(1, dose="1 OD"), ordered(2)], NoTerms())
    decided = {name for behind in derive.provenance(fact) for name in behind.fields}
    assert decided == set(fact.derived.content) and len(found_members) == 2


def test_views_rest_on_who_speaks_and_stand_in_place_of_the_field():
    found = derived(listed(1, "2024-01-01"), listed(2, "2025-01-01", status="stopped"), ordered(3))
    assert (found.decided["views"], found.rules["view"]) == ((0, 2), "medicine.views")
    unsaid = [member("medicine", n, source, product=PRODUCT) for n, source in enumerate(("A82038/gp", "RXA/epr"))]
    assert "view" not in derived(*unsaid).rules


@pytest.mark.parametrize(("said", "speak"), [
    (["list active", "list active", "list stopped"], [0, 1]), (["list stopped", "list completed"], [0]), (["list draft"], []),
    (["dispense completed", "dispense completed"], [0]), (["administration completed", "administration completed"], [0]),
    (["dispense stopped"], []), (["x active", "home active", "administration active", "dispense active", "order active", "list active"],
                                 [5, 4, 3, 1, 2, 0])])
def test_who_speaks_of_a_course_and_in_which_order(said, speak):
    members = [member("medicine", n, view=view, status=status) for n, (view, status) in enumerate(each.split() for each in said)]
    assert list(speaking(members, range(len(members)))) == speak


@pytest.mark.parametrize(("status", "standing"), [
    ("active", 0), (None, 0), ("Active ", 0), ("unknown", 1), ("a word of a local list", 1), ("on-hold", 2), ("stopped", 3),
    ("completed", 3), ("Cancelled", 3), ("not-taken", 3), ("entered in error", 3), ("draft", 4)])
def test_what_a_status_says_of_whether_it_is_taken(status, standing):
    assert taking.by_status({"status": status}) == taking.standing(member("medicine", 1, view="list", status=status)) == standing
    assert (courses.is_taken(status), courses.is_over(status)) == (standing < 2, standing == 3)


@pytest.mark.parametrize("view", ["dispense", "administration"])
def test_what_was_handed_over_or_given_counts_as_taken(view):
    assert taking.standing(member("medicine", 1, view=view, status="completed")) == 0
    assert taking.standing(member("medicine", 1, view=view, status="stopped")) == 3


def handed(**said: Any) -> dict[str, Any]:
    return {"view": "dispense", "status": "completed", "start": "2026-01-01"} | said


@pytest.mark.parametrize(("content", "last"), [
    (handed(supply={"value": "28", "unit": "days"}), "2026-01-29"), (handed(supply={"value": "2", "unit": "Weeks"}), "2026-01-15"),
    (handed(supply={"value": "28"}), "2026-01-29"), (handed(), "2026-03-26"), (handed(status="Completed"), "2026-03-26"),
    (handed(view="administration"), "2026-01-03"), (handed(view="administration", end="2026-01-04"), "2026-01-06"),
    ({"views": [handed(view="administration"), handed(start="2026-02-01", supply={"value": "7", "unit": "days"})]}, "2026-02-08"),
    (handed(start=None), None), (handed(status="stopped"), None), (handed(status="active"), None),
    (handed(view="list"), None), (handed(view="home"), None), (handed(view=None), None),
    ({"views": [handed(), {"view": "order", "status": "stopped"}]}, None),    # the chart says whether it is taken
])
def test_how_long_what_was_handed_over_or_given_tells_that_it_is_taken(content, last):
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 7) for day in range(1, 32)]
    assert max((day for day in days if taking.in_hand(content, day)), default=None) == last


@pytest.mark.parametrize("said", [{"dose": "1 OD"}, {"dose_quantity": AMOUNT}, {"frequency": "BD"}])
def test_any_telling_field_makes_it_the_regimen_and_nothing_is_mixed_in(said):
    other = {"dose": "2 OD", "dose_quantity": {"value": "20", "unit": "mg"}, "frequency": "TDS", "as_needed": True}
    found = derived(listed(1, "2024-01-01", **other), ordered(2, "2025-01-01", **said))
    shown = {name: found.content[name] for name in ("dose", "dose_quantity", "frequency", "as_needed") if name in found.content}
    assert shown == said
    only = derived(listed(1, "2024-01-01", **other), ordered(2, "2025-01-01", as_needed=False))
    assert only.content["as_needed"] is True, "what is said of when alone is no regimen"


def test_status_and_end_come_from_a_view_that_has_the_courses_status():
    found = derived(listed(1, "2024-01-01", status="stopped", end="2025-12-01", stop_reason="bleeding"), dispensed(status="completed"))
    assert (found.content["status"], found.content["end"], found.content["stop_reason"]) == ("stopped", "2025-12-01", "bleeding")
    unsaid = member("medicine", 2, "A82038/gp", "2025-01-01", view="list", end="2025-02-01", product=PRODUCT)
    ended = derived(ordered(1, "2024-01-01", status="stopped"), unsaid)
    assert (ended.content["end"], "status" in ended.content) == ("2025-02-01", False), "of the one that counts, its end without a status"
    given = derived(dispensed(4), member("medicine", 5, "RXA/epr", "2020", view="administration", status="completed", product=PRODUCT))
    assert given.content["status"] == "completed", "where no other view speaks"


@pytest.mark.parametrize(("one", "other", "sides"), [
    (listed(dose="1 OD"), ordered(dose="2 OD", product=OTHER),
     ["Omeprazole 20mg gastro-resistant capsules 1 OD", "Omeprazole 40mg gastro-resistant capsules 2 OD"]),
    (listed(dose="1 OD"), ordered(dose="1 BD"), ["1 OD", "1 BD"]),
    (listed(), ordered(status="cancelled"), ["active", "cancelled"]),
    (listed(), ordered(status="on-hold", end="2025-02-01"), ["active", "on-hold 2025-02-01"]),
])
def test_what_each_side_says(one, other, sides):
    [discrepancy] = derived(one, other).content["discrepancies"]
    assert [side["says"] for side in discrepancy["sides"]] == sides
    assert [(side["source"], side["view"]) for side in discrepancy["sides"]] == [("A82038/gp", "list"), ("RXA/epr", "order")]


def test_a_side_without_a_product_says_its_dose_alone():
    bare = member("medicine", 2, "RXA/epr", view="order", status="active", dose_quantity=AMOUNT)
    [one] = courses.united([listed(1, dose_quantity={"value": "20", "unit": "mg"}), bare]).content["discrepancies"]
    assert [side["says"] for side in one["sides"]] == [f"{PRODUCT['text']} 20 mg", "40 mg"]


def test_a_view_is_shown_with_its_course_and_dates_and_nothing_that_it_does_not_say():
    found = derived(listed(course="repeat", start="2021", dose="1 OD"), home(status="stopped", end="2025-12-01"))
    assert found.content["views"] == [
        {"view": "list", "source": "A82038/gp", "status": "active", "course": "repeat", "start": "2021", "product": PRODUCT["text"],
         "taken": "1 OD"},
        {"view": "home", "source": "RXC/community", "status": "stopped", "end": "2025-12-01", "product": "omeprazole caps 20mg"}]


@pytest.mark.parametrize(("content", "span"), [
    ({"start": "2024", "view": "dispense"}, ("2024-01-01", "2025-03-25")),
    ({"start": "2024-01-01", "view": "dispense", "supply": {"value": "7"}}, ("2024-01-01", "2024-01-08")),
    ({"start": "2024-01-01", "view": "dispense", "supply": {"value": "7", "unit": "DAYS "}}, ("2024-01-01", "2024-01-08")),
    ({"start": "2024-01-01", "view": "dispense", "supply": {"value": "1", "unit": "pack"}}, ("2024-01-01", "2024-03-25")),
    ({"start": "2024-01-01", "view": "dispense", "supply": {"value": "about 7"}}, ("2024-01-01", "2024-03-25")),
    ({"start": "2024-01-01", "view": "dispense", "supply": {"value": "²"}}, ("2024-01-01", "2024-03-25")),
    ({"start": "2024-01-01", "view": "dispense", "supply": {"value": "9" * 5000}}, ("2024-01-01", "2024-03-25")),
    # an acute is what was issued, where it is told how long that lasts
    ({"start": "2010-08-17", "status": "active", "course": "Acute", "supply": {"value": "7", "unit": "day"}}, ("2010-08-17", "2010-08-24")),
    ({"start": "2010-08-17", "status": "active", "course": "acute", "supply": {"value": "7"}, "last_issued": "2010-09"},
     ("2010-08-17", "2010-10-07")),
    ({"start": "2010-08-17", "status": "active", "course": "acute", "supply": {"value": "7"}, "last_issued": "2010-08-01"},
     ("2010-08-17", "2010-08-24")),
    ({"start": "2010-08-17", "status": "active", "course": "acute"}, ("2010-08-17", taking.OPEN)),
    ({"start": "2010-08-17", "status": "active", "course": "acute", "supply": {"value": "1", "unit": "pack"}}, ("2010-08-17", taking.OPEN)),
    ({"start": "2010-08-17", "status": "active", "course": "repeat", "supply": {"value": "7"}}, ("2010-08-17", taking.OPEN)),
    ({"start": "2010-08-17", "status": "active", "course": "acute", "supply": {"value": "7"}, "end": "2010-12-01"},
     ("2010-08-17", "2010-12-01")),
    ({"start": "2024-01-01", "status": "no such status"}, ("2024-01-01", taking.OPEN)),
    ({"start": "2024-01-01", "status": "stopped"}, ("2024-01-01", "2024-01-01")),
    ({"start": "2024-01-01", "status": "on-hold"}, ("2024-01-01", taking.OPEN)),
])
def test_span_of_supplies_and_of_odd_statuses(content, span):
    assert MEDICINE.span(content, NoTerms()) == span


class Subcutaneous(NoTerms):
    def moiety(self, concept: dict[str, Any]) -> str | None:
        return "1"

    def by_name(self, concept: dict[str, Any]) -> bool:
        return False

    def route(self, concept: dict[str, Any]) -> str | None:
        return "34206005" if concept.get("text") == "Told pen" else None

    def usual_route(self, code: str) -> str | None:
        return "26643006" if code == "1" else None


@pytest.mark.parametrize(("content", "key"), [
    ({"product": {"text": "Told pen"}, "form": "tablet"}, "1/subcutaneous"),
    ({"product": {"text": "Other"}, "form": "pessary"}, "1/vaginal"), ({"product": {"text": "Other"}}, "1/oral"),
    ({"product": {"text": "Told pen"}, "route": {"text": "iv"}}, "1/intravenous"),
    ({"product": {"codes": []}, "form": "eye drops"}, "1/ocular"),
])
def test_the_route_is_the_one_stated_else_the_products_else_of_its_form_else_the_usual_one(content, key):
    assert MEDICINE.key(content, Subcutaneous()) == key


@pytest.mark.parametrize(("content", "line"), [
    ({"dose": "1 OD", "frequency": "BD"}, "1 OD"), ({"dose": "", "frequency": "BD"}, "BD"),
    ({"dose_quantity": AMOUNT, "frequency": "BD", "as_needed": True}, "40 mg BD when required"),
    ({"dose_quantity": {"value": "2"}, "as_needed": False}, "2"), ({"as_needed": True}, "when required"), ({}, ""),
])
def test_how_it_is_taken_in_a_line(content, line):
    assert taking.taken(content) == line
    assert MEDICINE.title({"product": PRODUCT} | content) == " ".join(part for part in (PRODUCT["text"], line) if part)
    assert MEDICINE.title(content) == " ".join(part for part in ("Medicine", line) if part)


def test_a_discrepancy_rests_on_the_sides_alone():
    found = derived(listed(1, dose="1 OD"), ordered(2, dose="2 OD"), home(3))
    assert (found.decided["discrepancies"], found.rules["discrepancies"]) == ((0, 1), "medicine.discrepancies")
