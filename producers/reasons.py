"""Why an input item was quarantined or ignored, and what to do about it. FHIR's own reasons are in `producers.fhir.reasons`."""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class Advised(StrEnum):
    """Code in `Outcome.reason` and `Quarantined.reason`; `todo` is the advice shown with it, or why nothing is to be done."""

    todo: str

    def __new__(cls, code: str, todo: str) -> Self:
        member = str.__new__(cls, code)
        member._value_ = code
        member.todo = todo
        return member


class Reason(Advised):
    """Of rows, and of any message."""

    # quarantined
    UNREADABLE = "unreadable", "The message is no JSON object. See what wrote it to the raw topic; nothing in it could be taken in."
    NOT_A_CHANGE = "not-a-change", (
        "The message is no Debezium row change. If it is another format, send it with the header `mainstem-format`.")
    UNKNOWN_FORMAT = "unknown-format", "The header `mainstem-format` names no format of ours; `producers/formats.py` lists them."
    NO_MAPPING = "no-mapping", (
        "The source has no mapping: add `producers/mappings/<trust>.yaml` (docs/mappings.md), then `mainstem stack reread`.")
    UNMAPPED_TABLE = "unmapped-table", (
        "The mapping does not name this table: map it or ignore it with a reason (docs/mappings.md), then `mainstem stack reread`.")
    MISSING_COLUMN = "missing-column", (
        "The row lacks a column that the mapping reads: the trust changed its schema. Correct the mapping, then `mainstem stack reread`.")
    NO_PATIENT = "no-patient", "The row names no patient. Ask the source to file it under one; a corrected row comes by itself."
    NO_KEY = "no-key", "A column of the record's id is empty. Ask the source about the row; correct the mapping if the id is wrong."
    NO_BEFORE = "no-before", (
        "A delete without the row it deleted, which stays in its record: set REPLICA IDENTITY FULL on the table, for those that follow, "
        "then `mainstem stack missing`, for those before.")
    MOVE_UNSEEN = "move-unseen", (
        "What the row says now was taken in. Without the row before nobody can tell whether it was filed under another patient, who would "
        "still show it: set REPLICA IDENTITY FULL on the table, for those that follow, then `mainstem stack missing`, for those before.")
    UNAVAILABLE_VALUE = "unavailable-value", (
        "A large value was not sent: set REPLICA IDENTITY FULL on the table, then `mainstem stack reread`.")
    TRUNCATED_TABLE = "truncated-table", (
        "The table was emptied with TRUNCATE, which names no rows: they stay in the records until `mainstem stack missing`.")
    BAD_ROW = "bad-row", (
        "The row is not of the shape the mapping expects. Compare the table with the mapping, correct it, then `mainstem stack reread`.")
    TOO_LARGE = "too-large", (
        "What the item says of one record is larger than 4 MB. Have the source send a reference in its place, or split it.")
    READER_FAULT = "reader-fault", "The format's reader failed. This is a fault in Mainstem: report it with the raw position, then replay."
    # ignored
    TOMBSTONE = "tombstone", "Debezium's mark for compaction after a delete; the delete itself was taken in."
    HEARTBEAT = "heartbeat", "Debezium's own heartbeat: no row changed."
    TRANSACTION_MARK = "transaction-mark", "Begin or end of a transaction: no row changed."
    LOGICAL_MESSAGE = "logical-message", "A message the database wrote to its log for others: no row changed."
    IGNORED_TABLE = "ignored-table", "The mapping ignores this table and says why."
    IGNORED_ROW = "ignored-row", "The mapping ignores such rows and says why."
    NOTHING_SAID = "nothing-said", "No rule of the mapping has anything to say of this row."
