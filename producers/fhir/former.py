"""Who a Patient is now and was before, for its `demographics` claim: names and addresses that are old, or whose period is over."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from mainstem.kinds.patient import PatientContent
from producers import who
from producers.fhir.elements import Resource, child, children, text
from producers.fhir.instants import utc
from producers.fhir.mapping.patient import current, lines


def demographics(content: PatientContent, resource: Resource, at: str) -> dict[str, Any]:
    """`at`: the version of the resource, which begins with its moment: what ended before it is former."""
    names, addresses = children(resource, "name"), children(resource, "address")
    if isinstance(content.names, tuple):
        content = replace(content, names=tuple(
            replace(name, use="old") if _ended(told, at) else name for name, told in zip(content.names, names, strict=True)))
    former = [each for each in addresses if text(each, "use") == "old" or _ended(each, at)]
    home = current([each for each in addresses if each not in former])
    if former and home is not None:
        content = replace(content, address=lines(home) or (), postcode=text(home, "postalCode"))
    elif former and current(addresses) in former:
        content = replace(content, address=(), postcode=None)
    return who.demographics(content, ((text(each, "postalCode"), lines(each) or ()) for each in former))


def _ended(element: Resource, at: str) -> bool:
    """A name or an address whose period is over. A year that it ended in is over with the year."""
    period = child(element, "period")
    end = text(period, "end") if period is not None else None
    if end is None or (moment := utc(end)) is None:
        return False
    return at[:len(end)] > end if len(end) <= _DAY else moment < at


_DAY = len("2026-01-01")
