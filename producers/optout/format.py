"""The format `optout` of the producers' contract: a raw message is a part of one check for opt-outs, as JSON.

    {"checked": "2026-11-25T09:30:00.000000Z", "first": 1, "asked": ["9990000018,", "9990000026,"], "returned": ["9990000018,"]}

`asked` are lines of the list that was sent, from line `first` on, as they stand there; `returned` those of the answer that are of these
numbers. The service gives back who has not opted out, and leaves out everybody else: for who is missing an opt-out stands.
"""

from __future__ import annotations

import hashlib
from typing import Any

import orjson

from mainstem.model import Claim, RawRef, Status
from mainstem.nhs_number import VERIFIED, verified
from producers.contract import FORMAT_HEADER, MAX_ITEMS, SOURCE_HEADER, ItemResult, RawMessage
from producers.fhir.instants import utc
from producers.items import Read, quarantined, taken
from producers.optout.reasons import Reason

SOURCE = "X26/opt-out"
"""NHS England, which keeps the opt-outs on the Spine."""
CHECK, OPTED_OUT, NOT_OPTED_OUT = "check", "opted out", "not opted out"
"""What the operator is shown of a message and of a line."""


class OptOutFormat:
    """Whoever's topic it lies in, what the service answers is said by NHS England: the source is `X26/opt-out`."""

    name = "optout"

    def read(self, message: RawMessage) -> list[ItemResult]:
        raw = RawRef(message.topic, message.partition, message.offset)
        return [each.as_result(raw) for each in items(message.value or b"", raw)]


def items(data: bytes, raw: RawRef) -> list[Read]:
    """Each line asked is one item (`line/7`), with a claim about its number; all of a message whose parts do not belong together is one."""
    value = _object(data)
    asked, returned, first, checked = _lines(value.get("asked")), _lines(value.get("returned")), value.get("first"), value.get("checked")
    if not asked or returned is None or not isinstance(first, int) or len(asked) > MAX_ITEMS:
        return [quarantined("", CHECK, SOURCE, Reason.UNREADABLE)]
    at = utc(checked) if isinstance(checked, str) else None
    if at is None:
        return [quarantined("", CHECK, SOURCE, Reason.NO_TIME)]
    numbers, admitted = [number_of(line) for line in asked], {number_of(line) for line in returned}
    if not admitted.issubset(number for number in numbers if number):
        return [quarantined("", CHECK, SOURCE, Reason.NOT_TOGETHER)]
    return [_line(number, number not in admitted, at, RawRef(raw.topic, raw.partition, raw.offset, f"line/{place}"))
            for place, number in enumerate(numbers, first)]


def message(checked: str, first: int, asked: list[str], returned: list[str]) -> RawMessage:
    """A part of a check, ready to publish. `checked`: UTC at fixed width."""
    value = orjson.dumps({"checked": checked, "first": first, "asked": asked, "returned": returned})
    digest = hashlib.sha256(value).hexdigest()
    headers = {FORMAT_HEADER: OptOutFormat.name.encode(), SOURCE_HEADER: SOURCE.encode()}
    return RawMessage(topic=f"file:{digest}", partition=0, offset=0, timestamp=0, key=digest.encode(), value=value, headers=headers)


def number_of(line: str) -> str | None:
    """Of a line of a list or of an answer: the NHS number, followed by an empty column or by nothing."""
    return verified(line.strip().rstrip(","), VERIFIED)


def _object(data: bytes) -> dict[str, Any]:
    """Empty where it is none."""
    try:
        value = orjson.loads(data)
    except (orjson.JSONDecodeError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _lines(value: Any) -> list[str] | None:
    return value if isinstance(value, list) and all(isinstance(line, str) for line in value) else None


def _line(number: str | None, stands: bool, at: str, raw: RawRef) -> Read:
    if number is None:
        return quarantined(raw.item, CHECK, SOURCE, Reason.NO_NUMBER)
    claim = Claim(source=SOURCE, patient=number, type="opted-out", ref=number, position=at, raw=raw,
                  status=Status.ASSERTED if stands else Status.RETRACTED)
    return taken(raw.item, OPTED_OUT if stands else NOT_OPTED_OUT, SOURCE, (claim,))
