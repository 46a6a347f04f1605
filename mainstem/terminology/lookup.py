"""What the rest of Mainstem asks a terminology: agents, moieties, current concepts, classes. Pure look-up in a store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from mainstem.terminology import codes
from mainstem.terminology.statements import Concept, Level, Link
from mainstem.terminology.store import Store

NOT_CODED = "not-coded"
OTHER_SYSTEM = "other-system"
UNKNOWN_CODE = "unknown-code"
NO_ANSWER = "no-answer"
NONE_KNOWN = "none-known"
SEVERAL = "several"
REASONS: dict[str, str] = {
    NOT_CODED: "it carries text alone",
    OTHER_SYSTEM: "its codes are of other systems (EMIS, Read, local)",
    UNKNOWN_CODE: "its codes are not in this release",
    NO_ANSWER: "the release knows the code, and says nothing of what was asked",
    NONE_KNOWN: "it says that none is known, so there is no agent",
    SEVERAL: "its codings say different things",
}
"""Why the answer is `cannot tell`."""


class Answer(NamedTuple):
    """A canonical code, or why it cannot be told."""

    code: str | None
    reason: str = ""
    """Empty where there is a code, else one of REASONS."""


class Terminology:
    """One release. Satisfies `mainstem.kinds.facts.Terms`. A concept is a decoded `Coded`: `{"codes": [...], "text": ...}`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.release = f"{store.head.name}@{store.head.digest[:12]}"

    def agent(self, concept: dict[str, Any]) -> str | None:
        """The causative agent behind an allergy's coding: equal for finding, substance, salt, moiety and product of one agent."""
        return self._told(concept, self.store.agent)

    def agent_of(self, concept: dict[str, Any]) -> Answer:
        """`agent`, with the reason where it cannot be told."""
        rows = self._rows(concept)
        if isinstance(rows, str):
            return Answer(None, rows)
        found = {told for row in rows if (told := self.store.agent(row))}
        if not found and any(self.store.none_known(row) for row in rows):
            return Answer(None, NONE_KNOWN)
        return _answer(found)

    def moiety(self, concept: dict[str, Any]) -> str | None:
        """VTM of a medicine (AMPP, AMP, VMPP, VMP or VTM), or its VMP where that has none."""
        return self._told(concept, self.store.moiety)

    def moiety_of(self, concept: dict[str, Any]) -> Answer:
        rows = self._rows(concept)
        return Answer(None, rows) if isinstance(rows, str) else _answer({found for row in rows if (found := self.store.moiety(row))})

    def current(self, concept: dict[str, Any]) -> str | None:
        """The concept as coded today: code history followed."""
        return self._told(concept, self.store.current)

    def current_of(self, concept: dict[str, Any]) -> Answer:
        rows = self._rows(concept)
        return Answer(None, rows) if isinstance(rows, str) else _answer({self.store.current(row) for row in rows})

    def none_known(self, concept: dict[str, Any]) -> str | None:
        """The code of `no known allergy` or the narrower one said (716186003, 409137002 ...); None where it says nothing of the kind."""
        return self._told(concept, self.store.none_known)

    def form(self, concept: dict[str, Any]) -> str | None:
        """Dose form of a product, where the release tells one."""
        return self._of_product(concept, Link.FORM)

    def route(self, concept: dict[str, Any]) -> str | None:
        """Route of a product, where the release tells exactly one: else only the prescription knows."""
        return self._of_product(concept, Link.ROUTE)

    def parents(self, code: str) -> tuple[str, ...]:
        """Parent concepts and classes of a canonical code, sorted. Empty for a code that is unknown."""
        row = self._row(code)
        return () if row < 0 else tuple(sorted({str(target) for target in self.store.targets(row, Link.IS_A, Link.CLASS)}))

    def is_a(self, code: str, other: str) -> bool:
        """Whether `code` is `other` or, at any distance, one of it: amoxicillin is a penicillin."""
        seen, todo = set(), [code]
        while todo:
            at = todo.pop()
            if at == other:
                return True
            if at not in seen:
                seen.add(at)
                todo += self.parents(at)
        return False

    def concept(self, code: str) -> Concept | None:
        row = self._row(code)
        return None if row < 0 else self.store.concept(row)

    def _row(self, code: str) -> int:
        return self.store.row(int(code)) if code.isascii() and code.isdigit() and len(code) < 19 else -1

    def _told(self, concept: dict[str, Any], ask: Callable[[int], int]) -> str | None:
        """The one answer that all its known codings give. Says no reason, which takes half as long."""
        rows = self._rows(concept)
        if isinstance(rows, str):
            return None
        if len(rows) == 1:
            sole = ask(rows[0])
            return str(sole) if sole else None
        return _answer({found for row in rows if (found := ask(row))}).code

    def _rows(self, concept: dict[str, Any]) -> list[int] | str:
        """Rows of its codings that are known; else why there are none."""
        codings = concept.get("codes")
        if not isinstance(codings, (list, tuple)) or not codings:
            return NOT_CODED
        rows: list[int] = []
        reason = OTHER_SYSTEM
        for coding in codings:
            number = codes.number(coding)
            if number is not None:
                reason = UNKNOWN_CODE
                row = self.store.row(number)
                if row >= 0:
                    rows.append(row)
        return rows or reason

    def _of_product(self, concept: dict[str, Any], link: Link) -> str | None:
        rows = self._rows(concept)
        if isinstance(rows, str):
            return None
        return _answer({found for row in rows if (found := self._up(row, link))}).code

    def _up(self, row: int, link: Link) -> int:
        """The sole target of a product, or of what it is an actual product of. A VTM's own are not looked at: it has many forms."""
        row = self.store.row(self.store.current(row))
        for _ in range(len(Level)):
            if row < 0:
                return 0
            targets = self.store.targets(row, link)
            if targets:
                return targets[0] if len(targets) == 1 else 0
            further = self.store.targets(row, Link.ACTUAL_OF)
            row = self.store.row(further[0]) if len(further) == 1 else -1
        return 0


def _answer(found: set[int]) -> Answer:
    if len(found) == 1:
        return Answer(str(found.pop()))
    return Answer(None, SEVERAL if found else NO_ANSWER)
