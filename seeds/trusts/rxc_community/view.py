"""The community trust's telling: a source patient and their truths as rows of `care`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any

from seeds.life import model
from seeds.life.model import When
from seeds.registration import Registration
from seeds.rows import Making, Row, RowIds
from seeds.telling import Telling
from seeds.wording import allergy, dosage, month, none_known, otherwise, route, undated, written

_TRACED = {"01": "Y", "05": "X", "03": "P"}
_SEVERITY = {"mild": "Low", "moderate": "Medium", "severe": "High"}


def patient(known: Registration, wording: str) -> Row:
    person = known.person
    number, postcode = known.number, person.address[3]
    if number and person.index % 10 < (7 if wording == "plain" else 2):
        number = f"{number[:3]} {number[3:6]} {number[6:]}"
    return Row("care.client", {
        "client_id": known.patient, "nhs_number": number, "nhs_traced": _TRACED.get(known.status, "N"),
        "full_name": f"{known.family.upper() if wording == 'plain' else known.family}, {' '.join(known.given)}",
        "preferred_name": known.given[0] if person.index % 6 == 0 else None, "dob": _text(When(person.born)),
        "gender": {"F": "Female", "M": "Male"}[person.sex], "address": ", ".join(line for line in person.address[:3] if line),
        "postcode": postcode.replace(" ", "") if person.index % 4 == 0 else postcode, "telephone": person.phone, "gp_practice": "A82038",
        "date_of_death": person.died and _text(When(person.died)), "sensitive": "Y" if person.index % 97 == 5 else "N",
        "amalgamated_into": known.merged_into, "last_changed": _at(model.AS_OF)})


def rows(telling: Telling, ids: RowIds, wording: str) -> Iterator[Row]:
    who = {"client_id": telling.registration.patient}
    yield from MAKERS[type(telling.truth)](Making(ids, who, telling.coding, wording), telling.truth)


def _allergy_note(at: Making, truth: model.Allergy) -> Iterator[Row]:
    agent = truth.allergen
    if agent is None:
        code, type_, text = None, None, none_known(at.wording)
    else:
        national = (agent.substance or agent.finding, "SCT")
        code, type_ = at.coded(national, (agent.community_code, "RXC"), (None, None))
        text = allergy(otherwise(agent.name, agent.said, at.wording), truth.reaction.term if truth.reaction else None, at.wording)
    yield Row("care.allergy_note", at.who | {
        "note_no": at.ids.sequence("allergy_note"), "allergy_code": code, "code_type": type_, "allergy_text": text,
        "reaction_text": truth.reaction and truth.reaction.term, "severity": _SEVERITY[truth.severity] if agent else None,
        "status": "Current" if truth.status == "active" else "Past", "noted": _text(truth.onset, at.wording),
        "noted_by": "Nurse J Dock", "last_changed": _at(truth.onset.day)})


def _home_med(at: Making, truth: model.Course) -> Iterator[Row]:
    medicine = truth.medicine
    code, type_ = at.coded((medicine.code, "DMD"), (medicine.community_code, "RXC"), (None, None))
    yield Row("care.home_med", at.who | {
        "med_no": at.ids.sequence("home_med"), "med_code": code, "code_type": type_, "med_text": written(medicine, at.wording),
        "dose_text": dosage(truth, "terse" if at.wording == "plain" else at.wording), "route_text": route(medicine, at.wording),
        "taking": "N" if truth.end else "Y", "seen_on": _text(When(truth.end or model.AS_OF)),
        "started": _text(truth.start, at.wording), "stopped": truth.end and _text(When(truth.end)),
        "seen_by": "Nurse H Bramble", "last_changed": _at(truth.end or truth.start.day)})


def _referral(at: Making, truth: model.Referral) -> Iterator[Row]:
    yield Row("care.referral", at.who | {
        "referral_no": at.ids.sequence("referral"), "team_code": truth.team_code, "team_name": truth.team, "reason": truth.reason,
        "urgency": truth.urgency, "source": "GP", "status": "Accepted" if truth.open_ else "Closed",
        "received": _text(When(truth.received)), "closed": None, "last_changed": _at(truth.received)})


def _contact(at: Making, truth: model.Contact) -> Iterator[Row]:
    yield Row("care.contact", at.who | {
        "referral_no": truth.referral, "contact_no": at.ids.sequence(f"contact {truth.referral}"),
        "kind": "Appointment" if truth.outcome == "Booked" else "Contact", "contact_date": _text(When(truth.on)),
        "contact_time": f"{truth.hour:02d}:00", "mode": "Home visit", "clinician": truth.clinician, "outcome": truth.outcome,
        "note": None, "last_changed": _at(min(truth.on, model.AS_OF))})


def _care_plan(at: Making, truth: model.Plan) -> Iterator[Row]:
    number, changed = at.ids.sequence("care_plan"), _at(truth.started)
    yield Row("care.care_plan", at.who | {
        "plan_no": number, "title": truth.title, "plan_type": truth.code, "status": "Active", "started": _text(When(truth.started)),
        "review_due": None, "ended": None, "author": truth.author, "summary": None, "last_changed": changed})
    for place, (goal, action) in enumerate(truth.goals, 1):
        yield Row("care.care_plan_goal", at.who | {
            "plan_no": number, "goal_no": place, "goal": goal, "action": action, "last_changed": changed})


def _alert(at: Making, truth: model.Alert) -> Iterator[Row]:
    yield Row("care.alert", at.who | {
        "alert_no": at.ids.sequence("alert"), "alert_code": truth.code, "alert_text": truth.text, "category": truth.category,
        "active": "Y" if truth.active else "N", "raised": _text(truth.raised), "ended": None, "note": None,
        "last_changed": _at(truth.raised.day)})


MAKERS: dict[type, Any] = {
    model.Allergy: _allergy_note, model.Course: _home_med, model.Referral: _referral, model.Contact: _contact, model.Plan: _care_plan,
    model.Alert: _alert,
}


def _text(when: When, wording: str = "plain") -> str:
    """dd/mm/yyyy, a month, yyyy, or what stands for no date."""
    return {"day": f"{when.day:%d/%m/%Y}", "month": month(when, wording), "year": f"{when.day:%Y}"}.get(when.precision, undated(wording))


def _at(day: date) -> datetime:
    return datetime.combine(day, time(9))
