"""A release as one file: sorted columns of 64-bit integers, mapped into memory and searched by bisection.

| bytes | what |
|---|---|
| 8 | `MSTERMS1` |
| 4 | length of the head, little-endian |
| head | JSON: name, digest, counts, sources, and for each column its place, length and type |
| body | the columns, each at a multiple of 8 bytes |

The digest is SHA-256 of the body: equal content, equal digest, whatever the release is called.

A file stays readable for good, since the past is told with it: a column that came later is asked for nothing where a file lacks it, and an
older version of Mainstem does not look at it.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from mainstem.shelf import ReleaseError
from mainstem.terminology.derive import Answers, Deriver, relations_by_code
from mainstem.terminology.errors import StoreError
from mainstem.terminology.statements import Concept, Level, Link, Statements

_MAGIC = b"MSTERMS1"
_SIZE = struct.Struct("<I")
_COLUMNS = frozenset({
    "codes", "current", "agent", "moiety", "none_known", "route", "names", "named", "levels", "active", "starts", "link_of", "code_of",
    "target_of", "ends", "terms",
})
"""Without one of these it is no store. `holders` and `held`, and `sensitive`, came later."""


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a store says of itself."""

    name: str
    digest: str
    concepts: int
    relations: int
    refused: int
    sources: dict[str, str]
    """Format -> the files it was read from."""
    columns: dict[str, tuple[int, int, Literal["q", "b"]]]


def made(name: str, statements: Statements, sources: Mapping[str, str]) -> bytes:
    """The bytes of a store. The same statements give the same bytes, in whatever order they come."""
    deriver = Deriver(statements)
    codes = deriver.codes()
    relations = relations_by_code(deriver.links)
    starts, at = array("q"), 0
    for code in codes:
        while at < len(relations) and relations[at].code < code:
            at += 1
        starts.append(at)
    starts.append(len(relations))
    answers = [deriver.answers(code) for code in codes]
    names, held = deriver.names(statements.names), deriver.held()
    terms = [deriver.concepts[code].term.encode() if code in deriver.concepts else b"" for code in codes]
    ends = array("q", [0])
    for term in terms:
        ends.append(ends[-1] + len(term))
    listed = [deriver.concepts.get(code) for code in codes]
    columns = {
        "codes": array("q", codes), "current": array("q", (a.current for a in answers)), "agent": array("q", (a.agent for a in answers)),
        "moiety": array("q", (a.moiety for a in answers)), "none_known": array("q", (a.none_known for a in answers)),
        "route": array("q", (a.route for a in answers)),
        "names": array("q", (key for key, _ in names)), "named": array("q", (code for _, code in names)),
        "levels": array("b", (concept.level if concept else 0 for concept in listed)),
        "active": array("b", (concept is not None and concept.active for concept in listed)),
        "starts": starts, "link_of": array("b", (r.link for r in relations)), "code_of": array("q", (r.code for r in relations)),
        "target_of": array("q", (r.target for r in relations)), "ends": ends, "terms": array("b", b"".join(terms)),
        "holders": array("q", (moiety for moiety, _ in held)), "held": array("q", (agent for _, agent in held)),
        "sensitive": array("q", deriver.sensitive()),
    }
    body = bytearray()
    places: dict[str, tuple[int, int, Literal["q", "b"]]] = {}
    for column, values in columns.items():
        data = _little(values)
        places[column] = (len(body), len(data), "b" if values.itemsize == 1 else "q")
        body += data + bytes(-len(data) % 8)
    head = Head(name=name, digest=hashlib.sha256(body).hexdigest(), concepts=len(codes), relations=len(relations),
                refused=statements.refused, sources=dict(sorted(sources.items())), columns=places)
    written = msgspec.json.encode(head)
    written += b" " * (-(len(_MAGIC) + _SIZE.size + len(written)) % 8)
    return _MAGIC + _SIZE.pack(len(written)) + written + bytes(body)


def _little(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values = values[:]
        values.byteswap()
    return values.tobytes()


class Store:
    """Looks codes up. Safe to share between threads: nothing is ever written."""

    def __init__(self, data: bytes | mmap.mmap, place: str = "store") -> None:
        """Raises StoreError where `data` is no whole store."""
        if sys.byteorder == "big":
            raise ReleaseError("stores are little-endian and so must the machine be; run this on one that is")
        view = memoryview(data)
        start = len(_MAGIC) + _SIZE.size
        if len(view) < start or bytes(view[:len(_MAGIC)]) != _MAGIC:
            raise StoreError(place, "is no store of a terminology release")
        body = start + _SIZE.unpack(view[len(_MAGIC):start])[0]
        try:
            self.head = msgspec.json.decode(view[start:body], type=Head)
        except msgspec.DecodeError as fault:
            raise StoreError(place, "its head cannot be read") from fault
        self._place, self._body = place, view[body:]
        if len(self._body) < max((at + size for at, size, _ in self.head.columns.values()), default=0):
            raise StoreError(place, "is cut short")
        if not self.head.columns.keys() >= _COLUMNS:
            raise StoreError(place, "is of another version")
        column = {name: self._body[at:at + size].cast("B").cast(type_) for name, (at, size, type_) in self.head.columns.items()}
        self._codes, self._levels, self._active = column["codes"], column["levels"], column["active"]
        self._current, self._agent, self._moiety, self._none = (column[n] for n in ("current", "agent", "moiety", "none_known"))
        self._route, self._names, self._named = column["route"], column["names"], column["named"]
        self._starts, self._link_of, self._code_of, self._target_of = (column[n] for n in ("starts", "link_of", "code_of", "target_of"))
        self._ends, self._terms = column["ends"], column["terms"]
        self.tells_held = column.keys() >= {"holders", "held"}
        """Whether it says what moieties hold; not where an earlier version made it."""
        self._holders, self._held = (column["holders"], column["held"]) if self.tells_held else (self._codes[:0], self._codes[:0])
        self.tells_sensitive = "sensitive" in column
        """Whether it says which codes are sensitive; not where an earlier version made it."""
        self._sensitive = column["sensitive"] if self.tells_sensitive else self._codes[:0]
        self._size = len(self._codes)

    @classmethod
    def at(cls, path: Path) -> Store:
        """The store at `path`, mapped. Raises StoreError."""
        try:
            with path.open("rb") as file:
                return cls(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), str(path))
        except (OSError, ValueError) as fault:
            if isinstance(fault, StoreError):
                raise
            raise StoreError(str(path), "cannot be opened") from fault

    def check(self) -> None:
        """Raises StoreError where the content is not that of the digest. Reads it all, so not part of opening."""
        if hashlib.sha256(self._body).hexdigest() != self.head.digest:
            raise StoreError(self._place, "is damaged")

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[int]:
        return iter(self._codes)

    def row(self, code: int) -> int:
        """Where a code is; -1 where it is unknown."""
        row = bisect_left(self._codes, code)
        return row if row < self._size and self._codes[row] == code else -1

    def agent(self, row: int) -> int:
        return self._agent[row]

    def moiety(self, row: int) -> int:
        return self._moiety[row]

    def current(self, row: int) -> int:
        return self._current[row]

    def none_known(self, row: int) -> int:
        return self._none[row]

    def route(self, row: int) -> int:
        return self._route[row]

    def held(self, code: int) -> tuple[int, ...]:
        """The agents of the ingredients of a moiety, sorted, without its own; empty where it has no others or the file does not tell."""
        at = end = bisect_left(self._holders, code)
        while end < len(self._holders) and self._holders[end] == code:
            end += 1
        return tuple(self._held[at:end])

    def sensitive(self) -> frozenset[int]:
        """Rows of the codes that are sensitive."""
        return frozenset(self.row(code) for code in self._sensitive)

    def named(self, key: int) -> list[int]:
        """Rows of the codes that bear a name, by its key (`mainstem.kinds.names.key`)."""
        at = bisect_left(self._names, key)
        rows: list[int] = []
        while at < len(self._names) and self._names[at] == key:
            rows.append(self.row(self._named[at]))
            at += 1
        return [row for row in rows if row >= 0]

    def answers(self, row: int) -> Answers:
        return Answers(self._current[row], self._agent[row], self._moiety[row], self._none[row], self._route[row])

    def concept(self, row: int) -> Concept:
        term = self._terms[self._ends[row]:self._ends[row + 1]].tobytes().decode()
        return Concept(self._codes[row], Level(self._levels[row]), term, bool(self._active[row]))

    def links(self, row: int) -> list[tuple[Link, int]]:
        """Every relation of a code, sorted."""
        code = self._codes[row]
        return [(Link(self._link_of[at]), self._target_of[at]) for at in range(self._starts[row], self._starts[row + 1])
                if self._code_of[at] == code]

    def targets(self, row: int, *links: Link) -> tuple[int, ...]:
        return tuple(target for link, target in self.links(row) if link in links)
