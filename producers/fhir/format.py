"""The format `fhir` of the producers' contract: a raw message is a file, its items are the file's resources."""

from __future__ import annotations

from mainstem.model import RawRef
from mainstem.operations import Result
from producers.contract import EXPORTED_HEADER, MAX_ITEMS, SOURCE_HEADER, ItemResult, RawMessage
from producers.fhir.bundle import contents
from producers.fhir.content import resources, too_many
from producers.fhir.errors import UnreadableError
from producers.fhir.instants import utc
from producers.fhir.reader import UNNAMED, Origin, read
from producers.fhir.reasons import Reason
from producers.items import Read
from producers.processing import Processing


class FhirFormat:
    """Reads the files of one source, or with `source` None of whichever source each file names itself.

    The header `mainstem-source` of a message goes before both: it is what the operator said when the file was ingested. So is
    `mainstem-exported`, which holds for what says no version itself, and `mainstem-processing`: whether it is of production or of training.
    """

    name = "fhir"

    def __init__(self, source: str | None = None, incarnation: int = 0) -> None:
        self._source, self._incarnation = source, incarnation

    def read(self, message: RawMessage) -> list[ItemResult]:
        stated = message.headers.get(SOURCE_HEADER)
        source = stated.decode("utf-8", "replace") if stated else self._source
        source = None if source == UNNAMED else source     # its topic's name is no evidence
        raw = RawRef(message.topic, message.partition, message.offset)
        said = message.headers.get(EXPORTED_HEADER)
        origin = Origin(raw, source, self._incarnation, utc(said.decode("utf-8", "replace")) if said else None,
                        Processing.of(message.headers))
        return [each.as_result(raw, source or "") for each in items(message.value or b"", origin)]


def items(data: bytes, origin: Origin) -> list[Read]:
    """Every item of a file, of which there is always at least one: a file that cannot be read is one, and so is each bad line."""
    try:
        tops = resources(data)
        found = contents([top for top in tops if not isinstance(top, UnreadableError)])
    except UnreadableError as fault:
        return [_unreadable("", fault, origin)]
    bad = [_unreadable(f"line/{number}", top, origin) for number, top in enumerate(tops, 1) if isinstance(top, UnreadableError)]
    if len(bad) + len(found.items) > MAX_ITEMS:
        return [_unreadable("", too_many(), origin)]
    return bad + read(found, origin)


def _unreadable(item: str, fault: UnreadableError, origin: Origin) -> Read:
    return Read(item, "file", Result.QUARANTINED, Reason.UNREADABLE, str(fault), origin.source or "")
