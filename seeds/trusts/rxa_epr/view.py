"""The hospital's telling: a source patient and their truths as rows of `epr`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from seeds.catalogue import NO_KNOWN_ALLERGY, ROUTES
from seeds.life import model
from seeds.registration import Registration
from seeds.rows import Making, Row, RowIds
from seeds.telling import Telling
from seeds.wording import otherwise


def patient(known: Registration, wording: str) -> Row:  # noqa: ARG001  every view is called alike
    person = known.person
    line1, line2, town, postcode = person.address
    return Row("epr.patient", {
        "mrn": known.patient, "nhs_number": known.number, "nhs_number_status": known.status,
        "case_note_number": f"CN{person.index:06d}{known.ordinal}",
        "ae_number": f"AE{person.index:06d}" if person.index % 3 == 0 else None, "family_name": known.family,
        "given_names": " ".join(known.given), "title": person.title, "birth_date": person.born, "sex_code": person.sex,
        "address_line1": line1, "address_line2": line2 or None, "town": town, "postcode": postcode, "phone": person.phone,
        "gp_practice_code": "A82038", "deceased_at": _moment(person.died), "restricted": person.index % 211 == 7,
        "merged_into_mrn": known.merged_into, "updated_at": _moment(model.AS_OF)})


def rows(telling: Telling, ids: RowIds, wording: str) -> Iterator[Row]:
    yield from MAKERS[type(telling.truth)](Making(ids, {"mrn": telling.registration.patient}, telling.coding, wording), telling.truth)


def _allergy(at: Making, truth: model.Allergy) -> Iterator[Row]:
    code: str | None
    system: str | None
    if truth.allergen is None:
        code, system, name, category = NO_KNOWN_ALLERGY.code, "SNOMED", "No known allergies", "NKA"
    else:
        agent = truth.allergen
        national = (agent.substance, "SNOMED") if agent.substance else (agent.vtm, "DMD")
        code, system = at.coded(national, (f"RXA{agent.community_code}", "LOCAL"), (None, "NONE"))
        name, category = agent.name, agent.category
    yield Row("epr.allergy", at.who | {
        "allergy_id": at.ids.number(), "substance_code": code, "code_system": system, "substance_name": name, "category": category,
        "reaction_code": truth.reaction and truth.reaction.code, "reaction_text": truth.reaction and truth.reaction.term,
        "severity": truth.severity.upper() if truth.allergen else None, "certainty": "CONFIRMED",
        "status": "ACTIVE" if truth.status == "active" else "RESOLVED", "onset_on": truth.onset.exact,
        "recorded_at": _moment(truth.onset.day, 3), "recorded_by": "Ward pharmacist"})


def _prescription(at: Making, truth: model.Course) -> Iterator[Row]:
    medicine, route = truth.medicine, ROUTES[truth.medicine.route]
    local = f"RXA{medicine.community_code}"
    code, system, level = at.coded((medicine.code, "DMD", medicine.level), (local, "LOCAL", None), (None, "NONE", None))
    status = "ACTIVE" if truth.end is None else "COMPLETED" if medicine.course == "A" else "STOPPED"
    yield Row("epr.prescription", at.who | {
        "prescription_id": at.ids.number(), "drug_code": code, "code_system": system, "drug_level": level, "drug_name": medicine.name,
        "dose_value": Decimal(truth.dose), "dose_unit": medicine.dose_unit, "route_code": route.code, "route_name": route.term,
        "frequency": truth.frequency, "as_required": truth.frequency == "PRN", "indication": truth.reason, "status": status,
        "start_at": _moment(truth.start.exact), "stop_at": _moment(truth.end),
        "stop_reason": "No longer needed" if status == "STOPPED" else None, "prescriber": "Dr N Ward",
        "recorded_at": _moment(truth.start.day)})


def _diagnosis(at: Making, truth: model.Condition) -> Iterator[Row]:
    problem = truth.problem
    code, system = at.coded((problem.code, "SNOMED"), (f"RXAD{problem.emis_code[-3:]}", "LOCAL"), (None, "NONE"))
    yield Row("epr.diagnosis", at.who | {
        "diagnosis_id": at.ids.number(), "encounter_id": None, "code": code, "code_system": system,
        "description": otherwise(problem.term, problem.said, at.wording), "rank": 1 if truth.significant else 2,
        "certainty": "CONFIRMED", "status": "RESOLVED" if truth.ended else "ACTIVE", "onset_on": truth.onset.exact,
        "recorded_at": _moment(truth.onset.day, 10)})


def _result(at: Making, truth: model.Result) -> Iterator[Row]:
    panel, test = truth.panel, truth.test
    taken = _moment(truth.taken.exact, 0, truth.hour)
    if taken and at.wording == "prose" and truth.hour == 6:
        taken = datetime.combine(taken, time(0, 20), _ENGLAND).astimezone(UTC)  # in summer, yesterday in UTC
    requested = _moment(truth.taken.day, 0, truth.hour - 1)
    known_order = at.ids.made.get(truth.order)
    order = known_order or at.ids.number()
    at.ids.made[truth.order] = order
    yield Row("epr.lab_order", at.who | {
        "order_id": order, "encounter_id": None, "order_number": truth.order, "panel_code": panel.code, "panel_name": panel.name,
        "specimen_type": panel.specimen, "specimen_number": f"S{truth.order}", "status": "COMPLETE", "requested_at": requested,
        "collected_at": taken, "requested_by": "Dr N Ward", "updated_at": _moment(truth.taken.day, 1)}, new=known_order is None)
    code, system = (test.code, "SNOMED") if at.coding == "national" else (test.local_code, "LOCAL")
    yield Row("epr.lab_result", at.who | {
        "result_id": at.ids.number(), "order_id": order, "test_code": code, "code_system": system,
        "test_name": otherwise(test.term, test.said, at.wording), "comparator": None, "value_numeric": Decimal(str(truth.value)),
        "unit": test.unit, "range_low": Decimal(str(test.low)), "range_high": Decimal(str(test.high)),
        "abnormal_flag": "H" if truth.value > test.high else "L" if truth.value < test.low else None,
        "status": "C" if truth.preliminary is not None else "F", "reported_at": _moment(truth.taken.day, 1),
        "comment": "Corrected report" if truth.preliminary is not None else None})


def _encounter(at: Making, truth: model.Stay) -> Iterator[Row]:
    number = at.ids.number()
    yield Row("epr.encounter", at.who | {
        "encounter_id": number, "visit_number": f"V{number}", "class_code": truth.class_,
        "status": "DISCHARGED" if truth.discharged else "ARRIVED", "specialty": truth.specialty,
        "ward": truth.ward if truth.class_ == "I" else None, "reason_code": truth.reason.code, "reason_text": truth.reason.term,
        "admitted_at": _utc(truth.admitted), "discharged_at": truth.discharged and _utc(truth.discharged), "consultant": truth.consultant,
        "outcome": "Discharged home" if truth.discharged else None, "updated_at": _utc(truth.discharged or truth.admitted)})


def _document(at: Making, truth: model.Letter) -> Iterator[Row]:
    number = at.ids.number()
    yield Row("epr.document", at.who | {
        "document_id": number, "encounter_id": None, "type_code": truth.type_.code, "type_name": truth.type_.term,
        "title": f"{truth.type_.term}: {truth.specialty}", "status": "FINAL", "authored_at": _utc(truth.written), "author": truth.author,
        "specialty": truth.specialty})
    for place, (heading, body) in enumerate(truth.sections, 1):
        yield Row("epr.document_section", at.who | {"document_id": number, "section_no": place, "heading": heading, "body": body})


def _procedure(at: Making, truth: model.Operation) -> Iterator[Row]:
    yield Row("epr.procedure", at.who | {
        "procedure_id": at.ids.number(), "encounter_id": None, "code": truth.procedure.code, "code_system": "SNOMED",
        "description": truth.procedure.term, "status": "DONE", "performed_at": _utc(truth.performed), "performed_by": truth.surgeon,
        "recorded_at": _utc(truth.performed)})


_ENGLAND = ZoneInfo("Europe/London")
MAKERS: dict[type, Any] = {
    model.Allergy: _allergy, model.Course: _prescription, model.Condition: _diagnosis, model.Result: _result, model.Stay: _encounter,
    model.Letter: _document, model.Operation: _procedure,
}


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


def _moment(day: date | None, after: int = 0, hour: int = 10) -> datetime | None:
    return datetime.combine(day + timedelta(days=after), time(hour), UTC) if day else None
