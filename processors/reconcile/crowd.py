"""A key that very many records share: what one more costs depends on those that matter, not on how many there are.

Its members stand in a tree (`processors.reconcile.tree`), which knows their runs (`processors.reconcile.clusters`), and of each run
the members that its fact is derived from (`Kind.matters`). The runs at the root are the facts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from mainstem import canonical, kinds
from mainstem.kinds.facts import Member, Place, Terms
from processors.lane.contract import State
from processors.reconcile import layout
from processors.reconcile.clusters import UNDATED, span_of
from processors.reconcile.derive import Crowded, Fact, Group, crowded, matters
from processors.reconcile.entries import behind
from processors.reconcile.layout import Gathered, Row, Whole
from processors.reconcile.tree import Tree, within

LIMIT = 64
"""Members of a key that is kept whole."""
_MASK = (1 << 64) - 1


class Changed(NamedTuple):
    """What became of the facts of a crowded key."""

    facts: list[Fact]
    """New or changed."""
    ceased: list[tuple[Whole, list[Place]]]
    """With those of its members that left the key, sorted."""
    homes: dict[Place, str]
    """Fact of each member that joined, and of those that mattered to a fact that ceased."""


class Cast:
    """Members of one group, read once each. `joined`: in hand; `load`: others at places, as they are now."""

    def __init__(self, of: Group, joined: Mapping[Place, Member], load: Callable[[list[Place]], list[Member]], terms: Terms) -> None:
        self._of = of
        self._in_hand = dict(joined)
        self._load = load
        self._terms = terms

    def at(self, places: Sequence[Place]) -> list[Member]:
        missing = [place for place in places if place not in self._in_hand]
        if missing:
            self._in_hand |= {member.place: member for member in self._load(missing)}
        return [self._in_hand[place] for place in places]

    def mattering(self, places: Sequence[Place]) -> list[Place]:
        """Of the members of one fact those that matter."""
        return [member.place for member in matters(self._of, self.at(places), self._terms)]


class Crowd:
    """Of one group. `key`: what its rows in state are named by."""

    def __init__(self, of: Group, key: bytes, gathered: Gathered, state: State, cast: Cast, terms: Terms) -> None:
        self._of = of
        self._kind = kinds.BY_NAME[of.kind]
        self._cast = cast
        self._tree = Tree(key, gathered.stems, gathered.next, state, self._kind.gap, cast.mattering)
        self._wholes = gathered.wholes
        self._terms = terms

    @property
    def members(self) -> int:
        return self._tree.members

    def gathered(self) -> Gathered:
        return Gathered(stems=self._tree.stems, wholes=self._wholes, next=self._tree.following)

    def fact(self, name: str) -> Fact:
        """One that state has. Raises StopIteration."""
        whole = next(whole for whole in self._wholes if whole.fact == name)
        return crowded(self._of, self._cast.at(whole.matters), self._terms, Crowded(whole.run.behind, whole.run.winners))

    def places(self) -> dict[Place, str]:
        """Every member's fact."""
        return {row.place: self._whole_of(row).fact for row in self._tree.rows()}

    def change(self, joined: Mapping[Place, Member], left: Collection[Place], *, anew: bool) -> Changed:
        """Members that came or spoke again, and members that left. `anew`: their facts are derived anew, changed or not."""
        find = self._tree.find
        gone = [row for place in left if place not in joined and (row := find(place)) is not None]
        parted = list(gone)
        came, located = [], []
        for place, member in joined.items():
            before, after = find(place), self._row(member)
            located.append(after)
            if before != after or anew:
                gone += [] if before is None else [before]
                came.append(after)
        self._tree.alter(gone, came)
        facts, ceased = self._settle(gone, came, parted)
        located += [row for whole, _ in ceased for place in whole.matters if (row := find(place)) is not None]
        return Changed(facts, ceased, {row.place: self._whole_of(row).fact for row in located})

    def dissolve(self) -> None:
        """Take all of it out of state."""
        self._tree.fell()

    def _settle(self, gone: list[Row], came: list[Row], parted: list[Row]) -> tuple[list[Fact], list[tuple[Whole, list[Place]]]]:
        """The facts anew from the runs at the root."""
        before = self._wholes
        known = [(whole.run, whole.matters) for whole in before]
        same = {(whole.run.ident, whole.run.members): whole for whole in before}
        self._wholes, facts = [], []
        for found in self._tree.found():
            run = found.run
            whole = same.get((run.ident, run.members))
            if whole is None or any(within(run, row) for row in came):
                places = self._tree.chosen(found, known, gone, came)
                records = tuple((row.place.subject, row.place.record) for row in came if within(run, row))
                fact = crowded(self._of, self._cast.at(places), self._terms, Crowded(run.behind, run.winners, records))
                facts.append(fact)
                whole = Whole(fact.fact, run, places)
            self._wholes.append(whole)
        now = {whole.fact for whole in self._wholes}
        ceased = [(whole, sorted(row.place for row in parted if within(whole.run, row))) for whole in before if whole.fact not in now]
        return facts, ceased

    def _row(self, member: Member) -> Row:
        first, last = span_of(member, self._kind, self._terms) if self._kind.gap is not None else UNDATED
        said = sum([behind(known) for known in member.winners]) & _MASK
        told = [(a.kind, a.source, a.labels, a.recorded) for a in [known.assertion for known in member.winners]]
        ident = canonical.digest(layout.encode((member.place, first, last, said, told)))
        return Row(first, member.place, last, len(member.winners), said, int.from_bytes(ident[:8], "big"))

    def _whole_of(self, row: Row) -> Whole:
        return next(whole for whole in self._wholes if within(whole.run, row))
