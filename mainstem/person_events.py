"""What the identity stage and reconcile tell each other: assertions by person, and the steps of a handover."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from mainstem.model import Known


class Op(StrEnum):
    APPLY = "apply"
    LEAVING = "leaving"
    """To the old persons, before the attach: still shown, and the record says that a handover is in progress."""
    ATTACH = "attach"
    DETACH = "detach"
    SETTLED = "settled"
    """To the new person, when the old ones have let go: the handover is over."""
    DERIVE = "derive"
    """To each partition when a release comes into force: derive its persons anew. `subject`: the activation; `person`: the last that is
    done, empty at the beginning."""


class PersonEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What the identity stage sends to a person's partition: new assertions, or a chunk of a handover."""

    op: Op
    person: str
    subject: str
    epoch: int
    """Epoch of the assignment in force, -1 where the source patient is unassigned (a person of its own)."""
    items: tuple[Known, ...] = ()
    last: bool = True
    """False on every chunk of an attach but the last."""
    opted_out: bool | None = None
    restricted: bool = False
    """Both as the assignment in force has them (`Assignment`)."""


class Attached(msgspec.Struct, frozen=True, kw_only=True):
    """Reconcile's answer to the last chunk of an attach, upon which the identity stage detaches the old persons, and to a detach that is
    done. With an empty `person`: the identity stage's note to itself that more of the handover is to be sent."""

    subject: str
    person: str
    epoch: int
