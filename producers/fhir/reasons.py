"""Why a resource was quarantined or ignored, and what to do. docs/fhir.md shows this table and is checked against it."""

from __future__ import annotations

from producers.processing import REASON
from producers.reasons import Advised


class Reason(Advised):
    """Of FHIR resources."""

    # quarantined
    UNREADABLE = "unreadable", "The file, or a line of it, is no FHIR: damaged, cut short, too large. Export or copy it again."
    BAD_ELEMENT = "bad-element", "An element is not of its FHIR type. Correct it at the source and send the resource again."
    UNKNOWN_TYPE = "unknown-type", "It has no resourceType that FHIR R4 or STU3 knows. Send FHIR resources."
    NO_SOURCE = "no-source", ("Nothing in the file says whose system it comes from, and its patient id could be any system's. "
                              "Say it with --source ODS/system.")
    NO_PATIENT = "no-patient", ("It does not say which patient it is about: it names none, or one of another server or without a usable "
                                "identifier. Give it a subject: a Patient in the file, or `Patient/<id>`.")
    SEVERAL_SERVERS = "several-servers", ("The file holds resources of several servers (fullUrl), where one id may be two patients'. "
                                          "Send each server's in a file of its own.")
    DUPLICATE_ID = "duplicate-id", ("Another resource of the file has its id and version and says something else, and was taken in. "
                                    "Give each an id of its own, or a version, and send both again.")
    NO_ID = "no-id", "It has no usable id and no business identifier, so a later version of it could not be told. Give it an id."
    NO_VERSION = "no-version", ("It does not say which version it is: an earlier one could count in its place. "
                                "Send it with meta.lastUpdated, or in a Bundle with a timestamp; of files say it with --exported TIME.")
    NO_PRODUCT = "no-product", ("The medicine is not named: its Medication is not in the file and the reference has no display. "
                                "Send the Medication with it, in one Bundle.")
    MODIFIED = "modified", ("It, or what it is told in the words of, carries a modifier (modifierExtension, implicitRules, doNotPerform) "
                            "that may turn its meaning round, or it is about somebody else (focus). Ask the source what it means; show it "
                            "to a clinician, not as the plain statement.")
    SUBSETTED = "subsetted", ("It is a part of the resource (tagged SUBSETTED, as _summary and _elements give it), and what it leaves out "
                              "would count as no longer said. Ask for the whole resource.")
    DELETION = "deletion", ("An entry of a Bundle deletes a resource. Send the resource as entered in error, or the patient's complete "
                            "record.")
    PATCH = "patch", "An entry of a Bundle changes a part of a resource (PATCH). Send the whole resource as it now is."
    # ignored
    NOT_PRODUCTION = REASON, ("Test data (HTEST), in a feed of production: it is marked so, or what it stands in or is told in "
                              "the words of, or its Patient. It stays in the raw topic. Where the feed is of training, ingest "
                              "it again with --processing training.")
    CONTAINER = "container", "A Bundle or Parameters says nothing by itself; what it holds has outcomes of its own."
    CONTEXT = "context", "Read through the references of other resources, or about the exchange itself."
    NO_KIND = "no-kind", "No kind of the record holds this type yet. It stays in the raw topic and can be replayed when one does."
    EARLIER_ISSUE = "earlier-issue", "An issue of a GP Connect medicine before its latest, which speaks for the record."
    NOT_ISSUED = "not-issued", "An issue of a GP Connect medicine that was cancelled: no supply. Its plan says that it was stopped."
