"""A model on a linkage set whose truth is known, by the code that runs the stream: precision, recall, and what tasks add."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from msgspec.structs import replace

from mainstem import canonical
from mainstem.matching.people import Row, UnreadableError
from mainstem.model import Claim, RawRef
from processors.identity.alike import Alike
from processors.identity.claimed import Claimed
from processors.identity.linker import assign, review
from processors.identity.scoring.release import Model
from processors.identity.scoring.score import scorer

_KEY = b"measure"
_Pair = tuple[str, str]


class Measured(NamedTuple):
    """Pairs of source patients. `right` are true ones among those before it."""

    true: int
    compared: int
    """Share a candidate key; `reachable` are true."""
    reachable: int
    passing: int
    """From the automatic threshold on, each pair by itself."""
    right: int
    joined: int
    """In one person when the machine links: every pair of a person passes. `joined_right` are true."""
    joined_right: int
    offered: int
    """True ones that are not joined, and in a review task."""
    first: int
    """Of these, with the first candidate."""
    tasks: int
    source_patients: int

    @property
    def precision(self) -> float:
        return self.right / self.passing if self.passing else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.true if self.true else 1.0

    def rows(self) -> list[dict[str, str]]:
        def share(part: int, whole: int) -> str:
            return f"{part / whole:.4f}" if whole else "-"

        return [
            {"what": "pairs at the automatic threshold", "pairs": f"{self.passing:,}", "precision": share(self.right, self.passing),
             "recall": share(self.right, self.true)},
            {"what": "persons made: every pair of one passes", "pairs": f"{self.joined:,}",
             "precision": share(self.joined_right, self.joined), "recall": share(self.joined_right, self.true)},
            {"what": f"first candidates of {self.tasks:,} review tasks", "pairs": f"{self.first:,}", "precision": "",
             "recall": f"+{share(self.first, self.true)}"},
            {"what": "all that these tasks show", "pairs": f"{self.offered:,}", "precision": "",
             "recall": f"+{share(self.offered, self.true)}"},
            {"what": "compared at all (share a candidate key)", "pairs": f"{self.compared:,}", "precision": "",
             "recall": share(self.reachable, self.true)},
        ]


def measure(rows: Sequence[Row], model: Model) -> Measured:
    """Raises UnreadableError where no two rows are of one human."""
    humans: dict[str, str] = {f"set|{place:07d}": row.human for place, row in enumerate(rows) if row.human}
    true = _within(humans)
    if not true:
        raise UnreadableError("nothing says which rows are one human: give a column `human`")
    model = replace(model, thresholds=replace(model.thresholds, link=True))
    claims = [claim for place, row in enumerate(rows) for claim in _claims(f"{place:07d}", row)]
    view = Claimed(claims)
    alike = Alike(view, scorer(model))
    compared = {_ordered(one, other) for one in view.evidence for key in view.said(one).candidate_keys
                for other in view.sharing(key) if other != one}
    passing = {_ordered(one, other) for one in view.evidence for other in alike.near(one)}
    placed = assign(claims, _KEY, model)
    joined = _within({subject: found.person for subject, found in placed.items()})
    first, offered = set[_Pair](), set[_Pair]()
    tasks = review(claims, _KEY, model)
    members = _groups({subject: found.person for subject, found in placed.items()})
    for task in tasks:
        for at, person in enumerate(task.persons[1:]):
            pairs = {_ordered(a, b) for a in members[task.persons[0]] for b in members[person] if a != b} - joined
            offered |= pairs
            if at == 0:
                first |= pairs
    return Measured(len(true), len(compared), len(compared & true), len(passing), len(passing & true), len(joined), len(joined & true),
                    len(offered & true), len(first & true), len(tasks), len(rows))


def _claims(patient: str, row: Row) -> Iterable[Claim]:
    body = {"family": row.who.family, "given": list(row.who.given), "birth_date": row.who.birth_date, "gender": row.who.gender,
            "postcode": row.who.postcode, "address": list(row.who.address)}
    yield Claim(source="set", patient=patient, type="demographics", position="1", body=canonical.encode(body), raw=RawRef("set", 0, 0))
    for number, verification in row.carried:
        said = canonical.encode({"nhs_number": number, "verification": verification})
        yield Claim(source="set", patient=patient, type="carries-number", position="1", body=said, raw=RawRef("set", 0, 0))


def _groups(of: dict[str, str]) -> dict[str, list[str]]:
    found: defaultdict[str, list[str]] = defaultdict(list)
    for member, group in of.items():
        found[group].append(member)
    return found


def _within(of: dict[str, str]) -> set[_Pair]:
    return {_ordered(a, b) for members in _groups(of).values() for a, b in combinations(members, 2)}


def _ordered(one: str, other: str) -> _Pair:
    return (one, other) if one < other else (other, one)
