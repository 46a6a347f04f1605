"""What a store or the state holds, against the fold and the entries' latest versions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from mainstem.verify.published import Latest
from mainstem.verify.report import Check, Fact, compare, named

Contents = Callable[[], Iterable[tuple[str, str, int, str]]]
"""A store's contents: person, fact, version, content digest (hex)."""


def check(name: str, contents: Iterable[tuple[str, str, int, str]], expected: Mapping[Fact, str], latest: Mapping[Fact, Latest]) -> Check:
    """Each current entry once, with the fold's content, at the version last published."""
    held: dict[Fact, tuple[int, str]] = {}
    twice: set[Fact] = set()
    for person, id_, version, digest in contents:
        fact = (person, id_)
        if fact in held:
            twice.add(fact)
        held[fact] = (version, digest)
    check = compare(Check(name), expected, {fact: digest for fact, (_, digest) in held.items()})
    for fact in twice:
        check.differs(f"{named(fact)} is held more than once", (*fact, "twice"))
    for fact in held.keys() & latest.keys():
        if (version := held[fact][0]) != latest[fact].version:
            check.differs(f"{named(fact)} is held at version {version}, and {latest[fact].version} is published", (*fact, "version"))
    return check
