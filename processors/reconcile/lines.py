"""Facts of a person that follow each other: the same test, one time after another.

A kind places a fact on a line by its content (`Kind.line`) and may mark it by the one just before it (`Kind.follow`). Where a fact
stands is read from its content before that mark, so that a fact depends on the one before it and on no other. Facts stand by
moment, then by id.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from mainstem import kinds
from mainstem.kinds import Kind
from mainstem.kinds.facts import Previous, Terms
from processors.reconcile import guard
from processors.reconcile.derive import Fact, published


class Standing(NamedTuple):
    """Where a fact stands among the facts of its kind."""

    line: str
    moment: str


def has_lines(kind: str) -> bool:
    """Whether facts of this kind stand on lines at all."""
    found = kinds.BY_NAME.get(kind)
    return found is not None and type(found).line is not Kind.line


def standing(fact: Fact, terms: Terms) -> Standing | None:
    found = guard.spared(kinds.BY_NAME[fact.kind].line, fact.derived.content, terms, otherwise=None) if has_lines(fact.kind) else None
    return None if found is None else Standing(*found)


def rank(moment: str, fact: str) -> bytes:
    """Sorts as moments do, then fact ids."""
    return moment.encode() + b"\0" + fact.encode()


def unrank(data: bytes) -> Previous:
    moment, fact = data[:-33], data[-32:]
    return Previous(fact.decode(), moment.decode())


def follow(fact: Fact, before: Previous | None, terms: Terms) -> Fact:
    """The fact, given the one just before it on its line."""
    if before is None:
        return fact
    derived = guard.spared(kinds.BY_NAME[fact.kind].follow, fact.derived, before, terms, otherwise=fact.derived)
    if derived is fact.derived:
        return fact
    derived, content = published(derived)
    return replace(fact, derived=derived, content=content)


def aligned(facts: Iterable[Fact], terms: Terms) -> list[Fact]:
    """All facts of a person, each given the one before it."""
    found: list[Fact] = []
    lines: dict[tuple[str, str], list[tuple[bytes, Fact]]] = {}
    for fact in facts:
        stands = standing(fact, terms)
        if stands is None:
            found.append(fact)
        else:
            lines.setdefault((fact.kind, stands.line), []).append((rank(stands.moment, fact.fact), fact))
    for line in lines.values():
        found += _followed(sorted(line, key=_rank), terms)
    return found


def _followed(line: Sequence[tuple[bytes, Fact]], terms: Terms) -> list[Fact]:
    before = [None, *(unrank(place) for place, _ in line)]
    return [follow(fact, previous, terms) for (_, fact), previous in zip(line, before, strict=False)]


def _rank(placed: tuple[bytes, Fact]) -> bytes:
    return placed[0]
