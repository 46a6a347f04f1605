"""What says the same in other words, and what does not: kind by kind, field by field."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mainstem import kinds
from mainstem.kinds.same import comparisons, differing, line, moment, person, prose

SNOMED, DMD, LOCAL = "http://snomed.info/sct", "https://dmd.nhs.uk", "urn:mainstem:codes:RXA/epr"


def concept(*codes: str, text: str | None = None, display: str | None = "x", system: str = SNOMED) -> dict:
    found = {"codes": [{"system": system, "code": code} | ({"display": display} if display else {}) for code in codes]}
    return {**found, "text": text} if text else found


def named(name: str, code: str, system: str) -> dict:
    """As a mapping gives it that reads display and text from one column."""
    return concept(code, text=name, display=name, system=system)


SAME = [
    ("allergy", "note", "Minor - First - seen, twice", "Minor\nFirst\nseen\ntwice"),
    ("allergy", "note", "it\u2019s\u00a0mild.", "it's mild"),
    ("allergy", "note", "Mode:Written\nPurpose:Unknown\nas agreed", "Purpose:Unknown, as agreed, Mode:Written."),
    ("allergy", "note", "seen\r\ntwice", "seen\ntwice"), ("allergy", "note", "seen\rtwice", "seen\ntwice"),
    ("allergy", "category", "food, medication", "medication, food"),
    ("allergy", "agent", concept("91936005", display="Penicillin allergy"), concept("91936005", display="Allergy to penicillin")),
    ("allergy", "agent", concept("1", "2"), concept("2", "1")),
    ("allergy", "agent", concept("1", display="Old name"), concept("1", display="New name", system=f"{SNOMED}/")),
    ("allergy", "agent", *({"codes": [concept("1", display="Rash")["codes"][0], concept("2", display=name)["codes"][0]], "text": text}
                           for name, text in (("Hives", "Rash"), ("Weals", "Weals")))),
    ("allergy", "agent", concept("1", display="Old name"), concept("1", display="New name", text="Old name")),
    ("allergy", "agent", concept("OTHER", display="Penicillin", system=LOCAL), named("Penicillin", "OTHER", LOCAL)),
    ("allergy", "agent", concept("OTHER", display=None, text="Penicillin", system=LOCAL), named("Penicillin", "OTHER", LOCAL)),
    ("medicine", "product", named("Amoxicillin 500mg caps", "1", DMD), concept("1", display="Amoxicillin 500mg capsules", system=DMD)),
    ("medicine", "product", *({"codes": [named(name, "NETA", LOCAL)["codes"][0], named(name, "1", SNOMED)["codes"][0]]}
                              for name in ("Neoclarityn (MSD)", "Neoclarityn (Organon)"))),
    ("allergy", "reactions", [{"manifestation": named("Rash", "OTHER", LOCAL)}],
     [{"manifestation": concept("OTHER", display=None, text="Rash", system=LOCAL)}]),
    ("allergy", "reactions", [{"manifestation": concept("1", display="Rash")}], [{"manifestation": named("Rash", "1", SNOMED)}]),
    ("allergy", "reactions", [{"manifestation": concept("1", display="Old name")}], [{"manifestation": concept("1", display="New name")}]),
    ("allergy", "reactions", [{"manifestation": concept("1", display="Old name")}, {"manifestation": concept("2")}],
     [{"manifestation": concept("2")}, {"manifestation": concept("1", display="New name", text="Old name")}]),
    ("allergy", "reactions", *([{"manifestation": concept(*first), "severity": "mild"},
                                {"manifestation": concept(*second), "severity": "severe"}]
                               for first, second in ((("1", "3"), ("3", "1")), (("3", "1"), ("1", "3"))))),
    ("allergy", "reactions", *([{"manifestation": concept(*codes)}, {"manifestation": concept("2")}]
                               for codes in (("1", "3"), ("3", "1")))),
    ("observation", "components", [{"code": concept("1", display="Old name"), "value": {"value": "80.0"}}, {"code": concept("2")}],
     [{"code": concept("2")}, {"code": concept("1", display="New name"), "value": {"value": "80"}}]),
    ("allergy", "reactions", [{"severity": "mild"}, {"severity": "severe"}], [{"severity": "severe"}, {"severity": "mild"}]),
    ("problem", "abatement", "2012-05-17T00:00:00+01:00", "2012-05-17"),
    ("problem", "onset", "2012-05-17T09:00:00+01:00", "2012-05-17T08:00:00.000Z"),
    ("problem", "abatement", "2012-05-17T00:00:00+01:00", "2012-05-16T23:00:00Z"),
    ("problem", "related", ["Observation/1", "Observation/2"], ["Observation/2", "Observation/1"]),
    ("medicine", "dose", "ONE  daily", "ONE daily."),
    ("referral", "note", "Due 2015-10-12T14:12:00+01:00\nDiary", "Due 2015-10-12T13:12:00.000Z\nDiary"),
    ("referral", "note", "Due 2015-10-12", "Due 2015-10-12T00:00:00+01:00"),
    ("referral", "recipient", "Dr One, Cardiology", "CARDIOLOGY, Dr One"),
    ("referral", "recipient", "Unknown., Cardiology", "Cardiology"),
    ("encounter", "location", "High Street Surgery", "HIGH STREET SURGERY"),
    ("document", "title", "Seen - by the nurse", "Seen\nby the nurse"),
    ("observation", "value_text", "at 2021-07-11T12:01:05+01:00", "at 2021-07-11T11:01:05Z"),
    ("medicine", "quantity", {"value": "28.0", "unit": "tablets"}, {"value": "28", "unit": "tablet"}),
    ("medicine", "quantity", {"value": "2", "unit": "puffs"}, {"value": "2", "unit": "puff"}),
    ("medicine", "supply", {"value": "28", "unit": "days"}, {"value": "28", "unit": "d"}),
    ("result", "value", {"value": "4.1", "unit": "10*9/L"}, {"value": "4.10", "unit": "x10^9/l"}),
    *(("result", "value", {"value": "5", "unit": one}, {"value": "5", "unit": other}) for one, other in (
        ("10**9/L", "10e9/L"), ("\u00b5mol/L", "umol/L"), ("\u03bcg", "mcg"), ("beats per minute", "beats/min"), ("mg / L", "mg/L"),
        ("mL/min/1.73m^2", "ml/min/1.73m2"), ("mL/min/1.73m\u00b2", "ml/min/1.73m2"))),
    ("observation", "performer", "Dr Unknown", "Dr"),
    ("observation", "performer", None, "Unknown"),
    ("patient", "postcode", "LS1 4AP", "ls14ap"),
    ("patient", "telecom", ["0113 300 0000", "a@b.uk"], ["A@B.uk", "01133000000"]),
]
OTHER = [
    ("allergy", "note", "No, penicillin allergy", "No penicillin allergy"),
    ("allergy", "note", "not severe", "severe"),
    ("allergy", "note", "worse", None),
    ("allergy", "note", "5-10 minutes", "5\n10 minutes"),
    ("allergy", "note", "Left:\n5cm\nRight:\n3cm", "Left:\n3cm\nRight:\n5cm"),
    ("allergy", "note", "penicillin stopped\naspirin started", "aspirin started\npenicillin stopped"),
    ("allergy", "note", "at 2021-07-11T12:01:05+01:00", "at 2021-07-11T12:01:05Z"),
    ("allergy", "category", "food", "food, medication"),
    ("medicine", "supply", {"value": "28", "unit": "days"}, {"value": "28", "unit": "weeks"}),
    ("medicine", "dose", "0.5", "05"),
    ("referral", "recipient", "Dr One, Cardiology", "Dr One, Neurology"),
    ("allergy", "agent", concept("1"), None), ("allergy", "agent", concept("1"), concept("2")),
    ("allergy", "agent", concept("1"), concept("1", "2")),
    ("allergy", "agent", concept("1", text="to codeine"), concept("1", text="to aspirin")),
    ("allergy", "agent", concept("1", display="Drug allergy"), concept("1", display="Drug allergy", text="to codeine")),
    ("allergy", "agent", {"text": "codeine"}, {"text": "aspirin"}),
    ("allergy", "agent", named("Penicillin", "OTHER", LOCAL), named("Erythromycin", "OTHER", LOCAL)),
    ("allergy", "agent", *(concept("OTHER", display=name, system=LOCAL) for name in ("Penicillin", "Erythromycin"))),
    ("allergy", "agent", *(concept("OTHER", display=name, text="See notes", system=LOCAL) for name in ("Penicillin", "Erythromycin"))),
    ("allergy", "agent", *(concept("OTHER", display=name, system=LOCAL) for name in ("Penicillin", None))),
    ("allergy", "reactions", *([{"manifestation": named(name, "OTHER", LOCAL)}] for name in ("Rash", "Anaphylaxis"))),
    ("allergy", "reactions", *([{"manifestation": named(name, "1", SNOMED)}] for name in ("Rash", "Anaphylaxis"))),
    ("allergy", "reactions", [{"manifestation": concept("1", "2")}], [{"manifestation": concept("1")}, {"manifestation": concept("2")}]),
    ("allergy", "reactions", *([{"manifestation": concept(code), "severity": severity} for code, severity in said]
                               for said in ((("1", "mild"), ("2", "severe")), (("1", "severe"), ("2", "mild"))))),
    ("observation", "components", *([{"code": named(name, "1", SNOMED), "value_text": "80"}] for name in ("Systolic", "Diastolic"))),
    ("observation", "components", *([{"code": concept("1"), "value": {"value": "80"}}, {"code": concept("2"), "value": {"value": value}}]
                                    for value in ("60", "61"))),
    ("allergy", "reactions", [{"manifestation": 1}], [{"manifestation": 2}]),
    ("medicine", "product", *(named(f"Methotrexate {strength} tablets", "387381009", DMD) for strength in ("2.5mg", "10mg"))),
    ("medicine", "product", *({"codes": [named(name, "OTHER", LOCAL)["codes"][0], named("Drug", "1", SNOMED)["codes"][0]]}
                              for name in ("Neoclarityn", "Nasonex"))),
    ("problem", "code", named("No cancer", "X1", LOCAL), named("Cancer", "X1", LOCAL)),
    ("allergy", "clinical_status", "active", "resolved"),
    ("problem", "onset", "2012-05-17", "2012-05"),
    ("problem", "onset", "2012-05-17T00:00:00+01:00", "2012-05-17T23:00:00Z"),
    ("problem", "onset", "2012-05-17", "2012-05-16T23:00:00Z"),
    ("problem", "onset", "2012-05-17", "2012-05-17T10:00:00Z"),
    ("problem", "onset", "2012-05-17T10:00:00", "2012-05-17T10:00:00Z"),
    ("medicine", "dose", "1 - 2 daily", "1, 2 daily"),
    ("medicine", "prescriber", "Dr One", "Dr Other"),
    ("medicine", "dose_quantity", {"value": "5", "unit": "mg"}, {"value": "5", "unit": "ug"}),
    ("result", "value", {"value": "5"}, {"value": "5", "comparator": "<"}),
    ("result", "value", {"value": "5"}, {"value": "50"}),
    *(("result", "value", {"value": "5", "unit": one}, {"value": "5", "unit": other}) for one, other in (
        ("10^9/L", "10^6/L"), ("mmol/L", "umol/L"), ("mg/L", "mg/dL"), ("m2", "m3"), ("U", None))),
    ("observation", "components", [{"code": {"text": "a"}, "value_text": "x"}], [{"code": {"text": "a"}, "value_text": "y"}]),
    ("observation", "components", None, [{"code": {"text": "a"}}]),
    ("patient", "nhs_number", "9990000018", "9990000026"),
]


@pytest.mark.parametrize(("kind", "field", "before", "after"), SAME)
def test_the_same_in_other_words(kind, field, before, after):
    assert not _differs(kind, field, before, after)
    assert not _differs(kind, field, after, before)


@pytest.mark.parametrize(("kind", "field", "before", "after"), OTHER)
def test_another_meaning(kind, field, before, after):
    assert _differs(kind, field, before, after)
    assert _differs(kind, field, after, before)


@pytest.mark.parametrize("kind", kinds.ALL, ids=lambda kind: kind.name)
def test_every_field_has_a_comparison_and_none_is_of_a_field_that_is_not(kind):
    fields = set(kind.Content.__struct_fields__)
    assert comparisons(kind).keys() == fields
    assert kind.compared.keys() <= fields


_names = st.sampled_from([None, "Rash", "Wheeze"])
_reactions = st.lists(st.builds(
    lambda code, system, display, text: {"manifestation": concept(code, display=display, text=text, system=system)},
    st.sampled_from("12"), st.sampled_from([SNOMED, LOCAL]), _names, _names), max_size=4)


@given(_reactions, _reactions, st.randoms(use_true_random=False))
def test_the_order_of_a_list_says_nothing_and_either_side_sees_the_change(one, other, rng):
    mixed = [*one]
    rng.shuffle(mixed)
    assert not differing(kinds.BY_NAME["allergy"], {"reactions": one}, {"reactions": mixed})
    assert _differs("allergy", "reactions", one, other) is _differs("allergy", "reactions", other, mixed)


@given(st.text())
@example("0\rT")
def test_forms_are_forms_of_themselves(text):
    for form in (line, prose):
        assert form(form(text)) == form(text)
    assert person(person(text) or "") == person(text)
    assert moment(moment(text)) == moment(text)


def _differs(kind: str, field: str, before, after) -> bool:
    contents = ({field: value} if value is not None else {} for value in (before, after))
    return differing(kinds.BY_NAME[kind], *contents) == (field,)
