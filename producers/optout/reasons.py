"""Why a line of a check for opt-outs was quarantined, and what to do. docs/optout.md shows this table and is checked against it."""

from __future__ import annotations

from producers.reasons import Advised


class Reason(Advised):
    """Of checks for opt-outs."""

    UNREADABLE = "unreadable", "It is no check as `mainstem ingest optout` writes it (docs/optout.md). Ingest the two files again."
    NO_TIME = "no-time", "It does not say when the check was made, and so cannot be told from a later one. Ingest it with --checked."
    NOT_TOGETHER = "not-together", ("A number came back that was not asked about: these are parts of two checks, and who is missing from "
                                    "the answer cannot be told. Ingest the list with the answer to it.")
    NO_NUMBER = "no-number", "The line asked about no valid NHS number, of which nothing was answered. Correct it and ask again."
