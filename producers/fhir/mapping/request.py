"""ServiceRequest (R4), ReferralRequest and ProcedureRequest (STU3): referrals, requests for a service, GP diary entries."""

from __future__ import annotations

from mainstem.kinds.referral import ReferralContent
from producers.fhir.datatypes import concept, label, moment, notes, until
from producers.fhir.elements import Resource, child, children, date, text
from producers.fhir.identity import business_identifier
from producers.fhir.mapping.base import Context, Mapped, joined, noted, said, status_of


def service_request(resource: Resource, context: Context) -> Mapped:
    """A request: what for, by whom, to whom. When it is due is said in the note, where a diary entry has its date."""
    due = moment(resource, "occurrence")
    written = date(resource, "authoredOn")
    return Mapped("referral", ReferralContent(
        referral_id=said(business_identifier(resource)),
        service=said(concept(resource, "code")),
        reason=said(concept(resource, "reasonCode") or context.concept_of(resource, "reasonReference")),
        **_common(resource, context),
        recipient=said(joined([*_all(resource, "performer", context), label(resource, "performerType")], ", ")),
        note=said(joined([
            f"Due {due}" if due else None, until(resource, "occurrencePeriod"), noted(resource, "Also for", "reasonCode", beyond=1),
            noted(resource, "Detail", "orderDetail"), noted(resource, "At", "bodySite"), notes(resource),
            notes(resource, "patientInstruction")])),
    ), status_of(text(resource, "status")), written)


def referral_request(resource: Resource, context: Context) -> Mapped:
    """GP Connect codes what was asked for as the reason (`Audiological medicine referral`)."""
    service, reason = concept(resource, "serviceRequested", "type"), concept(resource, "reasonCode")
    return Mapped("referral", ReferralContent(
        referral_id=said(business_identifier(resource)),
        service=said(service or reason),
        reason=said((reason if service else None) or context.concept_of(resource, "reasonReference")),
        **_common(resource, context),
        recipient=said(joined([*_all(resource, "recipient", context), label(resource, "specialty")], ", ")),
        note=said(joined([
            noted(resource, "Also", *(("serviceRequested", "type") if service else ()), beyond=1),
            noted(resource, "Also for", "reasonCode", beyond=1), text(resource, "description"), notes(resource)])),
    ), status_of(text(resource, "status")), date(resource, "authoredOn"))


def _common(resource: Resource, context: Context) -> dict:
    requester = child(resource, "requester") or {}
    status, named = text(resource, "status"), context.contents.named
    return {
        "status": said(None if status in ("unknown", "entered-in-error") else status),
        "priority": said(text(resource, "priority")),
        "referred": said(date(resource, "authoredOn")),
        "related": said(tuple(sorted({*named(resource, "supportingInfo"), *named(resource, "supportingInformation")})) or None),
        "referrer": said(context.name(requester, "agent") if "agent" in requester else context.name(resource, "requester")),
    }


def _all(resource: Resource, element: str, context: Context) -> list[str | None]:
    return [context.shown(each, resource) for each in children(resource, element)]
