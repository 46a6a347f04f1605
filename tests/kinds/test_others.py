"""Kinds on the rule of business identifiers: what is one fact, what stays apart, what is shown of several copies, what is a conflict."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainstem import canonical, kinds
from mainstem.kinds.base import DMD, SNOMED
from mainstem.kinds.facts import Member, NoTerms
from mainstem.kinds.identifiers import day, digest, identifier, minute
from mainstem.kinds.vaccines import protects_against
from mainstem.terminology import builtin
from processors.reconcile.derive import Fact, Group, facts, group, provenance
from tests.kinds.members import member, snomed

GP, EPR, PAS, RXC = "A82038/gp", "RXA/epr", "RXA/pas", "RXC/community"


def found(*members: Member) -> list[Fact]:
    groups: dict[Group, list[Member]] = {}
    for one in members:
        groups.setdefault(group(one, builtin()), []).append(one)
    return [fact for of, together in groups.items() for fact in facts(of, together, builtin())]


def copies(kind: str, *said: dict[str, Any]) -> tuple[Member, ...]:
    """One record of each source, recorded a day after the one before."""
    return tuple(member(kind, n, source, f"2026-08-{n + 1:02d}", **content)
                 for n, (source, content) in enumerate(zip((EPR, PAS, GP), said, strict=False)))


def shown(kind: str, *said: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    [fact] = found(*copies(kind, *said))
    return canonical.decode(fact.content), fact.derived.conflict


VISIT = {"visit_id": "V-1234", "encounter_class": "inpatient", "start": "2026-08-01T08:00:00Z"}
CONSULTED = {"encounter_class": "consultation", "start": "2026-08-01T08:00:00Z"}
BOOKED = {"appointment_id": "0000 1234 5678", "start": "2026-12-01T10:00:00Z", "status": "booked"}
LETTER = {"document_id": "{0f8fad5b-d9cb-469f-a165-70867728950e}", "title": "Clinic letter", "created": "2026-08-20"}
SECTION = LETTER | {"title": "Plan", "text": "Review in clinic,\nin six weeks."}
HIP = {"code": snomed("52734007", "Total hip replacement"), "performed": "2026-08-01"}
FLU = {"procedure": snomed("822851000000102", "Seasonal influenza vaccination"), "given": "2025-10-03", "status": "completed"}
ALERT = {"code": {"text": "Risk to staff"}, "status": "active", "start": "2026-07"}
REFERRED = {"referral_id": "0000-4321-8765", "service": {"text": "Podiatry"}, "referred": "2026-07-15"}
PLAN = {"plan_id": "7/1001", "title": "Diabetes care plan", "start": "2026-01-05", "goals": ["HbA1c below 58"]}
PULSE = {"code": snomed("78564009", "Pulse rate"), "value": {"value": "72", "unit": "/min"}, "taken": "2026-08-01T09:20:00Z"}


def without(content: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name not in names}


@pytest.mark.parametrize(("kind", "one", "other"), [
    ("encounter", VISIT, VISIT | {"visit_id": " v-1234 ", "start": "2026-08-01T09:00:00+01:00", "encounter_class": "emergency"}),
    ("encounter", VISIT, {"visit_id": "V-1234"}),
    ("encounter", {"visit_id": "1234567890", "encounter_class": "contact"}, {"visit_id": "1234567890", "encounter_class": "inpatient"}),
    ("encounter", VISIT | {"end": "2026-08-09"}, VISIT | {"start": "2026-08-05"}),
    ("encounter", without(VISIT, "visit_id"), without(VISIT, "visit_id") | {"start": "2026-08-01T08:00:41.5+00:00"}),
    ("appointment", BOOKED, BOOKED | {"appointment_id": "000012345678", "start": "2027-03-01T10:00:00Z"}),
    ("appointment", BOOKED | {"appointment_id": "1234", "service": {"text": "Renal"}},
     BOOKED | {"appointment_id": "1234", "service": {"text": "renal."}, "start": "2026-12-08T10:00:00Z"}),
    ("appointment", {"service": {"text": "Renal clinic"}, "start": "2026-12-01T10:00:00Z"},
     {"service": {"text": "renal clinic."}, "start": "2026-12-01T10:00:30+00:00"}),
    ("document", LETTER, LETTER | {"document_id": "0F8FAD5BD9CB469FA16570867728950E", "title": "Letter", "created": "2026-08-22"}),
    ("document", SECTION, SECTION | {"text": "Review in clinic\nin six weeks"}),
    ("document", without(SECTION, "document_id"), without(SECTION, "document_id") | {"created": "2026-08-20T09:00:00Z"}),
    ("document", {"location": "docs/1", "created": "2026-08-20"}, {"location": "docs/1 ", "created": "2026-08-20"}),
    ("procedure", HIP, HIP | {"performed": "2026-08-01T13:00:00+01:00"}),
    ("procedure", HIP | {"body_site": {"text": "Left hip"}}, HIP | {"body_site": {"text": "left hip"}}),
    ("immunisation", FLU, {"vaccine": {"text": "Fluad"}, "given": "2025-10-03T09:00:00Z"}),
    ("immunisation", FLU, {"procedure": {"text": "Influenza vaccination given by pharmacist"}, "given": "2025-10-02T23:00:00Z"}),
    ("immunisation", FLU, {"procedure": {"text": "Flu vaccination"}, "given": "2025-10-03", "status": "declined"}),
    ("immunisation", FLU, {"procedure": snomed("86198006", "Flu vaccination declined"), "given": "2025-10-03", "status": "Not given"}),
    *[("immunisation", {"vaccine": {"text": one}, "given": "2025-10-03"}, {"vaccine": {"text": other}, "given": "2025-10-03"})
      for one, other in (("ProQuad", "MMRV vaccine"), ("Menitorix", "Hib/MenC"), ("Pediacel", "5-in-1"), ("MenQuadfi", "Men ACWY"),
                         ("Comirnaty JN.1", "COVID-19 vaccination"), ("Fluad Tetra", "Flu jab"))],
    ("flag", ALERT, {"code": {"text": "risk to staff!"}, "status": "active"}),
    ("flag", {"code": {"text": "Weight <50kg"}}, {"code": {"text": "weight: < 50KG"}}),
    ("flag", {"code": {"text": "Age <=65"}}, {"code": {"text": "age \u2264 65"}}),
    ("flag", {"code": {"text": "Falls -> see plan"}}, {"code": {"text": "Falls: see plan"}}),
    ("referral", REFERRED, REFERRED | {"referral_id": "0000-4321-8765 ", "referred": "2026-07-20"}),
    ("referral", without(REFERRED, "referral_id"), without(REFERRED, "referral_id") | {"referred": "2026-07-15T10:00:00Z"}),
    ("careplan", PLAN, PLAN | {"plan_id": "7/1001 ", "title": "Diabetes"}),
    ("careplan", without(PLAN, "plan_id"), without(PLAN, "plan_id") | {"title": "diabetes care plan"}),
    ("observation", PULSE, PULSE | {"value": {"value": "72.0", "unit": "/min"}, "taken": "2026-08-01T10:20:10+01:00"}),
    ("observation", PULSE | {"taken": "2026-08-01"}, PULSE | {"taken": "2026-08-01T00:00:00"}),
])
def test_one_fact(kind, one, other):
    assert len(found(*copies(kind, one, other))) == 1


@pytest.mark.parametrize(("kind", "one", "other"), [
    ("encounter", VISIT, VISIT | {"visit_id": "V-12340"}),
    ("encounter", VISIT, VISIT | {"start": "2029-08-01"}),
    ("encounter", VISIT | {"visit_id": "2345"}, {"visit_id": "2345", "encounter_class": "contact", "start": "2026-08-01T14:00:00Z"}),
    ("encounter", CONSULTED, CONSULTED),
    ("encounter", without(VISIT, "visit_id") | {"start": "2026-08-01"}, without(VISIT, "visit_id") | {"start": "2026-08-01"}),
    ("encounter", VISIT | {"visit_id": "12", "start": "2026-08-01"}, VISIT | {"visit_id": "12", "start": "2026-08-01"}),
    ("appointment", BOOKED, BOOKED | {"start": "2028-12-01T10:00:00Z"}),
    ("appointment", BOOKED | {"appointment_id": "7/1/12"}, BOOKED | {"appointment_id": "7/11/2"}),
    ("appointment", {"start": "2026-12-01T10:00:00Z"}, {"start": "2026-12-01T10:00:00Z"}),
    ("appointment", BOOKED | {"appointment_id": "1234", "service": {"text": "Dentist"}},
     BOOKED | {"appointment_id": "1234", "service": {"text": "Renal"}, "start": "2027-02-01T10:00:00Z"}),
    ("document", SECTION, SECTION | {"title": "Reason"}),
    ("document", SECTION, SECTION | {"text": "Discharged."}),
    ("document", {"title": "Letter", "created": "2026-08-20"}, {"title": "Letter", "created": "2026-08-20"}),
    ("document", without(SECTION, "document_id", "created"), without(SECTION, "document_id", "created")),
    ("procedure", HIP | {"body_site": {"text": "Left hip"}}, HIP | {"body_site": {"text": "Right hip"}}),
    ("procedure", HIP, HIP | {"performed": "2026-08-02"}),
    ("procedure", *({"code": {"codes": [{"system": "opcs-4", "code": code}], "text": "Operation"}, "performed": "2026-08-01"}
                    for code in ("W37.1", "Z84.3"))),
    ("procedure", HIP | {"performed": "2026-08"}, HIP | {"performed": "2026-08"}),
    ("immunisation", FLU, FLU | {"given": "2025-10-04"}),
    ("immunisation", FLU, FLU | {"procedure": {"text": "MMR vaccination"}}),
    ("immunisation", without(FLU, "given"), without(FLU, "given")),
    ("immunisation", *({"vaccine": {"text": text}, "given": "2025-10-03"} for text in ("MMR", "?MMR"))),
    ("immunisation", *({"vaccine": {"text": text}, "given": "2025-10-03"} for text in ("MMR", "MMRV"))),
    ("immunisation", *({"vaccine": {"text": text}, "given": "2025-10-03"} for text in ("6-in-1", "DTaP/IPV/Hib"))),
    ("immunisation", FLU, FLU | {"procedure": snomed("86198006", "Influenza vaccination declined")}),
    ("immunisation", FLU, FLU | {"procedure": {"text": "Flu vaccination contraindicated"}, "vaccine": {"text": "Influenza vaccine"}}),
    ("immunisation", FLU, FLU | {"procedure": {"text": "Flu vaccination (not given)"}}),
    ("flag", {"code": {"text": "Alert"}, "note": "Latex"}, {"code": {"text": "Alert"}, "note": "Dog"}),
    ("flag", *({"code": snomed("713634000", text) | {"codes": [{"system": SNOMED, "code": "713634000", "display": "Alert"}]}}
               for text in ("Bites", "Latex"))),
    ("flag", {"code": {"text": "<50kg"}}, {"code": {"text": ">50kg"}}),
    ("flag", {"code": {"text": "Weight < 50kg"}}, {"code": {"text": "weight 50kg"}}),
    ("flag", {"code": {"text": "Age <=65"}}, {"code": {"text": "Age <65"}}),
    ("flag", {"code": {"text": "Age \u2264 65"}}, {"code": {"text": "Age \u2265 65"}}),
    ("flag", {"code": {"text": "Base excess <-5"}}, {"code": {"text": "Base excess >-5"}}),
    ("flag", {"code": {"text": "K+ >normal"}}, {"code": {"text": "K+ <normal"}}),
    ("flag", {"code": {"text": "?MRSA"}}, {"code": {"text": "MRSA"}}),
    ("referral", without(REFERRED, "referral_id"), without(REFERRED, "referral_id") | {"reason": {"text": "Foot ulcer"}}),
    ("referral", {"referred": "2026-07-15"}, {"referred": "2026-07-15"}),
    ("careplan", PLAN, PLAN | {"goals": ["Walk every day"]}),
    ("careplan", {"title": "Plan"}, {"title": "Plan"}),
    ("document", LETTER | {"document_id": "104233"}, LETTER | {"document_id": "104233", "title": "Discharge summary"}),
    ("referral", REFERRED | {"referral_id": "104233"}, REFERRED | {"referral_id": "104233", "service": {"text": "Cardiology"}}),
    ("referral", REFERRED | {"referral_id": "unknown"}, REFERRED | {"referral_id": "UNKNOWN", "referred": "2026-07-20"}),
    ("encounter", VISIT | {"visit_id": "00000000"}, VISIT | {"visit_id": "0000 0000", "start": "2026-08-01T15:00:00Z"}),
    ("careplan", without(PLAN, "goals"), without(PLAN, "goals") | {"title": "Wound care"}),
    ("careplan", without(PLAN, "goals") | {"note": "Walk"}, without(PLAN, "goals") | {"note": "Two to lift"}),
    ("observation", PULSE, PULSE | {"value": {"value": "80", "unit": "/min"}}),
    ("observation", PULSE, PULSE | {"taken": "2026-08-01T09:21:00Z"}),
    ("observation", without(PULSE, "value"), without(PULSE, "value")),
    ("observation", without(PULSE, "taken"), without(PULSE, "taken")),
])
def test_apart(kind, one, other):
    assert len(found(*copies(kind, one, other))) == 2


def test_the_copy_that_is_furthest_along_counts_with_its_end_however_late_another_is_recorded():
    content, conflict = shown("encounter", VISIT | {"status": "finished", "end": "2026-08-09", "outcome": "Home"},
                              VISIT | {"status": "in-progress", "specialty": "Renal"})
    assert (content["status"], content["end"], content["outcome"], content["specialty"], conflict) == (
        "finished", "2026-08-09", "Home", "Renal", False)
    [fact] = found(*copies("encounter", VISIT | {"status": "finished", "end": "2026-08-09"}, VISIT | {"status": "in-progress"}))
    assert {name: fact.derived.rules.get(name) for name in ("status", "end", "outcome")} == {
        "status": "encounter.furthest", "end": "encounter.furthest", "outcome": None}
    content, conflict = shown("appointment", BOOKED | {"status": "noshow"}, BOOKED)
    assert (content["status"], conflict) == ("noshow", False)


def test_a_planned_end_does_not_end_what_goes_on_nor_is_a_given_dose_given_a_reason_why_not():
    content, _ = shown("encounter", VISIT | {"status": "in-progress"}, VISIT | {"status": "planned", "end": "2026-08-09"})
    assert content["status"] == "in-progress" and "end" not in content
    content, _ = shown("encounter", VISIT | {"status": "finished"}, VISIT | {"end": "2026-08-09"})
    assert (content["status"], content["end"]) == ("finished", "2026-08-09"), "who states no status contradicts none"
    content, _ = shown("immunisation", FLU, FLU | {"status": "not-done", "reason": {"text": "Declined"}})
    assert content["status"] == "completed" and "reason" not in content


def test_readings_of_several_parts_are_one_where_each_part_is_by_its_code_else_its_words():
    def key(*parts: tuple[dict[str, Any], str]) -> str | None:
        of = {"code": {"text": "Blood pressure"}, "taken": "2026-08-01T09:00:00Z"}
        components = [{"code": code, "value": {"value": value}} for code, value in parts]
        return kinds.BY_NAME["observation"].key(of | {"components": components}, builtin())

    high, low = {"text": "Systolic"}, {"text": "Diastolic"}
    assert key((high, "120"), (low, "80")) == key((low, "80"), ({"text": "Systolic."}, "120.0")) != key((high, "80"), (low, "120"))
    plain, shown = snomed("271649006"), {"codes": [{**snomed("271649006")["codes"][0], "display": "Systolic blood pressure"}]}
    assert key((plain, "120")) == key((shown, "120")) == key((shown | {"text": "Systolic blood pressure"}, "120"))
    assert key((plain, "120")) != key((plain | {"text": "standing"}, "120")) != key((plain | {"text": "lying"}, "120"))
    own = [{"codes": [{"system": "urn:local", "code": "BP", "display": name}]} for name in ("Systolic", "Diastolic")]
    assert key((own[0], "120"), (own[1], "80")) != key((own[0], "80"), (own[1], "120"))


@pytest.mark.parametrize("turn", [1, -1])
def test_a_booking_kept_on_one_day_and_made_for_another_is_shown_as_one_of_them_said(turn):
    kept, booked = BOOKED | {"status": "fulfilled", "end": "2026-12-01T10:20:00Z"}, BOOKED | {"start": "2026-12-08T10:00:00Z"}
    content, conflict = shown("appointment", *[kept, booked][::turn])
    assert (content["status"], content["start"], content["end"], conflict) == ("fulfilled", kept["start"], kept["end"], True)


@pytest.mark.parametrize(("one", "other", "of_one", "of_two"), [
    ({"vaccine": {"text": "Flu"}}, {"vaccine": {"text": "Influenza"}}, True, False),
    ({"vaccine": {"text": "Pneumovax"}}, {"vaccine": {"text": "PCV13"}}, True, True),
    ({"vaccine": {"text": "Comirnaty"}}, {"procedure": {"text": "COVID-19 vaccination (Vaxzevria)"}}, True, True),
    ({"vaccine": {"text": "Comirnaty"}}, {"vaccine": {"text": "Vaxzevria"}}, True, True),
    ({"vaccine": {"text": "Rabies"}, "dose_number": "1"}, {"vaccine": {"text": "Rabies"}, "dose_number": "2"}, True, False),
])
def test_two_vaccines_are_a_conflict_and_two_names_and_counts_of_two_sources_none(one, other, of_one, of_two):
    on = {"given": "2025-10-03"}
    for source, conflict in ((GP, of_one), (EPR, of_two)):
        [fact] = found(member("immunisation", 1, GP, **on, **one), member("immunisation", 2, source, **on, **other))
        assert fact.derived.conflict is conflict, source


@pytest.mark.parametrize("undone", ["not-done", "Abandoned"])
def test_what_is_done_where_no_status_is_stated_is_held_against_who_says_that_it_was_not(undone):
    content, conflict = shown("procedure", HIP, HIP | {"status": undone})
    assert (content["status"], conflict) == (undone, True)


def test_words_that_it_was_not_given_beside_a_status_that_it_was_are_a_conflict():
    declined = {"procedure": {"text": "Influenza vaccination declined"}, "given": "2025-10-03"}
    conflicts = [shown("immunisation", declined | said)[1] for said in ({"status": "completed"}, {}, {"status": "not-done"})]
    assert conflicts == [True, False, False]


def test_a_list_of_vaccinations_without_a_status_is_of_what_was_given():
    content, conflict = shown("immunisation", without(FLU, "status"), FLU | {"status": "not-done", "reason": {"text": "Declined"}})
    assert "status" not in content and "reason" not in content and conflict


def test_what_one_source_books_again_under_one_reference_is_an_appointment_of_its_own():
    missed, again = BOOKED | {"status": "noshow"}, BOOKED | {"start": "2026-12-15T09:00:00Z"}
    later_that_day = BOOKED | {"start": "2026-12-01T14:00:00Z", "status": "cancelled"}
    of_one = [member("appointment", n, EPR, **each) for n, each in enumerate((missed, again, later_that_day))]
    told = found(*of_one, member("appointment", 4, PAS, **again | {"start": "2026-12-15"}),
                 member("appointment", 5, GP, **BOOKED | {"start": "2026-12-01"}),
                 member("appointment", 6, RXC, **without(BOOKED, "start")))
    said = [(len(fact.members), canonical.decode(fact.content)) for fact in told]
    assert sorted((several, content.get("start", ""), content["status"]) for several, content in said) == [
        (1, "", "booked"), (1, "2026-12-01", "booked"), (1, missed["start"], "noshow"), (1, later_that_day["start"], "cancelled"),
        (2, again["start"], "booked")]
    assert not any(fact.derived.conflict for fact in told)


def test_what_one_source_cancelled_and_booked_anew_for_the_same_time_is_booked():
    [fact] = found(member("appointment", 1, EPR, "2026-08-01", **BOOKED | {"status": "cancelled"}),
                   member("appointment", 2, EPR, "2026-08-01", **BOOKED))
    assert canonical.decode(fact.content)["status"] == "booked"
    assert shown("appointment", BOOKED | {"status": "Cancelled"}, BOOKED)[0]["status"] == "Cancelled", "another's copy is late"


@pytest.mark.parametrize("turn", [1, -1])
def test_who_is_in_hospital_is_not_hidden_by_a_copy_that_was_cancelled(turn):
    stay, cancelled = VISIT | {"status": "in-progress"}, VISIT | {"status": "cancelled"}
    content, conflict = shown("encounter", *[stay, cancelled][::turn])
    assert (content["status"], conflict) == ("in-progress", True)
    attendance = VISIT | {"encounter_class": "emergency", "status": "finished", "end": "2026-08-01T12:00:00Z"}
    content, conflict = shown("encounter", *[stay, cancelled, attendance][::turn])
    assert (content["status"], content["encounter_class"], conflict) == ("in-progress", "inpatient", True) and "end" not in content
    content, _ = shown("encounter", *[VISIT, attendance][::turn])
    assert content["encounter_class"] == "inpatient" and "status" not in content and "end" not in content


def test_the_end_of_an_episode_does_not_end_the_stay_whose_next_one_goes_on():
    stay = {"visit_id": "V-1234", "encounter_class": "inpatient"}
    first = stay | {"start": "2026-08-01T08:00:00Z", "end": "2026-08-03T08:00:00Z", "status": "finished", "location": "AMU"}
    second = stay | {"start": "2026-08-03T08:00:00Z", "status": "in-progress", "location": "Renal ward"}
    home = second | {"status": "finished", "end": "2026-08-09T12:00:00Z"}

    def told(*records):
        [fact] = found(*(member("encounter", n, *each[:2], **each[2]) for n, each in enumerate(records)))
        content = canonical.decode(fact.content)
        return content["status"], content["start"], content.get("end"), content["location"], fact.derived.conflict

    coded_late = (EPR, "2026-08-20", first)
    assert told(coded_late, (EPR, "2026-08-03", second)) == ("in-progress", first["start"], None, "Renal ward", False)
    assert told(coded_late, (EPR, "2026-08-09", home)) == ("finished", first["start"], home["end"], "Renal ward", False)
    spell = (PAS, "2026-08-09", home | {"start": first["start"]})
    assert told(coded_late, (EPR, "2026-08-03", second), spell)[:3] == ("finished", first["start"], home["end"]), "the other feed is late"
    never_closed = (EPR, "2026-08-10", first | {"status": "in-progress"})
    assert told(never_closed, (EPR, "2026-08-09", home))[0] == "finished", "an earlier one that nobody closed"


def test_two_clinics_of_one_minute_are_two_visits_where_one_source_tells_of_both():
    clinic = {"encounter_class": "outpatient", "start": "2026-08-01T09:00:00Z", "status": "finished"}
    renal, diet = clinic | {"specialty": "Renal"}, clinic | {"specialty": "Dietetics", "status": "cancelled"}
    two = [member("encounter", 1, EPR, **renal), member("encounter", 2, EPR, **diet)]
    assert len(found(*two, member("encounter", 3, PAS, **renal | {"specialty": "renal."}))) == 2
    [fact] = found(*two, member("encounter", 3, PAS, **clinic))
    assert fact.derived.conflict, "that may be of either"
    [fact] = found(*(member("encounter", n, EPR, **clinic, visit_id="V-1234", specialty=each) for n, each in enumerate(("Renal", "Diet"))))
    assert not fact.derived.conflict, "a stay in two"
    [fact] = found(*copies("encounter", renal, renal | {"specialty": "Nephrology"}))
    assert not fact.derived.conflict, "two names of two sources"


def test_what_one_source_did_twice_in_a_day_is_two_procedures():
    done = {"code": snomed("182531007", "Dressing of wound"), "status": "completed"}
    morning, evening = (done | {"performed": f"2026-08-01T{hour}:00:00Z"} for hour in ("08", "18"))
    two = [member("procedure", 1, EPR, **morning), member("procedure", 2, EPR, **evening)]
    assert len(found(*two)) == 2
    [fact] = found(*two, member("procedure", 3, GP, **done | {"performed": "2026-08-01"}))
    assert fact.derived.conflict, "that may be of either"
    [fact] = found(two[0], member("procedure", 2, EPR, **evening | {"status": "planned"}))
    assert canonical.decode(fact.content)["status"] == "completed", "one that was planned for another hour"
    sides = [member("procedure", n, EPR, **HIP | {"code": HIP["code"] | {"text": text}}) for n, text in enumerate(("Left", "Right"))]
    assert len(found(*sides)) == 2


@pytest.mark.parametrize("turn", [1, -1])
def test_a_referral_that_was_upgraded_stays_so_and_one_that_is_completed_is(turn):
    said = [{"status": "completed", "priority": "Two week wait"}, {"status": "active", "priority": "routine"}, {"priority": "soon"}]
    content, conflict = shown("referral", *[REFERRED | each for each in said][::turn])
    assert (content["status"], content["priority"], conflict) == ("completed", "Two week wait", False)
    assert shown("referral", *[REFERRED | {"priority": "routine"}, REFERRED | {"priority": "soon"}][::turn])[0]["priority"] == "soon"


@pytest.mark.parametrize("turn", [1, -1])
def test_a_document_that_stands_is_not_shown_as_a_draft_nor_as_superseded(turn):
    for other in ("preliminary", "superseded"):
        content, conflict = shown("document", *[LETTER | {"status": "final"}, LETTER | {"status": other}][::turn])
        assert (content["status"], conflict) == ("final", other == "superseded")
    [fact] = found(*(member("document", n, EPR, **LETTER | {"status": status}) for n, status in enumerate(("superseded", "final"))))
    assert not fact.derived.conflict, "a version of its own that another took the place of"


def test_two_documents_of_one_source_under_one_number_are_two_and_two_titles_of_two_sources_one():
    stay = {"document_id": "RXA-2026-0001234", "created": "2026-08-20"}
    letters = [stay | {"title": title} for title in ("Discharge summary", "Nursing handover")]
    two = [member("document", n, EPR, **each) for n, each in enumerate(letters)]
    assert len(found(*two, member("document", 3, GP, **letters[0]))) == 2
    assert len(found(*two, member("document", 3, GP, **stay))) == 1, "that may be of either"
    assert len(found(*copies("document", *letters))) == 1


@pytest.mark.parametrize(("kind", "content", "over", "going"), [
    ("careplan", PLAN, "revoked", "active"), ("referral", REFERRED, "completed", "active"), ("referral", REFERRED, "revoked", "active"),
    ("appointment", BOOKED, "cancelled", "booked"),
])
def test_what_one_source_ended_and_took_up_again_goes_on(kind, content, over, going):
    for turn in (1, -1):
        [fact] = found(*(member(kind, n, EPR, **content | {"status": status}) for n, status in enumerate([over, going][::turn])))
        assert canonical.decode(fact.content)["status"] == going


@pytest.mark.parametrize("turn", [1, -1])
def test_a_plan_that_goes_on_is_not_given_the_end_of_one_that_is_over(turn):
    over, going = PLAN | {"status": "revoked", "end": "2026-08-01"}, PLAN | {"status": "active"}
    content, conflict = shown("careplan", *[over, going][::turn])
    assert conflict and (content["status"] == "active") == (turn == 1) == ("end" not in content)


@pytest.mark.parametrize("turn", [1, -1])
def test_the_end_of_an_attendance_does_not_end_the_stay_under_its_number(turn):
    attendance = VISIT | {"encounter_class": "emergency", "status": "finished", "end": "2026-08-01T12:00:00Z", "outcome": "Admitted"}
    stay = VISIT | {"start": "2026-08-01T12:00:00Z", "status": "in-progress"}
    content, _ = shown("encounter", *[attendance, stay][::turn])
    assert (content["encounter_class"], content["status"]) == ("inpatient", "in-progress") and "end" not in content
    content, _ = shown("encounter", *[attendance, stay | {"status": "planned"}][::turn])
    assert content["status"] == "finished", "a stay that is only planned does not hide the attendance"
    content, _ = shown("encounter", *[attendance, stay, stay | {"status": "finished", "end": "2026-08-09"}][::turn])
    assert content["status"] == "finished"


@pytest.mark.parametrize(("kind", "said", "status"), [
    ("encounter", [VISIT | {"status": "finished"}, VISIT | {"status": "cancelled"}], "finished"),
    ("appointment", [BOOKED, BOOKED | {"start": "2026-12-08T10:00:00Z"}], "booked"),
    ("appointment", [BOOKED | {"status": "cancelled"}, BOOKED | {"status": "fulfilled"}], "fulfilled"),
    ("procedure", [HIP | {"status": "not-done"}, HIP | {"status": "completed"}], "completed"),
    ("procedure", [HIP | {"performed": "2026-08-01T09:00Z", "status": "completed"}, HIP | {"performed": "2026-08-01T15:00Z"}], "completed"),
    ("procedure", [HIP | {"code": HIP["code"] | {"text": text}, "status": "completed"} for text in ("Hip replaced, left", "(R) hip")],
     "completed"),
    ("immunisation", [FLU, FLU | {"status": "not-done", "reason": {"text": "Declined"}}], "completed"),
    ("immunisation", [FLU | {"batch": "AB1"}, FLU | {"batch": "AB2"}], "completed"),
    ("immunisation", [FLU, FLU | {"status": "Declined"}], "completed"),
    ("procedure", [HIP | {"status": "stopped"}, HIP | {"status": "completed"}], "completed"),
    ("procedure", [HIP | {"status": "Abandoned"}, HIP | {"status": "completed"}], "completed"),
    ("procedure", [HIP | {"status": "cancelled"}, HIP | {"status": "completed"}], "completed"),
    ("referral", [REFERRED | {"status": "revoked"}, REFERRED | {"status": "active"}], "active"),
    ("observation", [PULSE | {"status": "final"}, PULSE | {"status": "cancelled"}], "cancelled"),
    ("flag", [ALERT, ALERT | {"status": "inactive"}], "active"),
])
def test_a_conflict_keeps_both_sides(kind, said, status):
    [fact] = found(*copies(kind, *said))
    assert fact.derived.conflict and canonical.decode(fact.content)["status"] == status
    assert any(behind.lost for behind in provenance(fact)), "the side that is not shown"


@pytest.mark.parametrize(("kind", "said"), [
    ("encounter", [VISIT | {"status": "planned"}, VISIT | {"status": "cancelled"}]),
    ("appointment", [BOOKED, BOOKED | {"start": "2026-12-01", "status": "arrived"}]),
    ("procedure", [HIP | {"status": "planned"}, HIP | {"performed": "2026-08-01T09:00:00Z", "status": "completed"}]),
    ("procedure", [HIP | {"status": "planned"}, HIP | {"status": "cancelled"}]),
    ("immunisation", [FLU | {"batch": "ab1"}, FLU | {"batch": "AB1"}, without(FLU, "status")]),
    ("flag", [ALERT, without(ALERT, "status")]),
])
def test_no_conflict(kind, said):
    assert shown(kind, *said)[1] is False


def test_an_alert_that_one_holds_active_is_active_with_all_their_notes():
    content, conflict = shown("flag", ALERT | {"note": "Visit in pairs"}, {"code": {"text": "Risk to staff"}, "status": "inactive",
                                                                         "end": "2026-07-30", "note": "Closed"}, ALERT | {"note": "Dog"})
    assert (content["status"], content["note"], conflict) == ("active", "Dog\nVisit in pairs", True)
    assert "end" not in content, "of another's alert that is over"


def test_an_alert_is_named_and_filed_as_those_who_hold_it_active_have_it():
    resus = snomed("450476008", "DNACPR")
    content, conflict = shown("flag", {"code": resus, "status": "active", "category": "resuscitation"},
                              {"code": resus | {"text": "DNACPR revoked"}, "status": "inactive", "category": "admin"},
                              {"code": resus | {"text": "Not for CPR"}, "category": "safeguarding, resuscitation", "note": "Form at home"})
    assert (content["code"]["text"], content["category"], content["note"]) == (
        "DNACPR", "resuscitation, safeguarding", "Not for CPR\nForm at home") and conflict


def test_two_warnings_of_one_source_under_one_code_are_both_shown_in_conflict():
    bites, dog = ({"code": snomed("713634000", text), "status": "active"} for text in ("Bites", "Dog at home"))
    [fact] = found(member("flag", 1, EPR, "2026-08-02", **bites), member("flag", 2, EPR, "2026-08-01", **dog))
    content = canonical.decode(fact.content)
    assert (content["code"]["text"], content["note"], fact.derived.conflict) == ("Bites", "Dog at home", True)
    [fact] = found(member("flag", 1, EPR, **bites), member("flag", 2, EPR, **bites | {"code": snomed("713634000", "bites!")}))
    assert "note" not in canonical.decode(fact.content) and not fact.derived.conflict


@pytest.mark.parametrize("over", ["ended", "stopped", "cancelled", "Inactive", "completed", "Revoked", "closed", "no longer active"])
def test_no_newer_word_for_over_hides_an_active_alert(over):
    content, conflict = shown("flag", ALERT, ALERT | {"status": over, "end": "2026-07-30"})
    assert (content["status"], conflict) == ("active", True) and "end" not in content
    content, _ = shown("flag", ALERT, ALERT | {"status": "under review"})
    assert content["status"] == "active"


def test_an_alert_ends_where_all_who_hold_it_active_say_so_and_then_with_the_last():
    assert "end" not in shown("flag", ALERT, ALERT | {"end": "2026-07-30"})[0]
    assert shown("flag", ALERT | {"end": "2027"}, ALERT | {"end": "2026-07-30"})[0]["end"] == "2027"


def test_what_one_source_ended_and_raised_again_is_no_conflict():
    [fact] = found(member("flag", 1, EPR, "2020-01-01", **ALERT | {"status": "inactive"}), member("flag", 2, EPR, "2026-01-01", **ALERT))
    assert not fact.derived.conflict and canonical.decode(fact.content)["status"] == "active"


PRODUCT = "Influenza vaccine (split virion, inactivated) suspension for injection 0.5ml pre-filled syringes (Pfizer Ltd)"


@pytest.mark.parametrize(("content", "against"), [
    ({"procedure": snomed("822851000000102")}, "influenza"),
    ({"vaccine": {"codes": [{"system": DMD, "code": "1", "display": PRODUCT}]}}, "influenza"),
    ({"vaccine": {"text": "Hepatitis A vaccine"}}, "hepatitis a"),
    ({"vaccine": {"text": "Second dose of MMR vaccine"}}, "measles, mumps and rubella"),
    ({"procedure": {"text": "Administration of second dose of SARS-CoV-2 vaccine"}}, "covid-19"),
    ({"procedure": {"text": "Hepatitis A and B vaccination"}}, "hepatitis a and b"),
    ({"procedure": {"text": "Meningitis B vaccination"}}, "meningococcal b"),
    ({"procedure": {"text": "See notes"}, "vaccine": {"text": "Shingrix"}}, "shingles"),
    ({"vaccine": {"text": "DTaP/IPV vaccine"}}, "four in one"),
    ({"vaccine": {"text": "Anthrax vaccine"}}, "words anthrax vaccine"),
    ({"vaccine": {"text": "Hepatitis vaccine"}}, "words hepatitis vaccine"),
    ({}, None),
])
def test_what_a_vaccination_protects_against(content, against):
    assert protects_against(content, builtin()) == against


def test_a_vaccine_without_words_is_known_by_its_name_in_the_terminology():
    class Known(NoTerms):
        def current(self, concept: dict[str, Any]) -> str | None:
            return "1"

        def name(self, code: str) -> str | None:
            return {"1": "Influenza vaccine"}.get(code)

    coded = {"codes": [{"system": DMD, "code": "1"}]}
    assert protects_against({"vaccine": coded}, Known()) == "influenza"
    assert protects_against({"vaccine": coded}, NoTerms()) != "influenza"


@pytest.mark.parametrize(("said", "read"), [
    (" v 12 34", "V1234"), ("123", None), ("", None), (None, None), (1234, None), ("7/1/12", "7/1/12"), ("1211", "1211"), ("1111", None),
    ("Unknown", None), ("0000-0000", None), ("9999999999", None), ("{00000000-0000-0000-0000-000000000000}", None), ("N/A", None),
])
def test_identifiers(said, read):
    assert identifier(said) == read


@pytest.mark.parametrize(("said", "on", "at"), [
    ("2026-08-01", "2026-08-01", None), ("2026-08-01T00:00:00Z", "2026-08-01", None), ("2026-08", None, None), ("soon", None, None),
    ("Thursday", None, None),
    ("2026-08-01T00:30:00+01:00", "2026-08-01", "2026-07-31T23:30Z"), ("2026-08-01T09:15:59.25Z", "2026-08-01", "2026-08-01T09:15Z"),
    ("2026-08-01T09:15:00", "2026-08-01", "2026-08-01T09:15"), (None, None, None),
    ("2026-07-31T23:00:00Z", "2026-08-01", "2026-07-31T23:00Z"), ("2026-12-31T23:00:00Z", "2026-12-31", "2026-12-31T23:00Z"),
])
def test_days_and_minutes(said, on, at):
    assert (day(said), minute(said)) == (on, at)


def test_a_text_is_one_however_its_lines_are_broken():
    assert digest("a, b\n c.") == digest("a\nb\nc") != digest("a b c") and len(digest("a")) == 16
    assert digest(" ") is None and digest(None) is None


CASES = [("encounter", VISIT | {"location": "AMU", "status": "finished", "end": "2026-08-03"}),
         ("encounter", without(VISIT, "visit_id") | {"specialty": "Renal"}), ("appointment", BOOKED), ("document", LETTER),
         ("document", SECTION), ("procedure", HIP | {"status": "completed"}), ("immunisation", FLU), ("flag", ALERT | {"note": "Dog"}),
         ("referral", REFERRED | {"status": "active"}), ("careplan", PLAN | {"status": "active"}), ("observation", PULSE)]
CHANGES = {"status": ["active", "inactive", "finished", "planned", "cancelled", "completed", "not-done", "booked", "fulfilled"],
           "note": ["Dog", "Visit in pairs"], "start": ["2026-08-01T08:00:00Z", "2026-08-02", "2026"], "batch": ["A1", "A2"],
           "specialty": ["Renal", "Diet"], "performed": ["2026-08-01T08:00:00Z", "2026-08-01T18:00:00Z"], "title": ["Letter", "Plan"],
           "end": ["2026-08-02", "2026-08-03T09:00:00Z"], "location": ["Renal ward"], "dose_number": ["1", "2"]}


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.parametrize(("kind", "content"), CASES)
def test_neither_order_nor_copies_make_a_difference(kind, content, data):
    members = []
    for n in range(data.draw(st.integers(2, 5))):
        changed = [name for name in CHANGES if name in content and data.draw(st.booleans())]
        changes = {name: data.draw(st.sampled_from(CHANGES[name])) for name in changed}
        source, recorded = data.draw(st.sampled_from([GP, EPR, PAS])), data.draw(st.sampled_from([None, "2026-08-01", "2026-08-02"]))
        members.append(member(kind, n, source, recorded, **content | changes))

    def entries() -> list[Any]:
        random.shuffle(members)
        return sorted((fact.fact, fact.content, fact.derived.conflict, sorted(fact.derived.rules.items())) for fact in found(*members))

    first = entries()
    assert all(entries() == first for _ in range(3))
    assert sum(len(fact.members) for fact in found(*members)) == len(members), "nobody's word is lost"
