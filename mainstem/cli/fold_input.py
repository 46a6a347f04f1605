"""Files as `mainstem fold` takes them: Avro containers and JSON lines of assertions and claims, FHIR, each gzipped or not.

What is read does not depend on the order of the files, on their names, or on how often the same bytes lie about: every file is
known by the SHA-256 of its bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from mainstem import canonical, kinds
from mainstem.model import Assertion, Claim, Known, RawRef
from mainstem.operations import Result
from producers.processing import Processing
from schemas.codec import read_file

SUFFIXES = (".avro", ".json", ".jsonl", ".ndjson", ".xml")
"""What is taken from a folder, gzipped or not. A file named by itself is taken whatever its name."""
_GZIP, _AVRO = b"\x1f\x8b", b"Obj\x01"
_LONG = 1 << 63
_LIMIT = 1 << 31
"""Bytes that a gzipped file may unfold to."""


@dataclass(slots=True)
class Input:
    """What was read, and what could not be."""

    assertions: list[Known] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    ignored: int = 0
    """FHIR resources that say nothing by themselves, for documented reasons (docs/fhir.md)."""
    not_production: int = 0
    """Of these, test data."""
    faults: list[Fault] = field(default_factory=list)
    overtaken: set[tuple[str, str]] = field(default_factory=set)
    """File and item of the issues of a medicine for which a later one speaks."""


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One item that could not be taken in. Names places, never values."""

    file: str
    """`file:<sha256>`; the path where the file could not even be opened."""
    item: str
    reason: str
    todo: str
    path: str = ""
    """Where the file was found: for people, not in the JSON, which is the same wherever the files lie."""

    def __str__(self) -> str:
        return f"{self.path}{' ' + self.item if self.item else ''} ({self.reason}): {self.todo}"


def read(paths: Iterable[Path], source: str | None, exported: str | None = None, processing: Processing = Processing.PRODUCTION) -> Input:
    """Everything the paths hold. `source`, `exported`, `processing`: of FHIR files, where it is said of them. Never raises for what a file
    holds: see `Input.faults`."""
    from producers.fhir.files import headers

    found, said = Input(), headers(source, exported, processing)
    seen: set[str] = set()
    for path in listed(paths, found):
        try:
            data = path.read_bytes()
        except OSError as fault:
            found.faults.append(Fault(str(path), "", "unreadable", f"{fault.strerror or 'cannot be read'}: check the path", str(path)))
            continue
        digest = f"file:{hashlib.sha256(data).hexdigest()}"
        if digest not in seen:
            seen.add(digest)
            _File(path, digest, found).read(data, said)
    found.faults.sort()
    return found


def moment(value: Assertion | Claim) -> int:
    """When something from a file counts as known, milliseconds: the log's own time where it was kept, else what it says of itself."""
    if value.known is not None:
        return value.known
    if value.committed is not None:
        return value.committed
    for text in (value.position.partition("|")[0], value.recorded):
        found = time_of(text or "")
        if found is not None:
            return found
    return 0


def time_of(text: str) -> int | None:
    """Milliseconds of an ISO 8601 time or date; UTC where it has no zone. None where it is neither."""
    if len(text) < 10 or text[4:5] != "-":
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def listed(paths: Iterable[Path], found: Input) -> list[Path]:
    """The files of the paths, sorted; a folder that holds none is a fault."""
    files: set[Path] = set()
    for path in paths:
        if path.is_dir():
            inside = {each for each in path.rglob("*") if each.is_file() and each.name.lower().removesuffix(".gz").endswith(SUFFIXES)}
            if not inside:
                found.faults.append(Fault(str(path), "", "empty-folder", f"holds no {', '.join(SUFFIXES)} file: name another", str(path)))
            files |= inside
        else:
            files.add(path)
    return sorted(files)


class _File:
    """One file being read."""

    def __init__(self, path: Path, digest: str, found: Input) -> None:
        self._path, self._digest, self._found = path, digest, found

    def read(self, data: bytes, said: dict[str, bytes]) -> None:
        """`said`: the headers of its raw message."""
        try:
            plain = _unzipped(data)
        except (OSError, EOFError, ValueError):
            self._fault("", "unreadable", "the gzip stream is damaged or too large: fetch the file again")
            return
        if plain.startswith(_AVRO):
            self._avro(plain)
        elif _is_lines(plain):
            self._lines(plain)
        else:
            self._fhir(data, said)

    def _avro(self, data: bytes) -> None:
        count = 0
        try:
            for name, value in read_file(io.BytesIO(data)):
                count += 1
                if not isinstance(value, (Assertion, Claim, Known)):
                    self._fault("", "not-input", f"a container of {name}: give containers of Assertion, Claim or Known")
                    return
                self._take(value, f"record/{count}")
        except Exception as fault:  # fastavro raises whatever the damaged bytes lead it to
            why = f"the container is damaged or cut short ({type(fault).__name__}): write it again"
            self._fault(f"record/{count + 1}", "unreadable", why)

    def _lines(self, data: bytes) -> None:
        for number, line in enumerate(data.splitlines(), 1):
            if not line.strip():
                continue
            item = f"line/{number}"
            try:
                value = _decoded(line, RawRef(self._digest, 0, 0, item))
            except (TypeError, ValueError, RecursionError):
                self._fault(item, "unreadable", "the line is no Assertion, Claim or Known (mainstem/model.py names the fields)")
                continue
            self._take(value, item)

    def _fhir(self, data: bytes, said: dict[str, bytes]) -> None:
        from producers.contract import RawMessage
        from producers.fhir import FhirFormat
        from producers.fhir.reasons import Reason

        for one in FhirFormat().read(RawMessage(self._digest, 0, 0, 0, None, data, said)):
            if one.quarantined is not None:
                self._fault(one.outcome.item, one.quarantined.reason, one.quarantined.detail)
            self._found.ignored += one.outcome.result == Result.IGNORED
            self._found.not_production += one.outcome.reason == Reason.NOT_PRODUCTION
            if one.outcome.reason == Reason.EARLIER_ISSUE:
                self._found.overtaken.add((self._digest, one.outcome.item))
            for assertion in one.assertions:
                self._take(assertion, one.outcome.item)
            self._found.claims += one.claims

    def _take(self, value: Assertion | Claim | Known, item: str) -> None:
        if isinstance(value, Claim):
            self._found.claims.append(value)
            return
        known = value if isinstance(value, Known) else Known(value, moment(value), 0, 0)
        kind = kinds.BY_NAME.get(known.assertion.kind)
        if kind is None:
            self._fault(item, "unknown-kind", "the assertion is of no kind of mainstem/kinds: correct it, or add the kind")
            return
        try:
            msgspec.json.decode(known.assertion.content, type=kind.Content)
        except (ValueError, RecursionError):
            self._fault(item, "bad-content", f"the content is not of the shape that kind `{kind.name}` has: compare mainstem/kinds")
            return
        self._found.assertions.append(known)

    def _fault(self, item: str, reason: str, todo: str) -> None:
        self._found.faults.append(Fault(self._digest, item, str(reason), todo, str(self._path)))


def _unzipped(data: bytes) -> bytes:
    if not data.startswith(_GZIP):
        return data
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        plain = file.read(_LIMIT)
    if len(plain) == _LIMIT:
        raise ValueError("too large")
    return plain


def _is_lines(data: bytes) -> bool:
    """Whether one of the first lines is an assertion or claim of ours; a broken first line is no reason not to read the rest."""
    return any(_model_of(line) is not None for line in data[:1_000_000].splitlines()[:5])


def _model_of(line: bytes) -> type[Assertion | Claim | Known] | None:
    try:
        value = msgspec.json.decode(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or "resourceType" in value:
        return None
    names = value.keys()
    if "assertion" in names:
        return Known
    if {"record", "kind"} <= names:
        return Assertion
    return Claim if {"type", "body"} <= names else None


def _decoded(line: bytes, raw: RawRef) -> Assertion | Claim | Known:
    """`content` and `body` may be plain JSON in place of base64, and `raw` left out. Raises ValueError, TypeError, MsgspecError."""
    model = _model_of(line)
    if model is None:
        raise ValueError("no model of ours")
    value: dict[str, Any] = msgspec.json.decode(line)
    said = value["assertion"] if model is Known else value
    for name in ("content", "body"):
        if isinstance(said.get(name), dict):
            said[name] = canonical.encode(said[name])
    said.setdefault("raw", raw)
    found = msgspec.convert({**value, "assertion": said} if model is Known else said, model)
    if not -_LONG <= (found.assertion if isinstance(found, Known) else found).incarnation < _LONG:
        raise ValueError("incarnation is no Avro long")
    return found

