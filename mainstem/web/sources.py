"""What the pages read from, as small protocols: tests and other deployments supply their own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from mainstem.adjudication.blast import Radius
from mainstem.adjudication.desk import Waiting
from mainstem.adjudication.explain import Shown, Why
from mainstem.adjudication.history import Passed
from mainstem.adjudication.standing import Decided, Proposal
from mainstem.history import Past
from mainstem.kinds.facts import Terms
from mainstem.model import Claim
from mainstem.observe.connect import Connector
from mainstem.operations import Quarantined, View
from mainstem.terminology import builtin
from mainstem.web.figures import Figures
from mainstem.web.record import Record


@dataclass(frozen=True, slots=True)
class Hit:
    """A person found, and the texts that matched."""

    person: str
    matched: tuple[str, ...] = ()


class People(Protocol):
    """The search store."""

    def find(self, text: str, limit: int) -> Sequence[Hit]:
        """Best first. Raises StoreUnavailableError."""
        ...

    def check(self) -> None:
        """Raises StoreUnavailableError where the store cannot be read."""
        ...


class Records(Protocol):
    """The live cache."""

    def by_person(self, person: str) -> Record | None: ...

    def by_number(self, number: str) -> Sequence[Record]:
        """Every record that carries the number, the one for which it is verified first."""
        ...

    def others(self, record: Record) -> int:
        """How many other records carry one of its NHS numbers."""
        ...

    def check(self) -> None: ...


class Audit(Protocol):
    """Where views are written down."""

    def viewed(self, actor: str, view: View, records: Sequence[Record], moments: Sequence[int] = ()) -> None:
        """Returns when every event is safe. Raises AuditUnavailableError: then nothing may be shown.

        `moments`: of past records the one asked for, in the same order."""
        ...

    def nobody(self, actor: str, asked: str) -> None:
        """Nobody is shown by what was asked for. Likewise: that nobody is known is an answer too."""
        ...

    def check(self) -> None: ...


class Stream(Protocol):
    """What the processes say of their progress."""

    @property
    def heard(self) -> bool:
        """False until the heartbeats of the last minutes have been read: nothing is known before."""
        ...

    def figures(self) -> Figures: ...

    def waiting(self, source: str) -> int | None:
        """Raw messages of a source not yet taken in; None where that is not known."""
        ...

    def feeds(self) -> Sequence[str]:
        """Raw topics that are being taken in."""
        ...


@dataclass(frozen=True, slots=True)
class Held:
    """One quarantined item and when it was put there. Never shown with patient content."""

    item: Quarantined
    at: int


class Quarantine(Protocol):
    """Input that could not be taken in."""

    @property
    def counted(self) -> bool:
        """False until the topic has been read to its end: counts are then too low."""
        ...

    @property
    def total(self) -> int: ...

    def about(self, source: str, patient: str) -> int: ...

    def unattributed(self, source: str) -> int:
        """Items of a source that nobody could be named for: they may be about anyone."""
        ...

    def by_reason(self) -> Sequence[tuple[str, str, int]]:
        """Source, reason, count."""
        ...

    def latest(self, limit: int) -> Sequence[Held]: ...


class History(Protocol):
    """What was known at a past moment."""

    def by_person(self, person: str, besides: Sequence[str], *moments: int) -> Sequence[Past]:
        """The record of a person id at each moment, maybe without entries. `besides`: source patients it is known to have had.

        Takes seconds. Raises StoreUnavailableError."""
        ...


class Identity(Protocol):
    """Who is who, and decisions about it. Everything raises LogUnavailableError."""

    def waiting(self) -> Sequence[Waiting]:
        """Open review tasks, the oldest first."""
        ...

    def task(self, beginning: str) -> Waiting | None: ...

    def closed(self, id_: str) -> bool:
        """Whether there was such a task, and it is settled."""
        ...

    def decisions(self) -> Sequence[Decided]:
        """The latest first."""
        ...

    def decision(self, id_: str) -> Decided | None: ...

    def about(self, one: str, other: str) -> Sequence[Decided]: ...

    def person_of(self, subject: str) -> str: ...

    def members(self, person: str) -> Sequence[str]:
        """Source patients of a person."""
        ...

    def carriers(self, number: str) -> Sequence[str]: ...

    def found(self, whom: str) -> Sequence[str]:
        """The persons meant by a source patient, a person id or an NHS number. Raises UnknownError."""
        ...

    def show(self, person: str) -> Shown:
        """Who a person is made of. Raises UnknownError."""
        ...

    def why(self, one: str, other: str) -> Why:
        """Why two source patients are one person or two. Raises UnknownError."""
        ...

    def history(self, person: str) -> tuple[Sequence[Passed], Sequence[Radius]]:
        """Who came to a person and who left, and what it did that they were one with whoever is not with them now."""
        ...

    def proposal(self, one: str, other: str, *, apart: bool, who: str, why: str, undo: bool = False) -> Proposal:
        """What a decision would do; nothing is recorded. Raises NotDecidableError."""
        ...

    def record(self, claim: Claim) -> None:
        """Returns when it is safe."""
        ...

    def radius(self, one: str, other: str) -> Sequence[Radius]:
        """What being one person did, each time that they were."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    people: People
    records: Records
    audit: Audit
    stream: Stream
    quarantine: Quarantine
    history: History
    identity: Identity
    registry: Callable[[], None]
    """Raises StoreUnavailableError where the schema registry does not answer."""
    terms: Callable[[], Terms] = builtin
    """The terminology in force now."""
    connectors: Callable[[], Sequence[Connector]] | None = None
    """How those stand that capture the sources' databases; None where the page was not told of a Connect."""
