"""Medicines: MedicationStatement, MedicationRequest, MedicationDispense, MedicationAdministration.

GP Connect gives one medicine as a MedicationStatement, its plan and its issues (MedicationRequest with intent plan and order).
They are parts of one record, named after the plan because all three name it. A Medication's id is new in every export: it is
resolved within the file and never kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from mainstem.kinds.base import Coded
from mainstem.kinds.medicine import MedicineContent
from mainstem.model import Status
from producers.fhir import identity
from producers.fhir.bundle import Contents
from producers.fhir.datatypes import amount, code, coded, codes, concept, label, notes, period, ratio
from producers.fhir.elements import Resource, boolean, child, children, choice, date, extension, text
from producers.fhir.errors import FieldError, PassedOverError, RefusedError
from producers.fhir.mapping.base import NO_ORDER, Context, Mapped, also, first, joined, said, status_of, told, under
from producers.fhir.mapping.dosing import taking
from producers.fhir.reasons import Reason

STATUS = {
    "active": "active", "in-progress": "active", "completed": "completed", "stopped": "stopped", "cancelled": "cancelled",
    "declined": "cancelled", "not-done": "cancelled", "not-taken": "stopped", "on-hold": "on-hold", "draft": "draft",
    "preparation": "draft", "intended": "draft",
}
"""R4 and STU3 status codes to the kind's. `unknown` and `entered-in-error` say no status."""
AT_PRACTICE = "prescribed-at-gp-practice"
NOT_ISSUED = {"stopped", "cancelled", "draft", "entered-in-error"}


def statement(resource: Resource, context: Context) -> Mapped:
    """The listed medicine."""
    product, form = _product(resource, context)
    start, end = period(resource, "effectivePeriod")
    recorded, reasons = date(resource, "dateAsserted"), context.reasons(resource, "reasonCode")
    issued = extension(resource, "MedicationStatementLastIssueDate")
    plans = context.contents.named(resource, "basedOn") if context.gpconnect else []
    return Mapped("medicine", MedicineContent(
        view="list", product=product, form=said(form),
        start=said(start or date(resource, "effectiveDateTime")), end=said(end),
        last_issued=said(date(issued, "valueDateTime") if issued else None),
        reason=first(reasons),
        stop_reason=said(label(resource, "statusReason") or label(resource, "reasonNotTaken")),
        **taking(children(resource, "dosage")), **_status(resource),
        note=said(joined([_agency(resource), _note(resource, context, reasons)])),
    ), status_of(text(resource, "status")), recorded, plans[0] if plans else None, "list" if plans else "")


def request(resource: Resource, context: Context) -> Mapped:
    """An order; in GP Connect the plan behind a listed medicine, or an issue of it. What authorises nothing is shown as a draft, whatever
    its status; in GP Connect a plan is what the practice prescribes by."""
    plans = context.contents.named(resource, "basedOn")
    if context.gpconnect and text(resource, "intent") == "order" and plans and plans[0].startswith("MedicationRequest/"):
        return _issue(resource, plans[0], context)
    intent = text(resource, "intent")
    plan = context.gpconnect and intent == "plan"
    unordered = intent in NO_ORDER and not plan
    product, form = _product(resource, context)
    dispense = child(resource, "dispenseRequest") or {}
    start, end = period(dispense, "validityPeriod")
    written, reasons = date(resource, "authoredOn"), context.reasons(resource, "reasonCode")
    stopped = extension(resource, "MedicationStatusReason")
    return Mapped("medicine", MedicineContent(
        view="list" if context.gpconnect else "order", product=product, form=said(form),
        start=said(start or written), end=said(end), quantity=said(amount(dispense, "quantity")),
        supply=said(amount(dispense, "expectedSupplyDuration")), **_repeats(resource, dispense),
        course=said(_course(resource)), prescriber=said(_requester(resource, context)),
        reason=first(reasons),
        stop_reason=said((_labelled(stopped, "statusReason") if stopped else None) or label(resource, "statusReason")),
        **taking(children(resource, "dosageInstruction")),
        **({"status": "draft"} if unordered else _status(resource)),
        note=said(joined([f"Intent: {intent}" if unordered else None, _note(resource, context, reasons)])),
    ), status_of(text(resource, "status")), written, part="plan" if plan else "")


def dispense(resource: Resource, context: Context) -> Mapped:
    product, form = _product(resource, context)
    supplied = choice(resource, "whenHandedOver", "whenPrepared")
    return Mapped("medicine", MedicineContent(
        view="dispense", product=product, form=said(form), start=said(supplied), quantity=said(amount(resource, "quantity")),
        supply=said(amount(resource, "daysSupply")),
        stop_reason=said(label(resource, "statusReasonCodeableConcept") or label(resource, "notDoneReasonCodeableConcept")),
        **taking(children(resource, "dosageInstruction")), **_status(resource), note=said(_note(resource, context)),
    ), status_of(text(resource, "status")), supplied)


def administration(resource: Resource, context: Context) -> Mapped:
    product, form = _product(resource, context)
    start, end = period(resource, "effectivePeriod")
    reasons = context.reasons(resource, "reasonCode")
    return Mapped("medicine", MedicineContent(
        view="administration", product=product, form=said(form), start=said(start or date(resource, "effectiveDateTime")),
        end=said(end),
        reason=first(reasons),
        stop_reason=said(label(resource, "statusReason") or label(resource, "reasonNotGiven")),
        **taking(children(resource, "dosage")), **_status(resource), note=said(_note(resource, context, reasons)),
    ), status_of(text(resource, "status")), start or date(resource, "effectiveDateTime"))


def last_issues(contents: Contents) -> dict[str, str]:
    """Plan -> its latest issue, of those that were not cancelled if there are such. Ties go to the greater id, so that the order in the
    file does not matter."""
    latest: dict[str, tuple[bool, str, str]] = {}
    for each in contents.of("MedicationRequest"):
        try:
            plans, name = contents.named(each, "basedOn"), identity.name(each)
            if text(each, "intent") != "order" or not plans or not name:
                continue
            candidate = (text(each, "status") not in NOT_ISSUED, _issued(each) or "", name)
        except FieldError:                                 # this one is quarantined when it is its turn
            continue
        latest[plans[0]] = max(latest.get(plans[0], candidate), candidate)
    return {plan: issue for plan, (_, _, issue) in latest.items()}


def _issue(resource: Resource, plan: str, context: Context) -> Mapped:
    """Only the latest issue speaks: earlier ones would say an earlier `last_issued`. Where all were cancelled there was no supply."""
    cancelled = text(resource, "status") in NOT_ISSUED
    if context.last_issues.get(plan) != identity.name(resource):
        raise PassedOverError(Reason.NOT_ISSUED if cancelled else Reason.EARLIER_ISSUE)
    return Mapped("medicine", MedicineContent() if cancelled else MedicineContent(last_issued=said(_issued(resource))),
                  Status.REMOVED if cancelled else Status.ASSERTED, date(resource, "authoredOn"), plan, "supply")


def _issued(resource: Resource) -> str | None:
    start, _ = period(child(resource, "dispenseRequest") or {}, "validityPeriod")
    return start or date(resource, "authoredOn")


def _product(resource: Resource, context: Context) -> tuple[Coded, str | None]:
    stated = concept(resource, "medicationCodeableConcept")
    if stated:
        return stated, None
    reference = child(resource, "medicationReference")
    medication = context.contents.resolve(reference, resource)
    found = told(medication, lambda one: coded(child(one, "code")))
    if found:
        return found, told(medication, lambda one: label(one, "form"))
    shown = text(reference, "display") if reference else None
    if shown:
        return Coded(text=shown), None
    raise RefusedError(Reason.NO_PRODUCT)


def _note(resource: Resource, context: Context, reasons: Sequence[Coded] = ()) -> str | None:
    """How strong it is, what else it is for, that it is urgent, for which setting (R4: `discharge`), and that somebody else ordered it."""
    priority = text(resource, "priority")
    reported = boolean(resource, "reportedBoolean") or "reportedReference" in resource
    medication = context.contents.resolve(child(resource, "medicationReference"), resource)
    return joined(["Reported, not ordered here" if reported else None, told(medication, _strengths), also(reasons),
                   f"Priority: {priority}" if priority not in (None, "routine") else None,
                   under("Setting", codes(resource, "category")), notes(resource)])


def _strengths(medication: Resource) -> str | None:
    """`Contains: Aspirin 300 mg per 1 tablet`, which the code of a moiety does not tell."""
    strengths = ((each, ratio(child(each, "strength"))) for each in children(medication, "ingredient"))
    return under("Contains", (joined([label(each, "itemCodeableConcept"), strength], " ") for each, strength in strengths if strength))


def _agency(resource: Resource) -> str | None:
    """Who prescribes a listed medicine, where that is not the practice that lists it: `Prescribed by another organisation`."""
    kind = extension(resource, "PrescribingAgency") or extension(resource, "MedicationPrescribingOrganizationType")
    agency = code(kind, "valueCodeableConcept") if kind else None
    return agency.replace("-", " ").capitalize() if agency and agency != AT_PRACTICE else None


def _status(resource: Resource) -> dict:
    """STU3 says beside the status that it is not taken (`taken` n), was not given (`notGiven`) or not dispensed (`notDone`)."""
    if text(resource, "taken") == "n":
        return {"status": "stopped"}
    if boolean(resource, "notGiven") or boolean(resource, "notDone"):
        return {"status": "cancelled"}
    return {"status": said(STATUS.get(text(resource, "status") or ""))}


def _course(resource: Resource) -> str | None:
    kind = extension(resource, "PrescriptionType")
    return code(kind, "valueCodeableConcept") if kind else code(resource, "courseOfTherapyType")


def _repeats(resource: Resource, dispense: Resource) -> dict:
    """GP Connect (MedicationRepeatInformation) counts what was allowed and issued; plain FHIR only what is allowed."""
    information = extension(resource, "MedicationRepeatInformation") or {}
    found = {name: extension(information, name) or {} for name in (
        "numberOfRepeatPrescriptionsAllowed", "numberOfRepeatPrescriptionsIssued", "authorisationExpiryDate")}
    allowed, issued, until = found.values()
    return {
        "repeats_allowed": said(_count(allowed) or text(dispense, "numberOfRepeatsAllowed")),
        "repeats_issued": said(_count(issued)),
        "authorised_until": said(date(until, "valueDateTime") or date(until, "valueDate")),
    }


def _count(element: Resource) -> str | None:
    return text(element, "valueUnsignedInt") or text(element, "valuePositiveInt") or text(element, "valueInteger")


def _requester(resource: Resource, context: Context) -> str | None:
    """STU3 wraps who asked in `agent`. GP systems that name no requester give the prescriber as recorder (measured on two exports of
    one system, of before and after it named requesters: the same person in all of 379)."""
    return context.names(resource, "requester", "agent") or (context.names(resource, "recorder") if context.gpconnect else None)


def _labelled(element: Resource, name: str) -> str | None:
    inner = extension(element, name)
    return label(inner, "valueCodeableConcept") if inner else None


