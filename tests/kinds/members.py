"""Members as the core makes them, for the tests of kinds."""

from __future__ import annotations

from typing import Any

from mainstem import canonical
from mainstem.kinds.facts import Member
from mainstem.model import Assertion, Known, RawRef
from processors.reconcile import resolve


def member(kind: str, n: int, *, source: str = "S/x", recorded: str | None = None, **content: Any) -> Member:
    """Record `n` of a source's patient 1."""
    assertion = Assertion(source=source, patient="1", record=f"{kind}/{n}", kind=kind, position="1", content=canonical.encode(content),
                          recorded=recorded, raw=RawRef("r", 0, n))
    [found] = resolve.members([Known(assertion, n, 0, n)])
    return found


def coded(code: str, text: str | None = None, system: str = "http://snomed.info/sct") -> dict[str, Any]:
    return {"codes": [{"system": system, "code": code}]} | ({"text": text} if text else {})
