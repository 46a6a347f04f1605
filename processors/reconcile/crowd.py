"""A key that very many records share, kept in pieces: what one more costs depends on those that matter, not on how many there are.

Members stand in leaves, sorted by their first day and place. A leaf knows its runs of members that follow each other
(`processors.reconcile.clusters`), and of each run the members that its fact is derived from (`Kind.matters`); the runs of all leaves
together are the facts. Sums of hashes tell which members a run has: where only one that does not matter came or went, no other
member is looked at.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from mainstem import kinds
from mainstem.kinds.facts import Member, Place, Terms
from processors.keys import pack
from processors.lane.contract import State
from processors.reconcile import layout
from processors.reconcile.clusters import days, runs
from processors.reconcile.derive import Crowded, Fact, Group, crowded, matters
from processors.reconcile.entries import behind
from processors.reconcile.layout import Gathered, Leaf, Row, Run, Stem, Whole

LIMIT = 64
"""Members of a key that is kept whole."""
LEAF = 128
_MASK = (1 << 64) - 1


class Changed(NamedTuple):
    """What became of the facts of a crowded key."""

    facts: list[Fact]
    """New or changed."""
    ceased: list[tuple[Whole, list[Place]]]
    """With those of its members that left the key, sorted."""
    homes: dict[Place, str]
    """Fact of each member that joined, and of those that mattered to a fact that ceased."""


class Crowd:
    """Of one group. `key`: what its rows in state are named by. `load`: members at places, as they are now."""

    def __init__(self, of: Group, key: bytes, gathered: Gathered, state: State, load: Callable[[Iterable[Place]], list[Member]],
                 terms: Terms) -> None:
        self._of = of
        self._kind = kinds.BY_NAME[of.kind]
        self._key = key
        self._stems, self._wholes, self._next = gathered.stems, gathered.wholes, gathered.next
        self._state = state
        self._load = load
        self._terms = terms
        self._leaves: dict[int, Leaf] = {}

    @property
    def members(self) -> int:
        return sum([run.members for stem in self._stems for run in stem.runs])

    def gathered(self) -> Gathered:
        return Gathered(stems=self._stems, wholes=self._wholes, next=self._next)

    def fact(self, name: str) -> Fact:
        """One that state has. Raises StopIteration."""
        whole = next(whole for whole in self._wholes if whole.fact == name)
        return crowded(self._of, self._load(whole.matters), self._terms, Crowded(whole.run.behind, whole.run.winners))

    def places(self) -> dict[Place, str]:
        """Every member's fact."""
        return {row.place: self._whole_of(row).fact for stem in self._stems for row in self._leaf(stem.leaf).rows}

    def change(self, joined: Mapping[Place, Member], left: Collection[Place], *, anew: bool) -> Changed:
        """Members that came or spoke again, and members that left. `anew`: all are derived with other terms."""
        gone = [row for place in left if place not in joined and (row := self._find(place)) is not None]
        parted = list(gone)
        came, located = [], []
        for place, member in joined.items():
            before, after = self._find(place), self._row(member)
            located.append(after)
            if before != after or anew:
                gone += [] if before is None else [before]
                came.append(after)
        self._grow(gone, came)
        self._part(gone, came)
        facts, ceased = self._settle(gone, came, parted)
        located += [row for whole, _ in ceased for place in whole.matters if (row := self._find(place)) is not None]
        return Changed(facts, ceased, {row.place: self._whole_of(row).fact for row in located})

    def dissolve(self) -> None:
        """Take all of it out of state."""
        for stem in self._stems:
            for row in self._leaf(stem.leaf).rows:
                self._forget(row)
            self._state.delete(self._leaf_key(stem.leaf))

    def _settle(self, gone: list[Row], came: list[Row], parted: list[Row]) -> tuple[list[Fact], list[tuple[Whole, list[Place]]]]:
        """The facts anew from the runs of all leaves."""
        before = self._wholes
        known = [(whole.run, whole.matters) for whole in before]
        same = {(whole.run.ident, whole.run.members): whole for whole in before}
        parts = [(run, stem.leaf, at) for stem in self._stems for at, run in enumerate(stem.runs)]
        self._wholes, facts = [], []
        for indexes in runs([(part[0].first, part[0].last) for part in parts], self._kind.gap):
            run = _sum([parts[index][0] for index in indexes])
            whole = same.get((run.ident, run.members))
            if whole is None or any(_within(run, row) for row in came):
                pieces = [(parts[index][1], parts[index][2]) for index in indexes]
                found = self._choose(run, known, gone, came, lambda pieces=pieces: [  # type: ignore[misc]
                    place for leaf, at in pieces for place in self._leaf(leaf).matters[at]])
                records = tuple((row.place.subject, row.place.record) for row in came if _within(run, row))
                fact = crowded(self._of, found, self._terms, Crowded(run.behind, run.winners, records))
                facts.append(fact)
                whole = Whole(fact.fact, run, [member.place for member in found])
            self._wholes.append(whole)
        now = {whole.fact for whole in self._wholes}
        ceased = [(whole, sorted(row.place for row in parted if _within(whole.run, row))) for whole in before if whole.fact not in now]
        return facts, ceased

    def _choose(self, run: Run, before: Sequence[tuple[Run, list[Place]]], gone: list[Row], came: list[Row],
                every: Callable[[], list[Place]]) -> list[Member]:
        """The members of a run that matter. `before`: runs as they were, each with those that mattered; `every`: where all that matter
        are to be found."""
        new = [row for row in came if _within(run, row)]
        for old, chosen in before:
            lost = [row for row in gone if _within(old, row)]
            ident = old.ident - sum([row.ident for row in lost]) + sum([row.ident for row in new])
            if (ident - run.ident) & _MASK == 0 and old.members - len(lost) + len(new) == run.members:
                if {row.place for row in lost}.isdisjoint(chosen):
                    return matters(self._of, self._load({*chosen, *(row.place for row in new)}), self._terms)
                break
        return matters(self._of, self._load(every()), self._terms)

    def _grow(self, gone: list[Row], came: list[Row]) -> None:
        """Take rows out of leaves and put others in."""
        for row in gone:
            rows = self._leaf(self._stems[self._stem_of(row)].leaf).rows
            del rows[bisect_left(rows, row)]
            self._forget(row)
        if came and not self._stems:
            self._stems.append(self._sprout([]))
        for row in came:
            rows = self._leaf(self._stems[self._stem_of(row)].leaf).rows
            rows.insert(bisect_left(rows, row), row)
            if self._kind.gap is not None:
                self._state.put(self._place_key(row.place), layout.encode(row.first))

    def _part(self, gone: list[Row], came: list[Row]) -> None:
        """Have the leaves that were touched know their runs again, and part those that have grown too big."""
        touched: dict[int, list[Row]] = {self._stem_of(row): [] for row in came}
        for row in gone:
            touched.setdefault(self._stem_of(row), []).append(row)
        stems: list[Stem] = []
        for at, stem in enumerate(self._stems):
            leaf = self._leaves.get(stem.leaf)
            if at not in touched or leaf is None:
                stems.append(stem)
                continue
            rows, before = leaf.rows, list(zip(stem.runs, leaf.matters, strict=True))
            size = len(rows) if len(rows) <= LEAF else LEAF // 2
            pieces = [rows[start:start + size] for start in range(0, len(rows), size)] if rows else []
            if not pieces:
                self._state.delete(self._leaf_key(stem.leaf))
            for index, piece in enumerate(pieces):
                mine = stem if index == 0 else self._sprout(piece)
                self._know(mine, piece, before, touched[at], came)
                stems.append(mine)
        self._stems = stems

    def _know(self, stem: Stem, rows: list[Row], before: list[tuple[Run, list[Place]]], gone: list[Row], came: list[Row]) -> None:
        leaf = self._leaves[stem.leaf] = Leaf(rows)
        stem.low = rows[0].first, rows[0].place
        mine = [row for row in came if rows[0] <= row <= rows[-1]]
        stem.runs = []
        for indexes in runs([(row.first, row.last) for row in rows], self._kind.gap, join=False):
            run = _sum_rows([rows[index] for index in indexes])
            chosen = self._choose(run, before, gone, mine, lambda indexes=indexes: [rows[index].place for index in indexes])  # type: ignore[misc]
            stem.runs.append(run)
            leaf.matters.append([member.place for member in chosen])
        self._state.put(self._leaf_key(stem.leaf), layout.encode(leaf))

    def _sprout(self, rows: list[Row]) -> Stem:
        number, self._next = self._next, self._next + 1
        self._leaves[number] = Leaf(rows)
        return Stem(number, (rows[0].first, rows[0].place) if rows else (-1, Place("", "")), [])

    def _row(self, member: Member) -> Row:
        span = days(self._kind.span(member.content, self._terms)) if self._kind.gap is not None else None
        first, last = span or (-1, -1)
        said = sum([behind(known) for known in member.winners]) & _MASK
        told = [(a.kind, a.source, a.labels, a.recorded) for a in [known.assertion for known in member.winners]]
        ident = hashlib.sha256(layout.encode((member.place, first, last, said, told))).digest()
        return Row(first, member.place, last, len(member.winners), said, int.from_bytes(ident[:8], "big"))

    def _find(self, place: Place) -> Row | None:
        first = -1
        if self._kind.gap is not None:
            data = self._state.get(self._place_key(place))
            if data is None:
                return None
            first = layout.decode_day(data)
        if not self._stems:
            return None
        rows = self._leaf(self._stems[self._stem_at(first, place)].leaf).rows
        at = bisect_left(rows, (first, place))
        return rows[at] if at < len(rows) and rows[at].place == place and rows[at].first == first else None

    def _whole_of(self, row: Row) -> Whole:
        return next(whole for whole in self._wholes if _within(whole.run, row))

    def _stem_of(self, row: Row) -> int:
        return self._stem_at(row.first, row.place)

    def _stem_at(self, first: int, place: Place) -> int:
        return max(bisect_right(self._stems, (first, place), key=_low) - 1, 0)

    def _leaf(self, number: int) -> Leaf:
        if number not in self._leaves:
            data = self._state.get(self._leaf_key(number))
            if data is None:
                raise LookupError("state holds a crowded key of which a piece is missing; it is damaged: restore it from the changelog")
            self._leaves[number] = layout.decode_leaf(data)
        return self._leaves[number]

    def _forget(self, row: Row) -> None:
        if self._kind.gap is not None:
            self._state.delete(self._place_key(row.place))

    def _leaf_key(self, number: int) -> bytes:
        return b"c" + self._key + pack(str(number))

    def _place_key(self, place: Place) -> bytes:
        return b"w" + self._key + pack(*place)


def _low(stem: Stem) -> tuple[int, Place]:
    return stem.low


def _within(run: Run, row: Row) -> bool:
    return run.undated if row.first < 0 else run.first <= row.first <= run.last


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
