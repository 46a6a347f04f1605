"""The members of a crowded key in order, kept in pieces of bounded size: what one more costs grows with the tree's depth alone.

Rows stand in leaves, sorted by first day and place; leaves hang on boughs, and boughs on other boughs, as many as it takes. Each piece
knows its runs of members that follow each other, in sums, and of each run the members that matter. Sums of hashes tell which
members a run has: where only one that does not matter came or went, no other member is looked at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from mainstem.kinds.facts import Place
from processors.keys import pack
from processors.lane.contract import State
from processors.reconcile import layout
from processors.reconcile.clusters import runs
from processors.reconcile.layout import Piece, Row, Run, Stem

LEAF = 64
"""Rows of a piece; what has more is parted."""
BOUGH = 32
"""Stems of a piece, or of the root; at least 3."""
_MASK = (1 << 64) - 1

Chosen = tuple[Run, list[Place]]
"""A run, and those of its members that matter."""


class Found(NamedTuple):
    """A run of one piece."""

    run: Run
    every: Callable[[], list[Place]]
    """Its members, or those of them that matter further down: whoever matters is among them."""


class Tree:
    """Of one key. `choose`: of members of one run those that matter."""

    def __init__(self, key: bytes, stems: list[Stem], following: int, state: State, gap: int | None,
                 choose: Callable[[Sequence[Place]], list[Place]]) -> None:
        """`following`: number of the next piece."""
        self.stems, self.following = stems, following
        self._key = key
        self._state = state
        self._gap = gap
        self._choose = choose
        self._pieces: dict[int, Piece] = {}

    @property
    def members(self) -> int:
        return sum([run.members for stem in self.stems for run in stem.runs])

    def find(self, place: Place) -> Row | None:
        first = -1
        if self._gap is not None:
            data = self._state.get(self._place_key(place))
            if data is None:
                return None
            first = layout.decode_day(data)
        stems, rows = self.stems, []
        while stems:
            piece = self._piece(stems[_at(stems, (first, place))].piece)
            stems, rows = piece.stems, piece.rows
        at = bisect_left(rows, (first, place))
        return rows[at] if at < len(rows) and rows[at].place == place and rows[at].first == first else None

    def rows(self) -> Iterator[Row]:
        """All, sorted."""
        yield from self._rows(self.stems)

    def alter(self, gone: Sequence[Row], came: Sequence[Row]) -> None:
        """Take rows out and put others in."""
        if self._gap is not None:
            for row in gone:
                self._state.delete(self._place_key(row.place))
            for row in came:
                self._state.put(self._place_key(row.place), layout.encode(row.first))
        if came and not self.stems:
            self.stems.append(self._sprout())
            self._pieces[self.stems[0].piece] = Piece()
        self._alter(self.stems, gone, came)
        while len(self.stems) > BOUGH:
            self.stems = [self._know(self._sprout(), Piece(stems=some), (), (), ()) for some in _parted(self.stems, BOUGH)]

    def found(self) -> list[Found]:
        """The runs of all members; undated ones join a sole run."""
        return self._joined(self.stems, join=True)

    def chosen(self, found: Found, before: Sequence[Chosen], gone: Sequence[Row], came: Sequence[Row]) -> list[Place]:
        """The members of a run that matter. `before`: runs as they were, each with those that mattered."""
        run = found.run
        new = [row for row in came if within(run, row)]
        for old, chosen in before:
            lost = [row for row in gone if within(old, row)]
            ident = old.ident - sum([row.ident for row in lost]) + sum([row.ident for row in new])
            if (ident - run.ident) & _MASK == 0 and old.members - len(lost) + len(new) == run.members:
                if {row.place for row in lost}.isdisjoint(chosen):
                    return self._choose([*{*chosen, *(row.place for row in new)}])
                break
        return self._choose(found.every())

    def fell(self) -> None:
        """Take all of it out of state."""
        if self._gap is not None:
            for row in self.rows():
                self._state.delete(self._place_key(row.place))
        self._fell(self.stems)

    def _alter(self, stems: list[Stem], gone: Sequence[Row], came: Sequence[Row]) -> None:
        touched: dict[int, tuple[list[Row], list[Row]]] = {}
        for which, rows in enumerate((gone, came)):
            for row in rows:
                touched.setdefault(_at(stems, (row.first, row.place)), ([], []))[which].append(row)
        for at in sorted(touched, reverse=True):
            stems[at:at + 1] = self._anew(stems[at], *touched[at])

    def _anew(self, stem: Stem, gone: list[Row], came: list[Row]) -> list[Stem]:
        """In place of a stem: itself, several where its piece has grown too big, none where nothing is left of it."""
        piece = self._piece(stem.piece)
        before = list(zip(stem.runs, piece.matters, strict=True))
        if piece.stems:
            self._alter(piece.stems, gone, came)
            pieces = [Piece(stems=some) for some in _parted(piece.stems, BOUGH)]
        else:
            for row in gone:
                del piece.rows[bisect_left(piece.rows, row)]
            for row in came:
                insort(piece.rows, row)
            pieces = [Piece(some) for some in _parted(piece.rows, LEAF)]
        if not pieces:
            self._state.delete(self._piece_key(stem.piece))
        return [self._know(stem if index == 0 else self._sprout(), each, before, gone, came) for index, each in enumerate(pieces)]

    def _know(self, stem: Stem, piece: Piece, before: Sequence[Chosen], gone: Sequence[Row], came: Sequence[Row]) -> Stem:
        """Have a stem and its piece know what is beneath them."""
        found = self._joined(piece.stems) if piece.stems else self._runs(piece.rows)
        stem.low = piece.stems[0].low if piece.stems else (piece.rows[0].first, piece.rows[0].place)
        stem.runs = [each.run for each in found]
        piece.matters = [self.chosen(each, before, gone, came) for each in found]
        self._pieces[stem.piece] = piece
        self._state.put(self._piece_key(stem.piece), layout.encode(piece))
        return stem

    def _runs(self, rows: list[Row]) -> list[Found]:
        """Of a leaf."""
        parted = [[rows[index] for index in indexes]
                  for indexes in runs([(row.first, row.last) for row in rows], self._gap, join=False)]
        return [Found(_sum_rows(run), partial(_places, run)) for run in parted]

    def _joined(self, stems: list[Stem], *, join: bool = False) -> list[Found]:
        """Of what hangs on stems together."""
        parts = [(run, stem.piece, at) for stem in stems for at, run in enumerate(stem.runs)]
        joined = [[parts[index] for index in indexes] for indexes in runs([part[0][:2] for part in parts], self._gap, join=join)]
        return [Found(_sum([part[0] for part in each]), partial(self._mattering, [part[1:] for part in each])) for each in joined]

    def _mattering(self, pieces: list[tuple[int, int]]) -> list[Place]:
        """Of runs (piece, which one of it) the members that matter."""
        return [place for number, at in pieces for place in self._piece(number).matters[at]]

    def _rows(self, stems: list[Stem]) -> Iterator[Row]:
        for stem in stems:
            piece = self._piece(stem.piece)
            yield from piece.rows
            yield from self._rows(piece.stems)

    def _fell(self, stems: list[Stem]) -> None:
        for stem in stems:
            self._fell(self._piece(stem.piece).stems)
            self._state.delete(self._piece_key(stem.piece))

    def _sprout(self) -> Stem:
        number, self.following = self.following, self.following + 1
        return Stem(number, (-1, Place("", "")), [])

    def _piece(self, number: int) -> Piece:
        found = self._pieces.get(number)
        if found is None:
            data = self._state.get(self._piece_key(number))
            if data is None:
                raise LookupError("state holds a crowded key of which a piece is missing; it is damaged: restore it from the changelog")
            found = self._pieces[number] = layout.decode_piece(data)
        return found

    def _piece_key(self, number: int) -> bytes:
        return b"c" + self._key + pack(str(number))

    def _place_key(self, place: Place) -> bytes:
        return b"w" + self._key + pack(*place)


def within(run: Run, row: Row) -> bool:
    return run.undated if row.first < 0 else run.first <= row.first <= run.last


def _at(stems: list[Stem], where: tuple[int, Place]) -> int:
    return max(bisect_right(stems, where, key=_low) - 1, 0)


def _low(stem: Stem) -> tuple[int, Place]:
    return stem.low


def _places(rows: list[Row]) -> list[Place]:
    return [row.place for row in rows]


def _parted(items: list[Any], most: int) -> list[list[Any]]:
    size = len(items) if len(items) <= most else (most + 1) // 2
    return [items[start:start + size] for start in range(0, len(items), size)] if items else []


def _sum_rows(rows: Sequence[Row]) -> Run:
    """Of one leaf: all dated, or none."""
    return Run(rows[0].first, max([row.last for row in rows]), rows[0].first < 0, len(rows), sum([row.winners for row in rows]),
               sum([row.behind for row in rows]) & _MASK, sum([row.ident for row in rows]) & _MASK)


def _sum(parts: Sequence[Run]) -> Run:
    if len(parts) == 1:
        return parts[0]
    dated = [part for part in parts if part.first >= 0] or parts
    return Run(dated[0].first, max([part.last for part in dated]), any(part.undated for part in parts),
               sum([part.members for part in parts]), sum([part.winners for part in parts]),
               sum([part.behind for part in parts]) & _MASK, sum([part.ident for part in parts]) & _MASK)
