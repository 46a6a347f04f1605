"""Why an HL7 v2 message was quarantined or ignored, and what to do. docs/hl7.md shows this table and is checked against it."""

from __future__ import annotations

from producers.processing import REASON
from producers.reasons import Advised


class Reason(Advised):
    """Of HL7 v2 messages."""

    # quarantined
    UNREADABLE = "unreadable", "It is no HL7 v2 message: damaged, cut short, or text between messages. Have the source send it again."
    NO_SOURCE = "no-source", ("Nothing says whose system it comes from, and its patient numbers could be any system's. "
                              "Say it with --source ODS/system.")
    UNIDENTIFIED = "unidentified", ("No patient number of this source, not the PID segments that the event has, or no time of sending. "
                                    "Correct --authority, or have the source send it again with them.")
    # ignored
    NOT_PRODUCTION = REASON, ("Marked as training, debugging or testing (MSH-11), in a feed of production. It stays in the raw "
                              "topic. Where the feed is of training, ingest it again with --processing training.")
    OTHER_EVENT = "other-event", "An ADT event that says nothing of who someone is. It stays in the raw topic and can be replayed."
    NOT_ADT = "not-adt", ("Results, orders, documents and schedules of HL7 v2 are not read yet. "
                          "It stays in the raw topic and can be replayed when they are.")
    NOTHING_SAID = "nothing-said", "An identity event with neither a number nor demographics, or a merge of a number into itself."
