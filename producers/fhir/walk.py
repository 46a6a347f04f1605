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
    """A resource with its fullUrl, and what contains it, which its id is then local to."""

    resource: Resource
    full_url: str | None = None
    within: Resource | None = None


def walk(top: Resource) -> Iterator[Held]:
    pending = [Held(top)]
    while pending:
        held = pending.pop()
        yield held
        pending += reversed(list(_inside(held.resource)))


def _inside(resource: Resource) -> Iterator[Held]:
    kind = resource.get("resourceType")
    if kind == "List":
        for inner in listed(resource.get("contained")):
            if isinstance(inner, dict) and inner.get("resourceType") == "AllergyIntolerance":
                yield Held(inner, within=resource)
    elif isinstance(kind, str) and kind in CONTAINERS:
        for entry in _entries(resource, CONTAINERS[kind]):
            inner = entry.get("resource") if isinstance(entry, dict) else entry
            if isinstance(inner, dict):
                url = entry.get("fullUrl")
                yield Held(inner, url if isinstance(url, str) else None)
            elif inner is not None:
                yield Held({})                             # something stands where a resource should: it must not vanish
            elif _deletes(entry):
                yield Held({"resourceType": DELETION})


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
