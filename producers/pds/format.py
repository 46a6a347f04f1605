"""The format `pds` of the producers' contract: a raw message is a signal, or a FHIR Bundle of what PDS answered.

In such a Bundle `timestamp` says when PDS was asked, each entry's `request.url` (`Patient/<NHS number>`) for whom, and its `resource`
what the answer was. A signal of the Multicast Notification Service comes as a CloudEvent or as a Bundle with Parameters.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import orjson

from mainstem.model import RawRef
from mainstem.nhs_number import VERIFIED, verified
from producers.contract import FORMAT_HEADER, MAX_ITEMS, SOURCE_HEADER, ItemResult, RawMessage
from producers.fhir.instants import utc
from producers.items import Read, ignored, quarantined, taken
from producers.pds.identity import SOURCE, is_invalidated, is_patient, restricted, superseded, to_ask
from producers.pds.reasons import Reason
from producers.plain import plain

SUFFIXES = (".json", ".ndjson", ".jsonl")
"""What is taken from a folder, gzipped or not."""
_NUMBER_CHANGE = re.compile(rb'"nhs-number-change-\d+"')


class PdsFormat:
    """Whoever's topic it lies in, what PDS says is said by PDS: the source is `X26/pds`."""

    name = "pds"

    def read(self, message: RawMessage) -> list[ItemResult]:
        raw = RawRef(message.topic, message.partition, message.offset)
        return [each.as_result(raw) for each in items(message.value or b"", raw)]


def items(data: bytes, raw: RawRef) -> list[Read]:
    """A signal is one item, of a Bundle of answers each entry is (`entry/2` the second)."""
    try:
        value = orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
        if not isinstance(value, dict):
            return [quarantined("", "unknown", SOURCE, Reason.UNREADABLE)]
        return [_signal(value, data)] if _is_signal(value) else _answers(value, raw)
    except (orjson.JSONDecodeError, RecursionError):
        return [quarantined("", "unknown", SOURCE, Reason.UNREADABLE)]


def read_file(path: Path) -> list[RawMessage]:
    """A file's messages, one, or one a line where it is newline-delimited. Raises FileError."""
    data = plain(path)
    lines = [line for line in data.splitlines() if line.strip()]
    several = len(lines) > 1 and not _is_json(data) and any(_is_json(line) for line in lines)
    return [_raw(each) for each in (lines if several else [data])]


def _is_json(data: bytes) -> bool:
    try:
        orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError:
        return False
    return True


def _raw(value: bytes) -> RawMessage:
    digest = hashlib.sha256(value).hexdigest()
    headers = {FORMAT_HEADER: b"pds", SOURCE_HEADER: SOURCE.encode()}
    return RawMessage(topic=f"file:{digest}", partition=0, offset=0, timestamp=0, key=digest.encode(), value=value, headers=headers)


def _entries(value: dict[str, Any]) -> list[Any]:
    found = value.get("entry")
    return found if value.get("resourceType") == "Bundle" and isinstance(found, list) else []


def _resource(entry: Any) -> dict[str, Any]:
    found = entry.get("resource") if isinstance(entry, dict) else None
    return found if isinstance(found, dict) else {}


def _is_signal(value: dict[str, Any]) -> bool:
    return "specversion" in value or any(_resource(entry).get("resourceType") == "Parameters" for entry in _entries(value))


def _signal(value: dict[str, Any], data: bytes) -> Read:
    if to_ask(value):
        return ignored("", "signal", SOURCE, Reason.NUMBER_CHANGE)
    if _NUMBER_CHANGE.search(data):
        return quarantined("", "signal", SOURCE, Reason.NO_NUMBER)
    return ignored("", "signal", SOURCE, Reason.OTHER_SIGNAL)


def _answers(value: dict[str, Any], raw: RawRef) -> list[Read]:
    entries = _entries(value)
    if not entries:
        return [quarantined("", "unknown", SOURCE, Reason.NOT_PDS)]
    if len(entries) > MAX_ITEMS:
        return [quarantined("", "unknown", SOURCE, Reason.UNREADABLE, f"it holds more than {MAX_ITEMS:,} answers, split it")]
    given = value.get("timestamp")
    at = utc(given) if isinstance(given, str) else None
    return [_answer(entry, at, RawRef(raw.topic, raw.partition, raw.offset, f"entry/{number}")) for number, entry in enumerate(entries, 1)]


def _answer(entry: Any, at: str | None, raw: RawRef) -> Read:
    answer, asked = _resource(entry), _asked(entry)
    if asked is None:
        return quarantined(raw.item, "answer", SOURCE, Reason.NOT_ASKED)
    if not (is_patient(answer) or is_invalidated(answer)):
        return ignored(raw.item, "answer", SOURCE, Reason.NO_ANSWER)
    if at is None:
        return quarantined(raw.item, "answer", SOURCE, Reason.NO_TIME)
    claim = superseded(asked, answer, at, raw)
    if claim is not None:
        return taken(raw.item, "answer", SOURCE, (claim, *restricted(asked, answer, at, raw)))
    return quarantined(raw.item, "answer", SOURCE, Reason.NO_NUMBER)


def _asked(entry: Any) -> str | None:
    request = entry.get("request") if isinstance(entry, dict) else None
    url = request.get("url") if isinstance(request, dict) else None
    return verified(url.split("?")[0].rstrip("/").rsplit("/", 1)[-1], VERIFIED) if isinstance(url, str) else None
