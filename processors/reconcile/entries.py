"""Facts as entries: current ones, and ones that have ceased."""

from __future__ import annotations

from collections.abc import Sequence

from mainstem import canonical
from mainstem.kinds.facts import Member
from mainstem.labels import OF_THE_PERSON
from mainstem.model import Entry, Known, Provenance
from mainstem.nhs_number import verified
from processors.reconcile.derive import Fact, provenance, union
from processors.reconcile.layout import encode

_MASK = (1 << 64) - 1
CURRENT = "current"
WITHDRAWN = "withdrawn"
NOTHING = b"{}"
"""Content of a withdrawn entry. What it last said depends on the order of arrival, so it is left to the entry's earlier versions."""


def current(person: str, fact: Fact, version: int, release: str, *, known: int = 0, committed: int | None = None,
            labels: tuple[str, ...] = ()) -> Entry:
    """`known`: of what changed it, where that is later than its own assertions. `committed`: likewise, at its source. `labels`: those of
    the person."""
    winners = fact.winners
    own = winners[0].known if len(winners) == 1 else max([known.known for known in winners])
    return Entry(person=person, fact=fact.fact, kind=fact.kind, status=CURRENT, content=fact.content, version=version,
                 known=max(own, known), committed=committed, sources=fact.sources, provenance=provenance(fact),
                 rules=fact.derived.rules, conflict=fact.derived.conflict, labels=_labels(fact, labels), release=release,
                 unnamed=max(fact.crowd.winners - len(winners), 0) if fact.crowd is not None else 0)


def withdrawn(person: str, fact: str, kind: str, version: int, rule: str, causes: Sequence[Known], known: int,
              successor: str | None, release: str) -> Entry:
    """`causes`: the assertions that ended it: a retraction, a removal, a manifest; none where the source patient moved away."""
    behind = tuple(_cause(cause) for cause in causes)
    labels = union([label for cause in causes for label in cause.assertion.labels])
    return Entry(person=person, fact=fact, kind=kind, status=WITHDRAWN, content=NOTHING, version=version,
                 known=max([cause.known for cause in causes], default=known), committed=last_committed(causes),
                 sources=union([cause.assertion.source for cause in causes]), provenance=behind, rules={"*": rule},
                 labels=labels, successor=successor, release=release)


def envelope(fact: Fact, labels: tuple[str, ...]) -> bytes:
    """Digest of what is news beside the content: who stands behind the fact, and what they say where that is not the content, since
    values that lost are shown too; labels, conflict.

    Versions, times and raw positions are not: a source that sends the same again publishes nothing (design.md, promise 7). `labels`: those
    of the person.
    """
    winners = fact.winners
    if fact.crowd is not None and fact.crowd.winners > 1:
        said: object = fact.crowd.behind
    elif len(winners) > 1:
        said = sum([behind(known) for known in winners]) & _MASK
    else:
        a = winners[0].assertion
        said = a.source, a.patient, a.record, a.part
    return canonical.digest(encode((fact.derived.conflict, _labels(fact, labels), said)))[:8]


def behind(known: Known) -> int:
    """Hash of one of several assertions behind a fact, 64 bits. Their sum tells who stands behind it and what they say."""
    a = known.assertion
    return int.from_bytes(canonical.digest(encode((a.source, a.patient, a.record, a.part, a.content)))[:8], "big")


def number_of(member: Member) -> str | None:
    """The verified NHS number that a patient record carries."""
    if member.kind != "patient":
        return None
    number, verification = member.content.get("nhs_number"), member.content.get("verification")
    return verified(number, verification) if isinstance(number, str) and isinstance(verification, str) else None


def labels_of_person(member: Member) -> list[str]:
    """Labels by a patient record that hold for every entry of the person, sorted."""
    if member.kind != "patient":
        return []
    return sorted({label for known in member.winners for label in known.assertion.labels if label in OF_THE_PERSON})


def last_committed(behind: Sequence[Known]) -> int | None:
    return max([at for known in behind if (at := known.assertion.committed) is not None], default=None)


def _labels(fact: Fact, of_person: tuple[str, ...]) -> tuple[str, ...]:
    return union((*fact.labels, *of_person)) if of_person else fact.labels


def _cause(known: Known) -> Provenance:
    a = known.assertion
    return Provenance(source=a.source, patient=a.patient, record=a.record, part=a.part, position=a.position, known=known.known, raw=a.raw,
                      recorded=a.recorded)
