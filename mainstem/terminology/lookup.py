"""What the rest of Mainstem asks a terminology: agents, moieties, current concepts, classes. Pure look-up in a store."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from mainstem.kinds.names import TAG, caused_by, doubted, forms, key, plain, spelled_out, without_salt
from mainstem.shelf import shown
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
    NOT_CODED: "it carries text alone, which is no name in this release",
    OTHER_SYSTEM: "its codes are of other systems (EMIS, Read, local), and its text is no name in this release",
    UNKNOWN_CODE: "its codes are not in this release, nor its text as a name",
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


Ways = Literal["exact", "product", "cause"]
"""How far a text is taken apart to find a name in it: not at all; without supplier, strength, dose form and salt; that, and of a finding
(`Allergy to penicillin`) what caused it."""
_KEPT = 1 << 16
"""Texts, codes and rows of which the answers are kept at hand."""


class Terminology:
    """One release. Codings count; where it knows none of them, a text or display that is the name of something does, by equality.

    Satisfies `mainstem.kinds.facts.Terms`. A concept is a decoded `Coded`: `{"codes": [...], "text": ...}`."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.release = shown(store.head)
        self.tells_held = store.tells_held
        self.tells_sensitive = store.tells_sensitive
        self._sensitive = store.sensitive()
        self._named = lru_cache(maxsize=_KEPT)(self._rows_named)
        self._up = lru_cache(maxsize=_KEPT)(self._target_up)
        self._coded = lru_cache(maxsize=_KEPT)(self._row_coded)
        self._route_of_all = lru_cache(maxsize=_KEPT)(self._usual_route)
        self._term = lru_cache(maxsize=_KEPT)(self._name)
        self._above = lru_cache(maxsize=_KEPT)(self._parents)
        self._within = lru_cache(maxsize=_KEPT)(self._agents_within)

    def agent(self, concept: dict[str, Any]) -> str | None:
        """The causative agent behind an allergy's coding: equal for finding, substance, salt, moiety and product of one agent."""
        return self._told(concept, self.store.agent, "cause", sure=True)

    def agent_of(self, concept: dict[str, Any]) -> Answer:
        """`agent`, with the reason where it cannot be told."""
        rows = self._rows(concept, "cause", sure=True)
        if isinstance(rows, str):
            return Answer(None, rows)
        found = {told for row in rows if (told := self.store.agent(row))}
        if not found and any(self.store.none_known(row) for row in rows):
            return Answer(None, NONE_KNOWN)
        return _answer(found)

    def agents(self, concept: dict[str, Any]) -> tuple[str, ...]:
        """The causative agents in a medicine, or behind an allergy, sorted: its own, and of what has several ingredients each one's.
        Codings that say different things are all told: nothing is decided by this, and one of them may be right."""
        rows = self._rows(concept, "cause")
        if isinstance(rows, str):
            return ()
        if len(rows) == 1:
            return self._within(rows[0])
        return tuple(sorted({agent for row in rows for agent in self._within(row)}))

    def by_name(self, concept: dict[str, Any]) -> bool:
        """Whether none of its codings is known, so that whatever is told of it rests on its words."""
        codings = concept.get("codes")
        coded = [code for each in codings if (code := codes.text(each)) is not None] if isinstance(codings, (list, tuple)) else []
        return all((row := self._coded(code)) is None or row < 0 for code in coded)

    def moiety(self, concept: dict[str, Any]) -> str | None:
        """VTM of a medicine (AMPP, AMP, VMPP, VMP or VTM), or its VMP where that has none."""
        return self._told(concept, self.store.moiety, "product", sure=False)

    def moiety_of(self, concept: dict[str, Any]) -> Answer:
        rows = self._rows(concept, "product")
        return Answer(None, rows) if isinstance(rows, str) else _answer({found for row in rows if (found := self.store.moiety(row))})

    def lineage(self, concept: dict[str, Any]) -> tuple[str, ...]:
        """Of several codings the narrowest, where the others are what it is a product of; else they say different things: empty."""
        codings = concept.get("codes")
        coded = [code for each in codings if (code := codes.text(each)) is not None] if isinstance(codings, (list, tuple)) else []
        lines = [self._line(row) for code in coded if (row := self._coded(code)) is not None and row >= 0]
        longest = max(lines, key=len, default=())
        return longest if all(set(line) <= set(longest) for line in lines) else ()

    def current(self, concept: dict[str, Any]) -> str | None:
        """The concept as coded today: code history followed."""
        return self._told(concept, self.store.current, "exact", sure=True)

    def current_of(self, concept: dict[str, Any]) -> Answer:
        rows = self._rows(concept, "exact", sure=True)
        return Answer(None, rows) if isinstance(rows, str) else _answer({self.store.current(row) for row in rows})

    def none_known(self, concept: dict[str, Any]) -> str | None:
        """The code of `no known allergy` or the narrower one said (716186003, 409137002 ...); None where it says nothing of the kind."""
        return self._told(concept, self.store.none_known, "exact", sure=True)

    def sensitive(self, concept: dict[str, Any]) -> bool:
        """Whether a coding of it is on the lists of what is sensitive, or below one that is; where none is known, what it is named."""
        rows = self._rows(concept, "exact")
        return not isinstance(rows, str) and not self._sensitive.isdisjoint(rows)

    def form(self, concept: dict[str, Any]) -> str | None:
        """Dose form of a product, where the release tells one."""
        return self._of_product(concept, Link.FORM)

    def route(self, concept: dict[str, Any]) -> str | None:
        """Route of a product, where the release tells exactly one: else only the prescription knows."""
        return self._of_product(concept, Link.ROUTE)

    def usual_route(self, code: str) -> str | None:
        """Of a moiety or product that `moiety` gave: the route that all of its products have; None where they differ or none tells."""
        return self._route_of_all(code)

    def name(self, code: str) -> str | None:
        """The term it is shown by."""
        return self._term(code)

    def parents(self, code: str) -> tuple[str, ...]:
        """Parent concepts and classes of a canonical code, sorted. Empty for a code that is unknown."""
        return self._above(code)

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

    def _usual_route(self, code: str) -> str | None:
        row = self._row(code)
        return str(found) if row >= 0 and (found := self.store.route(row)) else None

    def _name(self, code: str) -> str | None:
        concept = self.concept(code)
        return concept.term if concept is not None and concept.term else None

    def _parents(self, code: str) -> tuple[str, ...]:
        row = self._row(code)
        return () if row < 0 else tuple(sorted({str(target) for target in self.store.targets(row, Link.IS_A, Link.CLASS)}))

    def _row(self, code: str) -> int:
        return self.store.row(int(code)) if code.isascii() and code.isdigit() and len(code) < 19 else -1

    def _told(self, concept: dict[str, Any], ask: Callable[[int], int], ways: Ways, *, sure: bool) -> str | None:
        """The one answer that all its known codings give. Says no reason, which takes half as long."""
        rows = self._rows(concept, ways, sure=sure)
        if isinstance(rows, str):
            return None
        if len(rows) == 1:
            sole = ask(rows[0])
            return str(sole) if sole else None
        return _answer({found for row in rows if (found := ask(row))}).code

    def _rows(self, concept: dict[str, Any], ways: Ways, *, sure: bool = False) -> Sequence[int] | str:
        """Rows of its codings that are known, else of what it is named; else why there are none. `sure`: words in doubt name nothing."""
        codings = concept.get("codes")
        if not isinstance(codings, (list, tuple)):
            codings = ()
        rows: list[int] = []
        reason = OTHER_SYSTEM if codings else NOT_CODED
        for coding in codings:
            code = codes.text(coding)
            if code is None:
                continue
            if sure and ":" in code:
                return UNKNOWN_CODE  # an expression: refined (left, severe) it is not what its text may name
            if (row := self._coded(code)) is not None:
                reason = UNKNOWN_CODE
                if row >= 0:
                    rows.append(row)
        return rows or self._by_name(concept, codings, ways, sure=sure) or reason

    def _by_name(self, concept: dict[str, Any], codings: Sequence[Any], ways: Ways, *, sure: bool) -> tuple[int, ...]:
        """Rows that its text, else its displays, name. All that name something count, so that they may contradict each other; where it is
        to be sure, one that asks (`?Asthma`) puts all in doubt, and so does the display of a national code that names nothing: the text
        `Asthma` beside the code of `Family history: Asthma` is not what the code says."""
        text = concept.get("text")
        rows: tuple[int, ...] = ()
        if isinstance(text, str):
            if sure and doubted(text):
                return ()
            rows = self._named(text, ways, sure)
        for coding in codings:
            display = coding.get("display") if isinstance(coding, dict) else None
            if isinstance(display, str) and display != text:
                if sure and doubted(display):
                    return ()
                named = self._named(display, ways, sure)
                if sure and not named and codes.text(coding) is not None:
                    return ()
                rows += tuple(row for row in named if row not in rows)
        return rows

    def _row_coded(self, code: str) -> int | None:
        """-1 where it is unknown; None where it is no number."""
        number = codes.read(code)
        return None if number is None else self.store.row(number)

    def _rows_named(self, text: str, ways: Ways, sure: bool) -> tuple[int, ...]:
        """Rows of what the text is the name of, else of the first way to write it that is one or is left of one."""
        names = list(forms(text, whole=sure) if ways != "exact" else dict.fromkeys((plain(text), plain(TAG.sub("", text)))))
        if names and (rows := self.store.named(key(names[0]))):
            return tuple(rows)
        for name in names:
            if rows := self.store.named(key(name)) + self.store.named(~key(name)):
                return tuple(rows)
        if ways == "cause" and (cause := caused_by(text)) is not None:
            return self._rows_named(cause, ways, sure)
        if (whole := spelled_out(text)) is not None:
            return self._rows_named(whole, ways, sure)
        base = without_salt(text) if ways != "exact" else None
        return () if base is None else tuple(self.store.named(key(base)) or self.store.named(~key(base)))

    def _of_product(self, concept: dict[str, Any], link: Link) -> str | None:
        rows = self._rows(concept, "exact")
        if isinstance(rows, str):
            return None
        return _answer({found for row in rows if (found := self._up(row, link))}).code

    def _agents_within(self, row: int) -> tuple[str, ...]:
        """A product's own list of ingredients counts before that of its moiety; of a finding, that of what caused it."""
        own, moiety = self.store.agent(row), self.store.moiety(row)
        listed = {self.store.row(code) for code in self._targets_up(row, Link.INGREDIENT)} - {-1}
        found = {self.store.agent(one) for one in listed}
        if not found or moiety == self.store.current(row):
            found.update(self.store.held(moiety or own))
        return tuple(sorted({str(agent) for agent in found | {own} if agent}))

    def _line(self, row: int) -> tuple[str, ...]:
        """Ends where a product is of several, or of none that the release lists."""
        found: list[str] = []
        for _ in range(len(Level)):
            if row < 0 or (code := str(self.store.current(row))) in found:
                break
            found.append(code)
            row = self.store.row(int(code))
            above = () if row < 0 else self.store.targets(row, Link.ACTUAL_OF) or self.store.targets(row, Link.MOIETY)
            row = self.store.row(above[0]) if len(above) == 1 else -1
        return tuple(found)

    def _target_up(self, row: int, link: Link) -> int:
        """The sole target of a product, or of what it is an actual product of. A VTM's own are not looked at: it has many forms."""
        targets = self._targets_up(row, link)
        return targets[0] if len(targets) == 1 else 0

    def _targets_up(self, row: int, link: Link) -> tuple[int, ...]:
        row = self.store.row(self.store.current(row))
        for _ in range(len(Level)):
            if row < 0:
                break
            targets = self.store.targets(row, link)
            if targets:
                return targets
            further = self.store.targets(row, Link.ACTUAL_OF)
            row = self.store.row(further[0]) if len(further) == 1 else -1
        return ()


def _answer(found: set[int]) -> Answer:
    if len(found) == 1:
        return Answer(str(found.pop()))
    return Answer(None, SEVERAL if found else NO_ANSWER)
