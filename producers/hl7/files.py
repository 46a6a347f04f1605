"""HL7 v2 files: the messages in them, and each as a raw message, as `mainstem ingest hl7` publishes it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

from producers.contract import FORMAT_HEADER, SOURCE_HEADER, RawMessage
from producers.plain import plain
from producers.processing import Processing

SUFFIXES = (".hl7", ".er7", ".txt", ".out", ".msg")
"""What is taken from a folder, gzipped or not. A file named by itself is taken whatever its name."""
AUTHORITIES_HEADER = "mainstem-authorities"
"""Raw message header: assigning authorities (CX-4) of the source's own patient numbers."""
SEPARATOR = "~"
"""Between them. No authority holds one: in HL7 v2 it separates repeats."""
AUTHORITIES = re.compile(r"[^|^~&\\\s][^|^~&\\\r\n]*")
"""What one may be."""
_LINE = re.compile(rb"([^\r\n]*)(\r+\n|\r|\n|\Z)")
_START = re.compile(rb"MSH(?![A-Za-z0-9])")
_WRAPPER = re.compile(rb"(?:FHS|BHS|BTS|FTS)(?![A-Za-z0-9])")
"""File and batch headers and trailers (HL7 v2 chapter 2, batch protocol). They say nothing of a patient."""
_MARKS = b"\x0b\x1c\xef\xbb\xbf \t"
"""Frame of MLLP, UTF-8's byte order mark, blanks."""


def messages(data: bytes) -> list[bytes]:
    """The messages of a file, byte for byte; all of `data` where there is none.

    One begins at an MSH segment, and ends before the next, a blank line, the end of an MLLP frame or a batch segment. What follows
    a blank line and begins with no MSH is a message that cannot be read, and never a part of the one before: its PID is of another.
    """
    found: list[bytes] = []
    lines: list[bytes] = []
    for each in _LINE.finditer(data):
        bare = each[1].strip(_MARKS)
        wrapper = _WRAPPER.match(bare)
        if lines and (not bare or wrapper or _START.match(bare)):
            found.append(b"".join(lines))
            lines = []
        if bare and not wrapper:
            lines.append(each[0])
            if b"\x1c" in each[1]:
                found.append(b"".join(lines))
                lines = []
    return [*found, *([b"".join(lines)] if lines else [])] or [data]


def read_file(path: Path, source: str, authorities: Iterable[str] = (), processing: Processing = Processing.PRODUCTION) -> list[RawMessage]:
    """A file's messages, each with the topic `file:<sha256 of its bytes>`. Raises FileError."""
    headers = {FORMAT_HEADER: b"hl7", SOURCE_HEADER: source.encode(), **processing.headers}
    if named := SEPARATOR.join(sorted(set(authorities))):
        headers[AUTHORITIES_HEADER] = named.encode()
    return [_raw(each, headers) for each in messages(plain(path))]


def _raw(value: bytes, headers: dict[str, bytes]) -> RawMessage:
    digest = hashlib.sha256(value).hexdigest()
    return RawMessage(topic=f"file:{digest}", partition=0, offset=0, timestamp=0, key=digest.encode(), value=value, headers=headers)
