"""ServiceRequest (R4), ReferralRequest and ProcedureRequest (STU3): referrals, requests for a service, GP diary entries."""

from __future__ import annotations

from mainstem.kinds.referral import ReferralContent
from producers.fhir.datatypes import amount, concept, label, moment, notes, shown, until
from producers.fhir.elements import Resource, boolean, children, date, text
from producers.fhir.identity import business_identifier
from producers.fhir.mapping.base import NO_ORDER, Context, Mapped, also, first, joined, noted, said, status_of, under


def service_request(resource: Resource, context: Context) -> Mapped:
    """A request: what for, by whom, to whom. When it is due is said in the note, where a diary entry has its date."""
    due = moment(resource, "occurrence")
    written, reasons = date(resource, "authoredOn"), context.reasons(resource, "reasonCode")
    return Mapped("referral", ReferralContent(
        referral_id=said(business_identifier(resource)),
        service=said(concept(resource, "code", "category")),
        reason=first(reasons),
        **_common(resource, context),
        recipient=said(joined([*_all(resource, "performer", context), label(resource, "performerType")], ", ")),
        note=said(joined([
            _intent(resource), under("Quantity", [shown(amount(resource, "quantityQuantity"))]),
            "When required" if boolean(resource, "asNeededBoolean") else noted(resource, "When required", "asNeededCodeableConcept"),
            f"Due {due}" if due else None, until(resource, "occurrencePeriod"), also(reasons),
            noted(resource, "Detail", "orderDetail"), noted(resource, "At", "bodySite"), notes(resource),
            notes(resource, "patientInstruction")])),
    ), status_of(text(resource, "status")), written)


def referral_request(resource: Resource, context: Context) -> Mapped:
    """GP Connect codes what was asked for as the reason (`Audiological medicine referral`)."""
    service, reason = concept(resource, "serviceRequested", "type"), concept(resource, "reasonCode")
    reasons = context.reasons(resource, "reasonCode")[0 if service or not reason else 1:]
    return Mapped("referral", ReferralContent(
        referral_id=said(business_identifier(resource)),
        service=said(service or reason),
        reason=first(reasons),
        **_common(resource, context),
        recipient=said(joined([*_all(resource, "recipient", context), label(resource, "specialty")], ", ")),
        note=said(joined([
            _intent(resource), noted(resource, "Also", "serviceRequested", "type", beyond=1), also(reasons),
            text(resource, "description"), notes(resource)])),
    ), status_of(text(resource, "status")), date(resource, "authoredOn"))


def _intent(resource: Resource) -> str | None:
    """What authorises nothing is said to be no order (R4, "Request pattern"): a proposal, a plan."""
    intent = text(resource, "intent")
    return f"Intent: {intent}" if intent in NO_ORDER else None


def _common(resource: Resource, context: Context) -> dict:
    status, named = text(resource, "status"), context.contents.named
    return {
        "status": said(None if status in ("unknown", "entered-in-error") else status),
        "priority": said(text(resource, "priority")),
        "referred": said(date(resource, "authoredOn")),
        "related": said(tuple(sorted({*named(resource, "supportingInfo"), *named(resource, "supportingInformation")})) or None),
        "referrer": said(context.names(resource, "requester", "agent")),
    }


def _all(resource: Resource, element: str, context: Context) -> list[str | None]:
    return [context.shown(each, resource) for each in children(resource, element)]
