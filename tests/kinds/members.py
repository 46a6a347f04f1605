"""Members made by hand: one record each, of a source that is named where it matters."""

from __future__ import annotations

from typing import Any

from mainstem import canonical
from mainstem.kinds.facts import Member
from mainstem.model import Assertion, Known, RawRef
from processors.reconcile import resolve


def member(kind: str, n: int, source: str = "RXA/epr", recorded: str | None = None, patient: str = "1", **content: Any) -> Member:
    assertion = Assertion(source=source, patient=patient, record=f"{kind}/{n}", kind=kind, position="1", content=canonical.encode(content),
                          recorded=recorded, raw=RawRef("r", 0, n))
    [found] = resolve.members([Known(assertion, n, 0, n)])
    return found


def snomed(code: str, text: str | None = None) -> dict[str, Any]:
    return {"codes": [{"system": "http://snomed.info/sct", "code": code}]} | ({"text": text} if text else {})
