"""Review tasks: what only a human can settle, as a pure function of the claims and the persons they make."""

from __future__ import annotations

import hashlib
import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from mainstem.model import Compared, Task
from processors.identity import demographics, persons
from processors.identity.apart import newest
from processors.identity.demographics import contradiction, folded
from processors.identity.evidence import Evidence
from processors.identity.numbers import CROWD, Numbers, View
from processors.identity.persons import Placed
from processors.identity.placing import Finding

OPEN, CLOSED = "open", "closed"
CANDIDATES = 5
"""Most persons one source patient is offered as."""
UNLINKED = (persons.OWN_PERSON, persons.SHARED_NUMBER, persons.VOID_NUMBER)
"""Why a source patient may be offered others."""

Where = Callable[[str], Placed]
"""Source patient -> its person."""


def of_finding(finding: Finding, view: View, where: Where, key: bytes) -> Task:
    return _task(finding.reason, finding.about, finding.subjects, view, where, key)


def of_candidate(subject: str, view: View, where: Where, key: bytes) -> Task | None:
    """Whom a source patient that no number links may be: who has its number, or its birth date and names. Best first; each person once.

    Of two that nothing links the lesser offers the other, so that each pair is one task.
    """
    said, placed = view.said(subject), where(subject)
    if placed.reason not in UNLINKED:
        return None
    offered: dict[str, tuple[int, int, str]] = {}
    for candidate_key in said.candidate_keys:
        sharing = view.sharing(candidate_key)
        if max(Counter(each.partition("|")[0] for each in sharing).values(), default=0) > CROWD:
            continue
        by_number = candidate_key.startswith("n|")
        for other in sharing:
            there, theirs = where(other), view.said(other)
            if other == subject or there.person == placed.person or _ruled_out(subject, said, other, theirs):
                continue
            if there.reason in UNLINKED and other < subject:
                continue
            rank = (0 if by_number else 1, -_agreeing(said, theirs), other)
            offered[there.person] = min(rank, offered.get(there.person, rank))
    best = sorted(offered.values())[:CANDIDATES]
    if not best:
        return None
    reason = persons.UNVERIFIED_NUMBER if best[0][0] == 0 else persons.SAME_DEMOGRAPHICS
    return _task(reason, subject, (subject, *(other for _, _, other in best)), view, where, key, about_reason="identity.candidate")


def of_number(about: str, view: View, numbers: Numbers, key: bytes) -> Task | None:
    """A number that is no person's: a placeholder, or one said to have become two. `about`: the least of its names."""
    number = numbers.of(about)
    if number.names[0] != about or not any(view.crowd(name) for name in number.names):
        return None
    if number.crowded:
        evidence = (Compared(field="nhs_number", values=(about,), outcome="missing"),
                    Compared(field="source", values=number.crowded, outcome="differ"))
        return Task(id=_id(key, "identity.number", about), status=OPEN, reason=persons.SHARED_NUMBER, subjects=(), persons=(),
                    evidence=evidence)
    torn = [after for name in number.names if len(after := view.successors(name)) > 1]
    if torn:
        values = (*number.names, *sorted(frozenset().union(*torn) - set(number.names)))
        return Task(id=_id(key, "identity.number", about), status=OPEN, reason=persons.VOID_NUMBER, subjects=(), persons=(),
                    evidence=(Compared(field="nhs_number", values=values, outcome="differ"),))
    return None


def compared(said: Sequence[Evidence]) -> tuple[Compared, ...]:
    """What source patients say of who they are, field by field."""
    rows = {"nhs_number": [" ".join(number for number, _ in each.carried) for each in said],
            "verification": [" ".join(status for _, status in each.carried) for each in said]}
    for field in demographics.FIELDS:
        rows[field] = [each.demographics.shown(field) if each.demographics else "" for each in said]
    return tuple(Compared(field=field, values=tuple(values), outcome=_outcome(values)) for field, values in rows.items())


def _task(reason: str, about: str, subjects: tuple[str, ...], view: View, where: Where, key: bytes, about_reason: str = "") -> Task:
    return Task(id=_id(key, about_reason or reason, about), status=OPEN, reason=reason, subjects=subjects,
                persons=tuple(where(each).person for each in subjects), evidence=compared([view.said(each) for each in subjects]))


def _id(key: bytes, reason: str, about: str) -> str:
    """Keyed, since it may stand for an NHS number."""
    return hmac.digest(key, f"task|{reason}|{about}".encode(), hashlib.sha256).hex()[:32]


def _ruled_out(subject: str, said: Evidence, other: str, theirs: Evidence) -> bool:
    if said.demographics and theirs.demographics and contradiction(said.demographics, theirs.demographics):
        return True
    decision = newest(subject, said, other, theirs)
    return decision is not None and decision.stands and decision.apart


def _agreeing(said: Evidence, theirs: Evidence) -> int:
    return sum(each.outcome == "agree" for each in compared([said, theirs]))


def _outcome(values: Iterable[str]) -> str:
    spoken = [folded(value) for value in values if value]
    return "missing" if len(spoken) < 2 else "agree" if len(set(spoken)) == 1 else "differ"


def all_tasks(view: View, subjects: Iterable[str], findings: Iterable[Finding], where: Where, key: bytes) -> Iterator[Task]:
    """Every open task, from scratch."""
    numbers, carried = Numbers(view), set[str]()
    for finding in findings:
        yield of_finding(finding, view, where, key)
    for subject in subjects:
        carried.update(view.said(subject).numbers)
        if (task := of_candidate(subject, view, where, key)) is not None:
            yield task
    for about in sorted({numbers.of(number).names[0] for number in carried}):
        if (task := of_number(about, view, numbers, key)) is not None:
            yield task
