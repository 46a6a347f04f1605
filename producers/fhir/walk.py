"""The resources that a file holds: each of every Bundle and Parameters, however deep, those themselves, and AllergyIntolerances contained
in a List (GP Connect puts ended allergies there). Other contained resources are parts of their container.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from producers.fhir.elements import Resource

CONTAINERS = {"Bundle": "entry", "Parameters": "parameter"}
"""Resources that hold others as items of their own, and the element that holds them."""

DELETION, PATCH = "DELETE", "PATCH"
"""Types of the items that stand for a Bundle entry whose request does not say what its resource now is (history and transaction Bundles):
what stands in it is what was deleted, or how to change what is not there."""


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
            asked = _asked(entry)
            if asked in (DELETION, PATCH):
                yield Held({"resourceType": asked}, inside=held)
            elif isinstance(inner, dict):
                url = entry.get("fullUrl")
                yield Held(inner, url if isinstance(url, str) else None, None, held)
            elif inner is not None:
                yield Held({}, inside=held)                # something stands where a resource should: it must not vanish


def _entries(resource: Resource, element: str) -> Iterator[Any]:
    """With the parts of a parameter, which are parameters themselves."""
    pending = listed(resource.get(element))[::-1]
    while pending:
        entry = pending.pop()
        yield entry
        if element == "parameter" and isinstance(entry, dict):
            pending += reversed(listed(entry.get("part")))


def _asked(entry: Any) -> Any:
    request = entry.get("request") if isinstance(entry, dict) else None
    return request.get("method") if isinstance(request, dict) else None


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
