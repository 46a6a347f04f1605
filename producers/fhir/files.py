"""Files on disk as raw messages: what `mainstem ingest fhir` publishes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from producers.contract import EXPORTED_HEADER, FORMAT_HEADER, SOURCE_HEADER, RawMessage
from producers.fhir.errors import PathError
from producers.fhir.format import FhirFormat
from producers.processing import Processing

SUFFIXES = (".json", ".xml", ".ndjson", ".jsonl")
"""What is taken from a folder, gzipped or not. A file named by itself is taken whatever its name."""


def read_file(path: Path, source: str | None = None, exported: str | None = None,
              processing: Processing = Processing.PRODUCTION) -> RawMessage:
    """A file as a message, its topic `file:<sha256 of the bytes>`: the same bytes are the same message wherever they lie.

    `source`, `exported` (`when_exported`) and `processing` are what the operator says of it. Raises PathError.
    """
    try:
        value = path.read_bytes()
    except OSError as fault:
        raise PathError(str(path), fault.strerror or type(fault).__name__) from None
    digest = hashlib.sha256(value).hexdigest()
    return RawMessage(topic=f"file:{digest}", partition=0, offset=0, timestamp=0, key=digest.encode(), value=value,
                      headers=headers(source, exported, processing))


def headers(source: str | None, exported: str | None, processing: Processing) -> dict[str, bytes]:
    """Of a file's message: its format, and what the operator says of it."""
    said = {FORMAT_HEADER: FhirFormat.name, SOURCE_HEADER: source, EXPORTED_HEADER: exported}
    return {**{name: value.encode() for name, value in said.items() if value}, **processing.headers}


def listed(paths: Iterable[Path]) -> list[Path]:
    """The files of files and folders (searched through), each once, in order of path. Raises PathError where there is
    nothing to read."""
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            inside = [each for each in path.rglob("*") if each.is_file() and _is_fhir(each)]
            if not inside:
                raise PathError(str(path), "the folder holds no FHIR files")
            found.update(inside)
        elif path.exists():
            found.add(path)
        else:
            raise PathError(str(path), "there is no such file or folder")
    return sorted(found)


def _is_fhir(path: Path) -> bool:
    name = path.name.lower().removesuffix(".gz")
    return name.endswith(SUFFIXES)
