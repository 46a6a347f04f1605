"""The formats a raw topic may hold, one line each; the header `mainstem-format` of a message names its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from mainstem.model import RawRef
from mainstem.operations import Outcome, Quarantined, Result
from producers.contract import FORMAT_HEADER, Format, ItemResult, RawMessage
from producers.debezium import DebeziumFormat
from producers.reasons import Reason
from schemas import topics

if TYPE_CHECKING:
    from producers.mapping.rows import Mapping as TrustMapping

DEFAULT = "debezium"


def _fhir(source: str, mapping: TrustMapping | None) -> Format:
    from producers.fhir.format import FhirFormat  # its schemas take a while to load, and few sources send files
    return FhirFormat(source, mapping.incarnation if mapping else 0)


def _hl7(source: str, mapping: TrustMapping | None) -> Format:
    from producers.hl7.format import Hl7Format
    return Hl7Format(source, mapping.incarnation if mapping else 0)


def _optout(_source: str, _mapping: TrustMapping | None) -> Format:
    from producers.optout.format import OptOutFormat
    return OptOutFormat()


def _pds(_source: str, _mapping: TrustMapping | None) -> Format:
    from producers.pds.format import PdsFormat
    return PdsFormat()


FORMATS: dict[str, Callable[[str, TrustMapping | None], Format]] = {
    "debezium": DebeziumFormat,
    "fhir": _fhir,
    "hl7": _hl7,
    "optout": _optout,
    "pds": _pds,
}


class Reader:
    """Reads the messages of one source, each by the format it names."""

    def __init__(self, source: str, mapping: TrustMapping | None) -> None:
        self._source = source
        self._mapping = mapping
        self._made: dict[str, Format] = {}

    def read(self, message: RawMessage) -> list[ItemResult]:
        """Never raises: a format that fails on a message has a fault, and the message is quarantined for it."""
        name = _named(message.headers)
        chosen = self._made.get(name)
        if chosen is None:
            make = FORMATS.get(name)
            if make is None:
                return [_quarantined(message, self._source, Reason.UNKNOWN_FORMAT, "")]
            chosen = self._made[name] = make(self._source, self._mapping)
        try:
            return chosen.read(message)
        except Exception as fault:
            return [_quarantined(message, self._source, Reason.READER_FAULT, f"{name}: {type(fault).__name__}: ")]


class Readers:
    """Raw topic -> source and reader. That of a source without a mapping that is not named holds files, whose messages name theirs."""

    def __init__(self, mappings: Mapping[str, TrustMapping], sources: Iterable[str] = ()) -> None:
        self._of = {topics.raw(source).name: (source, Reader(source, mappings.get(source))) for source in (*mappings, *sources)}

    def of(self, topic: str) -> tuple[str, Reader]:
        found = self._of.get(topic)
        if found is None:
            found = self._of[topic] = ("", Reader("", None))
        return found


def _named(headers: Mapping[str, bytes]) -> str:
    given = headers.get(FORMAT_HEADER)
    return DEFAULT if given is None else given.decode("utf-8", "replace")


def _quarantined(message: RawMessage, source: str, reason: Reason, where: str) -> ItemResult:
    raw = RawRef(message.topic, message.partition, message.offset)
    return ItemResult(
        Outcome(offset=message.offset, result=Result.QUARANTINED, reason=reason.value),
        quarantined=Quarantined(stage="capture", raw=raw, source=source, reason=reason.value, detail=where + reason.todo))
