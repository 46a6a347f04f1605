"""Why two records are apart that should be one fact, or one fact that should be two: the class, and an example without content."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from mainstem import kinds
from mainstem.kinds.facts import Member, Terms

CONCEPTS: dict[str, tuple[str, ...]] = {
    "allergy": ("agent",), "medicine": ("product",), "problem": ("code",), "result": ("test",), "immunisation": ("procedure", "vaccine"),
    "observation": ("code",), "procedure": ("code",), "document": ("type",), "encounter": ("type", "reason"), "flag": ("code",),
    "referral": ("service",), "appointment": ("service",), "careplan": ("category",),
}
"""Kind -> the fields that say what the fact is about, the first one valued counts."""
TEXT_ALONE, NOT_SAID, OUTSIDE, CANNOT_TELL = "text alone", "no concept", "code outside the terminology", "known code, no key"


class Apart(NamedTuple):
    reason: str
    outside: bool
    """A code that the loaded terminology does not know is why."""
    example: str


def apart(one: Member, other: Member, terms: Terms) -> Apart:
    """Of two records that tell one fact, put into two."""
    keys = _key(one, terms), _key(other, terms)
    example = _example(one, other, *keys)
    if keys[0] is not None and keys[0] == keys[1]:
        return Apart("equal keys, apart by date", False, example)
    tellings = sorted({_telling(one, keys[0], terms), _telling(other, keys[1], terms)})
    return Apart(" / ".join(tellings), OUTSIDE in tellings, example)


def joined(one: Member, other: Member, meant: Mapping[str, Any], other_meant: Mapping[str, Any], terms: Terms) -> tuple[str, str]:
    """Of two records that tell two facts, put into one."""
    differ = sorted(name for name in meant.keys() | other_meant.keys() if meant.get(name) != other_meant.get(name))
    reason = f"facts that differ in {', '.join(differ)}" if differ else "facts that mean the same"
    return reason, _example(one, other, _key(one, terms), _key(other, terms))


def _telling(member: Member, key: str | None, terms: Terms) -> str:
    concept = next((value for name in CONCEPTS.get(member.kind, ()) if (value := member.content.get(name))), None)
    if not isinstance(concept, dict):
        return NOT_SAID
    if not concept.get("codes"):
        return TEXT_ALONE
    if terms.current(concept) is None:
        return OUTSIDE
    return CANNOT_TELL if key is None else "known code, another key"


def _key(member: Member, terms: Terms) -> str | None:
    return kinds.BY_NAME[member.kind].key(member.content, terms)


def _example(one: Member, other: Member, key: str | None, other_key: str | None) -> str:
    return " ~ ".join(f"{member.place.subject} {member.place.record}{'/' if member.place.item else ''}{member.place.item} [{found}]"
                      for member, found in ((one, key), (other, other_key)))
