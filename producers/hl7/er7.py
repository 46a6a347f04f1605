r"""HL7 v2 in its ER7 encoding, taken apart: segments, fields, repeats, components, escapes (HL7 v2.x chapter 2).

Two values are not text: `None`, the field says nothing; `CLEARED` (`""` on the wire), the source takes back what it had said.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

CLEARED: Final = '""'
_WINDOWS = "cp1252"
"""What systems mean that say Latin-1, or nothing: apostrophes of word processors (O\u2019Brien) are control characters in Latin-1."""
_CHARSETS = {"ASCII": "ascii", "UNICODE UTF-8": "utf-8", "UNICODE": "utf-8", "8859/1": _WINDOWS,
             **{f"8859/{part}": f"iso8859-{part}" for part in (*range(2, 10), 15)}}
"""MSH-18, HL7 table 0211."""
_SEGMENT = "[A-Z][A-Z0-9]{2}"


class NotER7Error(ValueError):
    """The bytes are no HL7 v2 message. `why` names no value."""

    def __init__(self, why: str) -> None:
        super().__init__(f"this is no HL7 v2 message: {why}; look at what wrote it to the raw topic")
        self.why = why


@dataclass(frozen=True, slots=True)
class Separators:
    """MSH-1 and MSH-2, and the character set in which escapes spell bytes."""

    field: str = "|"
    component: str = "^"
    repeat: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"
    charset: str = "utf-8"


@dataclass(frozen=True, slots=True)
class Repeat:
    """One repeat of a field: its components, each with its first subcomponent only."""

    components: tuple[str, ...]
    separators: Separators

    def component(self, number: int) -> str | None:
        """Counted from 1, unescaped. None where it says nothing, also where the field is not so long."""
        text = self.components[number - 1] if number <= len(self.components) else ""
        if text == CLEARED:
            return CLEARED
        return unescaped(text.split(self.separators.subcomponent)[0], self.separators).strip() or None


@dataclass(frozen=True, slots=True)
class Segment:
    name: str
    fields: tuple[str, ...]
    """From field 1 on, as on the wire. Of MSH too: its field 1 is the separator."""
    separators: Separators

    def repeats(self, number: int) -> list[Repeat]:
        """Of a field counted from 1; those that are empty are left out."""
        text = self.fields[number - 1] if number <= len(self.fields) else ""
        return [Repeat(tuple(each.split(self.separators.component)), self.separators)
                for each in text.split(self.separators.repeat) if each.strip(self.separators.component)]

    def value(self, number: int, component: int = 1) -> str | None:
        """A component of the field's first repeat."""
        repeats = self.repeats(number)
        return repeats[0].component(component) if repeats else None


@dataclass(frozen=True, slots=True)
class Message:
    segments: tuple[Segment, ...]

    @property
    def head(self) -> Segment:
        return self.segments[0]

    def of(self, name: str) -> Sequence[Segment]:
        return [each for each in self.segments if each.name == name]


def parse(data: bytes) -> Message:
    """Raises NotER7Error. Segments may end with CR (the standard), LF or both. Where the first ends with CR alone, a LF that no segment
    follows is text of its field: what people typed has line ends."""
    data = data.removeprefix(codecs.BOM_UTF8).lstrip(b"\x0b\r\n ")  # some files begin so; a frame of MLLP does
    if not data.startswith(b"MSH") or len(data) < 9:
        raise NotER7Error("it does not begin with an MSH segment")
    charset = _charset(data)
    text = _decoded(data, charset)
    marks = text[3:text.find(text[3], 4)]
    if len(set(marks)) < len(marks) or len(marks) < 4 or any(each.isalnum() or each.isspace() for each in marks):
        raise NotER7Error("MSH-1 and MSH-2 do not name five different separators")
    separators = replace(Separators(*marks[:5]), charset=charset)
    segments = []
    standard = re.match(r"[^\r\n]*\r+(?![\r\n])", text)
    for line in re.split(rf"\r+\n*|\n(?={_SEGMENT}{re.escape(separators.field)})" if standard else r"[\r\n]+", text):
        name, *fields = line.split(separators.field)
        if re.fullmatch(_SEGMENT, name):
            segments.append(Segment(name, tuple([separators.field, *fields] if name == "MSH" else fields), separators))
        elif line.strip("\x0b\x1c "):
            raise NotER7Error("a line in it is no segment")
    return Message(tuple(segments))


def unescaped(text: str, separators: Separators) -> str:
    r"""`\F\ \S\ \T\ \R\ \E\` are separators, `\Xhh..\` bytes in the message's character set, `\.br\` a new line; formatting (`\H\ \N\`) is
    left out."""
    mark = separators.escape
    if mark not in text:
        return text
    named = {"F": separators.field, "S": separators.component, "T": separators.subcomponent, "R": separators.repeat, "E": mark,
             ".br": "\n", "H": "", "N": ""}

    def plain(found: re.Match[str]) -> str:
        code = found[1]
        if re.fullmatch(r"X(?:[0-9A-Fa-f]{2})+", code):
            return _decoded(bytes.fromhex(code[1:]), separators.charset)
        return named.get(code, found[0])  # unknown: as it stands, rather than lost

    return re.sub(f"{re.escape(mark)}([^{re.escape(mark)}]*){re.escape(mark)}", plain, text)


def _charset(data: bytes) -> str:
    """By MSH-18. UTF-8 where it names none, or one of which nothing is known here."""
    fields = re.split(rb"[\r\n]", data, maxsplit=1)[0].split(data[3:4])
    named = fields[17].split(b"~")[0].decode("ascii", "replace").strip() if len(fields) > 17 else ""
    return _CHARSETS.get(named.upper(), "utf-8")


def _decoded(data: bytes, charset: str) -> str:
    """Where they are not in that, UTF-8; and Windows-1252 where they are not in that either."""
    for each in (charset, "utf-8", _WINDOWS):
        try:
            return data.decode(each)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")
