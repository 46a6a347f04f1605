"""The practice's telling: a source patient and their truths as rows of `gp`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from seeds.catalogue import NO_KNOWN_ALLERGY
from seeds.life import model
from seeds.life.model import When
from seeds.registration import Registration
from seeds.rows import Making, Row, RowIds
from seeds.telling import Telling
from seeds.wording import dosage, otherwise

_TRACED = {"01": "verified", "05": "conflict"}


def patient(known: Registration, wording: str) -> Row:
    person = known.person
    lines = "\n".join(line for line in person.address[:3] if line)
    traced = _TRACED.get(known.status, "untraced") if known.number else "none"
    return Row("gp.registration", {
        "patient_no": int(known.patient), "nhs_no": known.number, "nhs_no_traced": traced,
        "surname": known.family.upper() if wording == "plain" else known.family, "forenames": " ".join(known.given),
        "known_as": known.given[-1] if person.index % 5 == 0 else None, "prefix": person.title, "dob": person.born,
        "sex": {"F": "female", "M": "male"}[person.sex], "address": lines, "postcode": person.address[3], "home_phone": None,
        "mobile": person.phone, "email": person.email, "usual_gp": "Dr B Linden", "registered_date": max(person.born, date(2010, 4, 1)),
        "deducted_date": None, "status": "D" if person.died else "R", "death_date": person.died, "shared_record": person.index % 40 != 11,
        "deleted": 1 if known.merged_into else 0, "deleted_reason": "duplicate" if known.merged_into else None})


def rows(telling: Telling, ids: RowIds, wording: str) -> Iterator[Row]:
    who = {"patient_no": int(telling.registration.patient)}
    yield from MAKERS[type(telling.truth)](Making(ids, who, telling.coding, wording), telling.truth)


def _allergy(at: Making, truth: model.Allergy) -> Iterator[Row]:
    code: str | None
    scheme: str | None
    term: str | None
    if truth.allergen is None:
        code, scheme, term, type_ = NO_KNOWN_ALLERGY.code, "SNOMED", NO_KNOWN_ALLERGY.term, "none known"
    else:
        agent = truth.allergen
        local = agent.emis_code or f"LOC{agent.community_code}"
        code, scheme, term = at.coded((agent.finding, "SNOMED", agent.finding_term), (local, "LOCAL", agent.finding_term),
                                      (None, "TEXT", f"allergic to {agent.name.lower()}"))
        type_ = "drug" if agent.category == "DRUG" else "non-drug"
    yield Row("gp.allergy", at.who | {
        "allergy_guid": at.ids.guid(), "code": code, "code_scheme": scheme, "term": term, "allergy_type": type_,
        "reaction": truth.reaction and truth.reaction.term, "severity": truth.severity if truth.allergen else None,
        "certainty": "certain" if truth.allergen else None, "status": "Active" if truth.status == "active" else "Ended",
        "onset_date": truth.onset.exact, "onset_text": _partial(truth.onset), "entered_date": _later(truth.onset, 2)})


def _medication(at: Making, truth: model.Course) -> Iterator[Row]:
    medicine, guid = truth.medicine, at.ids.guid()
    code, scheme = at.coded((medicine.code, "DMD"), (medicine.emis_code, "LOCAL"), (None, "TEXT"))
    days = 28 if medicine.course == "R" else 7
    until = truth.end or model.AS_OF
    issued = [truth.start.day + timedelta(days=days * number) for number in range(3 if medicine.course == "R" else 1)]
    issued = [day for day in issued if day <= until]
    unit = medicine.unit_form
    yield Row("gp.medication", at.who | {
        "medication_guid": guid, "code": code, "code_scheme": scheme, "drug_name": medicine.name, "dosage": dosage(truth, at.wording),
        "quantity": Decimal(days), "quantity_unit": unit, "course_type": medicine.course, "status": "Past" if truth.end else "Current",
        "authorised_date": truth.start.exact, "authorised_text": _partial(truth.start),
        "last_issued_date": issued[-1] if issued else None, "ended_date": truth.end,
        "stop_reason": "No longer needed" if truth.end else None, "prescriber": "Dr B Linden", "entered_date": truth.start.day})
    for day in issued:
        yield Row("gp.medication_issue", at.who | {
            "issue_guid": at.ids.guid(), "medication_guid": guid, "issued_date": day, "quantity": Decimal(days), "quantity_unit": unit,
            "days_supply": days})


def _problem(at: Making, truth: model.Condition) -> Iterator[Row]:
    problem = truth.problem
    code, scheme = at.coded((problem.code, "SNOMED"), (problem.emis_code, "LOCAL"), (None, "TEXT"))
    yield Row("gp.problem", at.who | {
        "problem_guid": at.ids.guid(), "code": code, "code_scheme": scheme, "term": problem.term,
        "status": "Past" if truth.ended else "Active", "significance": "Significant" if truth.significant else "Minor",
        "onset_date": truth.onset.exact, "onset_text": _partial(truth.onset), "ended_date": truth.ended,
        "entered_date": _later(truth.onset, 5)})


def _result(at: Making, truth: model.Result) -> Iterator[Row]:
    test = truth.test
    code, scheme = (test.code, "SNOMED") if at.coding == "national" else (f"LOC{test.local_code}", "LOCAL")
    abnormal = "high" if truth.value > test.high else "low" if truth.value < test.low else None
    yield Row("gp.test_result", at.who | {
        "result_guid": at.ids.guid(), "lab_ref": truth.order, "panel_term": truth.panel.name, "code": code, "code_scheme": scheme,
        "term": test.term, "value": f"{truth.value:g}", "unit": otherwise(test.unit, test.said_unit, at.wording),
        "range_low": f"{test.low:g}", "range_high": f"{test.high:g}",
        "abnormal": abnormal, "status": "corrected" if truth.preliminary is not None else "final", "taken_date": truth.taken.exact,
        "taken_text": _partial(truth.taken), "received_date": _later(truth.taken, 2)})


def _consultation(at: Making, truth: model.Consultation) -> Iterator[Row]:
    yield Row("gp.consultation", at.who | {
        "consultation_guid": at.ids.guid(), "consultation_date": truth.on.exact, "date_text": _partial(truth.on),
        "consultation_type": truth.type_, "reason_code": truth.reason.code, "reason_term": truth.reason.term,
        "clinician": truth.clinician, "note": "Seen and advised.", "entered_date": truth.on.day})


def _immunisation(at: Making, truth: model.Vaccination) -> Iterator[Row]:
    vaccine = truth.vaccine
    product = bool(vaccine.product) and at.wording == "terse"
    national = (vaccine.product, "DMD", vaccine.product_term) if product else (vaccine.procedure, "SNOMED", vaccine.term)
    code, scheme, term = at.coded(national, (vaccine.emis_code, "LOCAL", vaccine.term), (None, "TEXT", vaccine.term))
    yield Row("gp.immunisation", at.who | {
        "immunisation_guid": at.ids.guid(), "code": code, "code_scheme": scheme, "term": term, "dose_no": 1,
        "batch": None if truth.declined else f"B{truth.given.day:%y%m}", "site": None if truth.declined else "Left upper arm",
        "status": "declined" if truth.declined else "given", "reason": "Declined" if truth.declined else None,
        "given_date": truth.given.exact, "given_text": _partial(truth.given), "entered_date": _later(truth.given, 1)})


def _observation(at: Making, truth: model.Measurement) -> Iterator[Row]:
    yield Row("gp.observation", at.who | {
        "observation_guid": at.ids.guid(), "code": truth.what.code, "code_scheme": "SNOMED", "term": truth.what.term,
        "value": Decimal(truth.value), "value2": truth.value2 and Decimal(truth.value2), "unit": truth.unit,
        "observed_date": truth.on.exact, "observed_text": _partial(truth.on), "recorded_by": "Practice nurse"})


MAKERS: dict[type, Any] = {
    model.Allergy: _allergy, model.Course: _medication, model.Condition: _problem, model.Result: _result, model.Consultation: _consultation,
    model.Vaccination: _immunisation, model.Measurement: _observation,
}


def _partial(when: When) -> str | None:
    """The text beside a date column: only where the day is not known."""
    return None if when.precision == "day" else when.text


def _later(when: When, days: int) -> date:
    return min(when.day + timedelta(days=days), model.AS_OF)
