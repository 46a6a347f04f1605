"""Why an entry is what it is, field by field: the value, who said so and when, the rule that decided, what lost. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mainstem.kinds.facts import OF_FACT, OF_LABELS, Rule
from mainstem.web import words
from mainstem.web.record import Item
from mainstem.web.shown import fields
from processors.reconcile.rules import BY_ID
from sinks.cache.record import Said


@dataclass(frozen=True, slots=True)
class Voice:
    """One assertion behind an entry, by its number there: 1, 2, 3 ..."""

    number: int
    said: Said[Any]

    @property
    def when(self) -> str:
        """When the source recorded it and when it was known here, in words."""
        recorded = f"recorded {words.date(self.said.recorded)}" if self.said.recorded else "when recorded is not said"
        return f"{recorded}, known here {words.moment(self.said.known)}"

    @property
    def raw(self) -> str:
        raw = self.said.raw
        return f"{raw.topic} partition {raw.partition} offset {raw.offset}{' item ' + raw.item if raw.item else ''}"

    @property
    def place(self) -> str:
        """Which of the source's records said it."""
        said = self.said
        return f"its patient {said.patient}, record {said.record}{', part ' + said.part if said.part else ''}, version {said.position}"


@dataclass(frozen=True, slots=True)
class Lost:
    """A value that a source gave and the entry does not show."""

    voice: Voice
    lines: tuple[str, ...]
    value: Any


@dataclass(frozen=True, slots=True)
class Explained:
    """One field. `voices` is empty where the rule worked the value out from all that was said; `shown` where only losers valued it."""

    field: str
    label: str
    shown: tuple[str, ...]
    value: Any
    voices: tuple[Voice, ...]
    rule: Rule | None
    lost: tuple[Lost, ...]


def voices(item: Item) -> tuple[Voice, ...]:
    return tuple(Voice(number, said) for number, said in enumerate(item.provenance, 1))


def explain(item: Item) -> tuple[Explained, ...]:
    """Fields in the order in which the kind declares them; ones that the entry does not show last."""
    said = voices(item)
    unshown = sorted({name for voice in said for name in voice.said.lost} - item.content.keys())
    return tuple(_field(item, name, said) for name in (*fields(item), *unshown))


def rules_of(found: Sequence[Explained]) -> tuple[Rule, ...]:
    """The rules that decided, each once, in the order of the fields."""
    return tuple({one.rule.id: one.rule for one in found if one.rule}.values())


def unnamed(item: Item) -> str:
    """How many more said something of it, and how to see them; empty where all are named."""
    if not item.unnamed:
        return ""
    who = "1 more record stands" if item.unnamed == 1 else f"{item.unnamed:,} more records stand"
    return (f"{who} behind this entry; what they say decides nothing that is shown. "
            "`mainstem record NHS_NUMBER --as-known-at now --explain` names every one.")


def alone(item: Item) -> Rule | None:
    """The rule by which it is a fact of its own, though it may be what another entry is."""
    return rule(item.rules[OF_FACT]) if OF_FACT in item.rules else None


def labelled(item: Item) -> Rule | None:
    """The rule by which it bears a label that no source gave it."""
    return rule(item.rules[OF_LABELS]) if OF_LABELS in item.rules else None


def rule(identity: str) -> Rule:
    return BY_ID.get(identity) or Rule(identity, "this version of Mainstem does not know the rule", "")


def as_data(item: Item) -> list[dict[str, Any]]:
    """For programs. `said_by` and `lost` name assertions by their place in the entry's `provenance`, from 0."""
    return [
        {
            "field": one.field,
            **({"value": one.value} if one.shown else {}),
            "said_by": [voice.number - 1 for voice in one.voices],
            "rule": one.rule._asdict() if one.rule else None,
            "lost": [{"provenance": lost.voice.number - 1, "value": lost.value} for lost in one.lost],
        }
        for one in explain(item)
    ]


def _field(item: Item, name: str, said: tuple[Voice, ...]) -> Explained:
    identity = item.rules.get(name) or item.rules.get("*")
    here = name in item.content
    return Explained(
        name,
        words.label(name),
        tuple(words.value(item.content[name], name)) if here else (),
        item.content.get(name),
        tuple(voice for voice in said if name in voice.said.fields),
        rule(identity) if identity else None,
        tuple(Lost(voice, tuple(words.value(voice.said.lost[name], name)), voice.said.lost[name]) for voice in said
              if name in voice.said.lost),
    )
