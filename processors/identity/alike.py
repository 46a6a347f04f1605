"""Who is so alike that the machine may join them: only where the model release of an operator says so (`Thresholds.link`).

Of two persons every source patient of one must pass with every one of the other (`placing`): likeness is not transitive.
"""

from __future__ import annotations

from processors.identity.demographics import contradiction
from processors.identity.numbers import View
from processors.identity.offers import comparable
from processors.identity.scoring.fields import Fields
from processors.identity.scoring.score import Scorer


class Alike:
    """Answers are remembered: make a new one when claims have changed."""

    def __init__(self, view: View, scorer: Scorer) -> None:
        self._view, self._scorer = view, scorer
        self._fields: dict[str, Fields] = {}
        self._near: dict[str, frozenset[str]] = {}

    def near(self, subject: str) -> frozenset[str]:
        """Who passes with it, of those that share a candidate key."""
        found = self._near.get(subject)
        if found is None:
            sharing = {other for key in self._view.said(subject).candidate_keys for other in self._view.sharing(key)} - {subject}
            found = self._near[subject] = frozenset(other for other in sharing if self.passes(subject, other))
        return found

    def passes(self, one: str, other: str) -> bool:
        """Pseudo persons, and who says nothing of itself, never do."""
        ours, theirs = self._view.said(one).demographics, self._view.said(other).demographics
        if ours is None or theirs is None or ours.pseudo or theirs.pseudo:
            return False
        a, b = self._compared(one), self._compared(other)
        if self._scorer.score(a, b) < self._scorer.model.thresholds.automatic or self._scorer.relatives(a, b):
            return False
        return not (self._scorer.model.thresholds.families and contradiction(ours, theirs))

    def _compared(self, subject: str) -> Fields:
        found = self._fields.get(subject)
        if found is None:
            found = self._fields[subject] = comparable(self._view.said(subject), self._view)
        return found


def alike(view: View, scorer: Scorer) -> Alike | None:
    """None where the release links nobody."""
    return Alike(view, scorer) if scorer.model.thresholds.link else None
