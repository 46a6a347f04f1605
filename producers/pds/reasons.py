"""Why a message of PDS was quarantined or ignored, and what to do. docs/hl7.md shows this table and is checked against it."""

from __future__ import annotations

from producers.reasons import Advised


class Reason(Advised):
    """Of PDS's signals and answers."""

    # quarantined
    UNREADABLE = "unreadable", "It is no JSON object: damaged or cut short. Have it written again."
    NOT_PDS = "not-pds", ("It is neither a signal nor a Bundle of answers of PDS. A Patient by itself does not say which number was asked "
                          "for: put it into a Bundle (docs/hl7.md).")
    NO_TIME = "no-time", "The Bundle has no `timestamp`, and so no answer in it can be told from a later one. Say when PDS was asked."
    NOT_ASKED = "not-asked", "The entry's `request.url` does not end in a valid NHS number: say which number PDS was asked for."
    NO_NUMBER = "no-number", "It names no valid NHS number. Ask PDS again."
    # ignored
    NUMBER_CHANGE = "number-change", "A signal points and says nothing more: ask PDS for the number and ingest the answer."
    OTHER_SIGNAL = "other-signal", ("A signal that changes nobody's number. Where it tells of a change in PDS, ask PDS and ingest the "
                                    "answer: who is restricted is told there.")
    NO_ANSWER = "no-answer", "PDS answered with neither a Patient nor that the number is invalidated: it says nothing of it."
