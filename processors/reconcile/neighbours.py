"""Lines kept up to date: where the batch's facts stand now, and which other facts have another one before them than they had.

The cost of a moved fact is a few look-ups beside it, however long its line is.
"""

from __future__ import annotations

from mainstem.kinds.facts import Previous, Terms
from processors.keys import pack, unpack
from processors.lane.contract import State
from processors.reconcile import layout, lines
from processors.reconcile.derive import Fact, Group
from processors.reconcile.layout import Origin
from processors.reconcile.lines import Standing
from processors.reconcile.person import Person
from processors.reconcile.publish import Rows


class Neighbours:
    """`align` once a batch: then `stands` tells where the facts of the batch stand."""

    def __init__(self, person: Person, rows: Rows, state: State, terms: Terms) -> None:
        self.stands: dict[str, Standing] = {}
        self._groups = person.groups
        self._prefix = b"l" + person.key
        self._rows = rows
        self._state = state
        self._terms = terms
        self._taken: set[bytes] = set()
        self._following: dict[bytes, bytes] = {}
        """Key of a place -> key of the place just before it, as far as that was taken in this batch."""

    def align(self) -> None:
        """Move the touched facts on their lines, and give to each of them and to each that follows one that moved the one before it."""
        touched = self._groups.touched
        on_lines = [name for name, now in touched.items() if lines.has_lines(now.kind)]
        if not on_lines:
            return
        moved = [place for name in on_lines for place in self._move(name)]
        self._draw_in(moved)
        for name, stands in self.stands.items():
            fact = touched[name]
            if isinstance(fact, Fact):
                touched[name] = lines.follow(fact, self._before(fact, stands), self._terms)

    def _move(self, name: str) -> list[tuple[bytes, bytes]]:
        """Write where a fact stands; the places (line, key) that it left or took."""
        now = self._groups.touched[name]
        row = self._rows.get(name)
        before = Standing(*row.stands) if row is not None and row.stands is not None else None
        after = lines.standing(now, self._terms) if isinstance(now, Fact) else None
        if after is not None:
            self.stands[name] = after
        if before == after:
            return []
        moved = []
        if before is not None:
            moved.append(self._place(now.kind, before, name))
            self._state.delete(moved[-1][1])
        if after is not None and isinstance(now, Fact):
            moved.append(self._place(now.kind, after, name))
            self._taken.add(moved[-1][1])
            self._state.put(moved[-1][1], layout.encode(Origin(now.of.key, now.of.place)))
        return moved

    def _draw_in(self, moved: list[tuple[bytes, bytes]]) -> None:
        """The facts that follow a place that was left or taken."""
        followers: dict[str, tuple[Group, Standing]] = {}
        for line, key in moved:
            pair = self._state.after(key, line)
            if pair is None:
                continue
            if key in self._taken:
                self._following[pair[0]] = key
            found = lines.unrank(pair[0][len(line):])
            if found.fact not in self._groups.touched:
                origin = layout.decode_origin(pair[1])
                kind, name = _kind_and_line(line)
                followers[found.fact] = Group(kind, origin.key, origin.place), Standing(name, found.moment)
        self._rows.load(followers)
        for fact, (of, stands) in followers.items():
            self._groups.touched[fact] = self._groups.fact(of, fact)
            self.stands[fact] = stands

    def _before(self, fact: Fact, stands: Standing) -> Previous | None:
        line, key = self._place(fact.kind, stands, fact.fact)
        before = self._following.get(key)
        if before is None:
            pair = self._state.before(key, line)
            before = None if pair is None else pair[0]
        return None if before is None else lines.unrank(before[len(line):])

    def _place(self, kind: str, stands: Standing, fact: str) -> tuple[bytes, bytes]:
        line = self._prefix + pack(kind, stands.line)
        return line, line + lines.rank(stands.moment, fact)


def _kind_and_line(line: bytes) -> list[str]:
    return unpack(line[1:])[1:]
