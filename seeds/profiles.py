"""Profiles: how hard the trusts make it. Each keeps at least the floor of `seeds.truth`, in different ways."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seeds.errors import UnknownProfileError


@dataclass(frozen=True, slots=True)
class Profile:
    """Rates are chances from 0 to 1: per person and source, per source patient, or per telling of a fact, as each says."""

    name: str
    what: str
    catalogue: str
    """Set of the catalogue."""
    wording: str
    """How free text is written: `plain`, `terse` (abbreviations, brand names, other order of words), `hurried` (see HURRIED),
    `label` (see LABELLED) or `prose` (see PROSE)."""
    presence: dict[str, float]
    """Per person: chance to be known to each source (a person known to none is registered with the practice)."""
    telling: float
    """Per source that could speak of a fact another one speaks of: chance that it does."""
    conflict: float
    """Per fact told by two or more: chance that one of them says otherwise."""
    local: dict[str, float]
    """Per telling: chance that it has the source's own code, or none."""
    undated: float
    """Per telling of something datable: chance of no date at all."""
    partial: float
    """Per dated telling, where the source can write it: chance of a year or a month only."""
    errors: dict[str, float]
    """Per source patient: chance of each identity error (see `seeds.registration`)."""
    twins: float
    newborns: float
    """Per household: chance that it has twins; that it has a mother with a newborn."""


EVERYDAY = Profile(
    name="everyday",
    what="an ordinary district: most people known to two organisations, errors as audits find them",
    catalogue="1",
    wording="plain",
    presence={"RXA/epr": 0.75, "A82038/gp": 0.93, "RXC/community": 0.35},
    telling=0.85,
    conflict=0.36,
    local={"RXA/epr": 0.05, "A82038/gp": 0.06, "RXC/community": 0.7},
    undated=0.06,
    partial=0.15,
    errors={"typo": 0.006, "wrong": 0.004, "missing": 0.015, "shared": 0.003, "duplicate": 0.01},
    twins=0.008,
    newborns=0.01,
)
MESSY = Profile(
    name="messy",
    what="years of re-keying: many identity errors, local codes, contradictions and undated entries",
    catalogue="1",
    wording="plain",
    presence={"RXA/epr": 0.85, "A82038/gp": 0.9, "RXC/community": 0.55},
    telling=0.85,
    conflict=0.55,
    local={"RXA/epr": 0.2, "A82038/gp": 0.25, "RXC/community": 0.9},
    undated=0.15,
    partial=0.3,
    errors={"typo": 0.03, "wrong": 0.02, "missing": 0.05, "shared": 0.015, "duplicate": 0.05},
    twins=0.03,
    newborns=0.03,
)
UNSEEN = Profile(
    name="unseen",
    what="another district: other codes, overlaps, spellings and formats, for rules that were not written on it",
    catalogue="2",
    wording="terse",
    presence={"RXA/epr": 0.8, "A82038/gp": 0.88, "RXC/community": 0.6},
    telling=0.9,
    conflict=0.34,
    local={"RXA/epr": 0.12, "A82038/gp": 0.03, "RXC/community": 0.5},
    undated=0.09,
    partial=0.4,
    errors={"typo": 0.01, "wrong": 0.008, "missing": 0.03, "shared": 0.002, "duplicate": 0.02},
    twins=0.015,
    newborns=0.004,
)
HURRIED = replace(
    MESSY,
    name="hurried",
    what="as messy, and written in a hurry: capitals, salts, Latin, a reaction before its cause, a first of January 1900 for no date",
    wording="hurried",
    local={"RXA/epr": 0.2, "A82038/gp": 0.25, "RXC/community": 0.95},
)
LABELLED = replace(
    UNSEEN,
    name="labelled",
    what="as unseen, with instructions as dispensing labels print them, whole names of products, and allergies as history",
    wording="label",
)
PROSE = Profile(
    name="prose",
    what="a third district: brands, patches, insulins, combinations and classes, each organisation with its own words, in sentences",
    catalogue="3",
    wording="prose",
    presence={"RXA/epr": 0.7, "A82038/gp": 0.95, "RXC/community": 0.5},
    telling=0.88,
    conflict=0.4,
    local={"RXA/epr": 0.25, "A82038/gp": 0.1, "RXC/community": 0.6},
    undated=0.08,
    partial=0.3,
    errors={"typo": 0.008, "wrong": 0.006, "missing": 0.02, "shared": 0.003, "duplicate": 0.03},
    twins=0.01,
    newborns=0.006,
)
PROFILES: dict[str, Profile] = {profile.name: profile for profile in (EVERYDAY, MESSY, UNSEEN, HURRIED, LABELLED, PROSE)}


def profile(name: str) -> Profile:
    """Raises UnknownProfileError."""
    if name not in PROFILES:
        raise UnknownProfileError(name, tuple(PROFILES))
    return PROFILES[name]
