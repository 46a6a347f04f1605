"""Bytes of a FHIR file to resources: JSON, XML or newline-delimited JSON, gzipped or not, within limits."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from collections import Counter
from itertools import islice
from typing import Any, NoReturn

from producers.contract import MAX_ITEMS
from producers.fhir import xml
from producers.fhir.errors import UnreadableError

LIMIT = 64 * 1024 * 1024
"""Bytes of a file once decompressed: a gzip bomb is refused before it fills memory."""
_GZIP = b"\x1f\x8b"
_TWICE = -1
"""Stands for the values of a name that stands in an object twice. As all numbers come as text, it is of no type, so that whoever reads it
finds the element at fault."""


def resources(data: bytes) -> list[dict[str, Any] | UnreadableError]:
    """The resources at the top of a file: one, or one for each line of an ndjson, where a bad line does not spoil the others.

    Numbers come as the text they were written as. Raises UnreadableError where nothing can be read.
    """
    if data.startswith(_GZIP):
        data = _decompress(data)
    if len(data) > LIMIT:
        raise UnreadableError(f"the file is larger than {LIMIT >> 20} MiB", "split it")
    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    if not data:
        raise UnreadableError("the file is empty", "export or copy it again")
    if data.startswith(b"<"):
        return [xml.read(data)]
    try:
        return [_object(data)]
    except UnreadableError:
        lines = list(islice((line for line in io.BytesIO(data) if line.strip()), MAX_ITEMS + 1))
        if len(lines) < 2 or not any(_is_resource(line) for line in lines):
            raise
        if len(lines) > MAX_ITEMS:
            raise too_many() from None
    return [_line(line, number) for number, line in enumerate(lines, 1)]


def too_many() -> UnreadableError:
    return UnreadableError(f"the file holds more than {MAX_ITEMS:,} resources", "split it by patient, and send the parts")


def _line(line: bytes, number: int) -> dict[str, Any] | UnreadableError:
    try:
        return _object(line)
    except UnreadableError as fault:
        return UnreadableError(f"line {number}: {fault.why}", fault.todo)


def _is_resource(line: bytes) -> bool:
    try:
        return "resourceType" in _object(line)
    except UnreadableError:
        return False


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data, parse_float=str, parse_int=str, parse_constant=_refuse, object_pairs_hook=_members)
    except json.JSONDecodeError as fault:
        raise UnreadableError(f"the JSON is not well-formed or is cut short (line {fault.lineno}, column {fault.colno})",
                              "export or copy the file again") from None
    except UnicodeDecodeError as fault:
        raise UnreadableError(f"byte {fault.start} is not UTF-8", "export the file as UTF-8") from None
    except RecursionError:
        raise UnreadableError("the JSON is nested deeper than any FHIR resource", "export the file again") from None
    if not isinstance(value, dict):
        raise UnreadableError("the JSON is not an object", "send a FHIR resource or Bundle")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object. Names are unique (FHIR R4, "JSON representation"): of one that stands there twice, either value would be lost."""
    found = dict(pairs)
    if len(found) < len(pairs):
        found |= {name: _TWICE for name, count in Counter(name for name, _ in pairs).items() if count > 1}
    return found


def _refuse(_: str) -> NoReturn:
    raise UnreadableError("the JSON has a number that is none (NaN or Infinity)", "leave the element out")


def _decompress(data: bytes) -> bytes:
    """All members of a gzip (RFC 1952, 2.2): files that were appended, or written in blocks, have several."""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as zipped:
            return zipped.read(LIMIT + 1)
    except EOFError:
        raise UnreadableError("the gzip stream is cut short", "copy the file again") from None
    except (zlib.error, gzip.BadGzipFile):
        raise UnreadableError("the gzip stream is damaged", "copy the file again") from None
