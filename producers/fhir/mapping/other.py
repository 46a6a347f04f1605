"""Procedure, DocumentReference, Composition, Flag, CarePlan."""

from __future__ import annotations

from mainstem.kinds.careplan import CarePlanContent
from mainstem.kinds.document import DocumentContent
from mainstem.kinds.flag import FlagContent
from mainstem.kinds.procedure import ProcedureContent
from producers.fhir.datatypes import concept, label, labels, moment, notes, period, until, words
from producers.fhir.elements import Resource, boolean, child, children, choice, date, integer, text
from producers.fhir.identity import business_identifier
from producers.fhir.mapping.base import ENTERED_IN_ERROR, Context, Mapped, joined, noted, said, status_of, told, under


def procedure(resource: Resource, context: Context) -> Mapped:
    status = text(resource, "status")
    return Mapped("procedure", ProcedureContent(
        code=said(concept(resource, "code")),
        status=said(None if status == ENTERED_IN_ERROR else "not-done" if boolean(resource, "notDone") else status),
        body_site=said(concept(resource, "bodySite")),
        performed=said(moment(resource, "performed")),
        performer=said(context.names(resource, "performer")),
        outcome=said(label(resource, "outcome")),
        note=said(joined([
            until(resource, "performedPeriod"), noted(resource, "Also at", "bodySite", beyond=1),
            noted(resource, "Because", "statusReason", "notDoneReason"),
            under("Reason", map(words, context.reasons(resource, "reasonCode"))), noted(resource, "Complication", "complication"),
            noted(resource, "Follow up", "followUp"), notes(resource)])),
    ), status_of(status), choice(resource, "recorded"))


def document(resource: Resource, context: Context) -> Mapped:
    status = text(resource, "status")
    attachment = child(child(resource, "content") or {}, "attachment") or {}
    version, written = text(resource, "docStatus"), choice(resource, "indexed", "date")
    return Mapped("document", DocumentContent(
        document_id=said(business_identifier(resource, "masterIdentifier", "identifier")),
        type=said(concept(resource, "type")),
        title=said(text(resource, "description") or text(attachment, "title")),
        status=said(None if status == ENTERED_IN_ERROR else version if version and status == "current" else status),
        created=said(date(resource, "created") or date(attachment, "creation") or date(resource, "date")),
        author=said(context.names(resource, "author")),
        mime_type=said(text(attachment, "contentType")),
        location=said(text(attachment, "url")),
        size=said(integer(attachment, "size")),
    ), status_of(status if status == ENTERED_IN_ERROR else version), written)


def composition(resource: Resource, context: Context) -> Mapped:
    status, written = text(resource, "status"), date(resource, "date")
    return Mapped("document", DocumentContent(
        document_id=said(business_identifier(resource)),
        type=said(concept(resource, "type")),
        title=said(text(resource, "title")),
        status=said(None if status == ENTERED_IN_ERROR else status),
        created=said(written),
        author=said(context.names(resource, "author")),
    ), status_of(status), written)


def flag(resource: Resource, _: Context) -> Mapped:
    status = text(resource, "status")
    start, end = period(resource, "period")
    return Mapped("flag", FlagContent(
        code=said(concept(resource, "code")),
        category=said(joined(labels(resource, "category"), ", ")),
        status=said(None if status == ENTERED_IN_ERROR else status),
        start=said(start), end=said(end),
    ), status_of(status), start)


def care_plan(resource: Resource, context: Context) -> Mapped:
    status, intent = text(resource, "status"), text(resource, "intent")
    start, end = period(resource, "period")
    goals = [told(context.contents.resolve(each, resource), _goal) or text(each, "display") for each in children(resource, "goal")]
    return Mapped("careplan", CarePlanContent(
        plan_id=said(business_identifier(resource)),
        category=said(concept(resource, "category")),
        title=said(text(resource, "title") or text(resource, "description")),
        status=said(None if status == ENTERED_IN_ERROR else status),
        start=said(start), end=said(end),
        goals=said(tuple(shown for shown in goals if shown) or None),
        activities=said(tuple(filter(None, map(_activity, children(resource, "activity")))) or None),
        author=said(context.names(resource, "author")),
        note=said(joined([f"Intent: {intent}" if intent in ("proposal", "option") else None,
                          text(resource, "description") if text(resource, "title") else None, noted(resource, "Also", "category", beyond=1),
                          *map(_progress, children(resource, "activity")), notes(resource)])),
    ), status_of(status), date(resource, "created"))


def _goal(goal: Resource) -> str | None:
    return label(goal, "description")


def _progress(activity: Resource) -> str | None:
    """`Physiotherapy: stopped, moved away`: how far an activity is, why, and what came of it; one that is to come says nothing."""
    detail = child(activity, "detail") or {}
    status = text(detail, "status")
    return under(_activity(activity) or "Activity", [None if status == "not-started" else status, label(detail, "statusReason"),
                                                   *labels(activity, "outcomeCodeableConcept"), notes(activity, "progress")])


def _activity(activity: Resource) -> str | None:
    """What it is; of one that is a request of its own what the reference displays."""
    detail = child(activity, "detail") or {"description": text(child(activity, "reference") or {}, "display")}
    shown = joined([label(detail, "code"), text(detail, "description")], ": ")
    forbidden = boolean(detail, "doNotPerform") or boolean(detail, "prohibited")
    return f"Do not: {shown}" if shown and forbidden else shown
