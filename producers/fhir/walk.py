"""The resources that a file holds: each of every Bundle and Parameters, however deep, those themselves, and AllergyIntolerances contained
in a List (GP Connect puts ended allergies there). Other contained resources are parts of their container.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from producers.fhir.elements import Resource

CONTAINERS = {"Bundle": "entry", "Parameters": "parameter"}
"""Resources that hold others as items of their own, and the element that holds them."""

DELETION = "DELETE"
"""Type of the item that stands for a Bundle entry without resource whose request is a DELETE (history and transaction Bundles)."""


class Held(NamedTuple):
    """A resource with its fullUrl, what contains it, which its id is then local to, and what it stands in."""

    resource: Resource
    full_url: str | None = None
    within: Resource | None = None
    inside: Held | None = None

    def holders(self) -> Iterator[Resource]:
        """What it stands in, from the nearest outwards: a List that contains it, Bundles, Parameters."""
        outer = self.inside
        while outer is not None:
            yield outer.resource
            outer = outer.inside


def walk(top: Resource) -> Iterator[Held]:
    pending = [Held(top)]
    while pending:
        held = pending.pop()
        yield held
        pending += reversed(list(_inside(held)))


def _inside(held: Held) -> Iterator[Held]:
    resource = held.resource
    kind = resource.get("resourceType")
    if kind == "List":
        for inner in listed(resource.get("contained")):
            if isinstance(inner, dict) and inner.get("resourceType") == "AllergyIntolerance":
                yield Held(inner, None, resource, held)
    elif isinstance(kind, str) and kind in CONTAINERS:
        for entry in _entries(resource, CONTAINERS[kind]):
            inner = entry.get("resource") if isinstance(entry, dict) else entry
            if isinstance(inner, dict):
                url = entry.get("fullUrl")
                yield Held(inner, url if isinstance(url, str) else None, None, held)
            elif inner is not None:
                yield Held({}, inside=held)                # something stands where a resource should: it must not vanish
            elif _deletes(entry):
                yield Held({"resourceType": DELETION}, inside=held)


def _entries(resource: Resource, element: str) -> Iterator[Any]:
    """With the parts of a parameter, which are parameters themselves."""
    pending = listed(resource.get(element))[::-1]
    while pending:
        entry = pending.pop()
        yield entry
        if element == "parameter" and isinstance(entry, dict):
            pending += reversed(listed(entry.get("part")))


def _deletes(entry: Any) -> bool:
    request = entry.get("request") if isinstance(entry, dict) else None
    return isinstance(request, dict) and request.get("method") == DELETION


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
