"""A file's resources as items, and the references among them.

Items are every resource of every (nested) Bundle, the Bundles themselves, and AllergyIntolerances contained in a List
(GP Connect puts ended allergies there). Other contained resources are parts of their container.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from producers.contract import MAX_ITEMS
from producers.fhir.content import too_many
from producers.fhir.elements import Resource, children, text
from producers.fhir.errors import FieldError

CONTAINERS = {"Bundle": "entry", "Parameters": "parameter"}
"""Resources that hold others as items of their own, and the element that holds them."""

DELETION = "DELETE"
"""Type of the item that stands for a Bundle entry without resource whose request is a DELETE (history and transaction Bundles)."""


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a file. `name` is unique within the file: `AllergyIntolerance/123`."""

    name: str
    type: str
    resource: Resource


@dataclass(frozen=True, slots=True)
class Contents:
    """All items of a file, in the file's order, and what references resolve to."""

    items: tuple[Item, ...]
    targets: dict[str, Resource] = field(default_factory=dict)

    def of(self, *types: str) -> Iterator[Resource]:
        return (item.resource for item in self.items if item.type in types)

    def resolve(self, reference: Resource | None, owner: Resource | None = None) -> Resource | None:
        """What a Reference points to, if it is in the file: by fullUrl, by type and id, or contained in its owner."""
        target = text(reference, "reference") if reference else None
        if not target:
            return None
        if target.startswith("#"):
            for each in children(owner or {}, "contained"):
                if text(each, "id") == target[1:]:
                    return each
            return None
        return self.targets.get(target) or self.targets.get(relative(target) or "")


def relative(target: str) -> str | None:
    """`Type/id` of a reference, absolute or not, versioned or not; None for others (`urn:uuid:`, `#`)."""
    parts = target.split("/_history/", maxsplit=1)[0].split("/")
    return "/".join(parts[-2:]) if len(parts) >= 2 and parts[-1] and parts[-2][:1].isupper() else None


def contents(tops: Sequence[Resource]) -> Contents:
    """Items of the resources at the top of a file. Raises UnreadableError where they are more than MAX_ITEMS."""
    items: list[Item] = []
    targets: dict[str, Resource] = {}
    taken: dict[str, int] = {}
    for top in tops:
        for resource, full_url, contained in _walk(top, None):
            kind = resource.get("resourceType")
            kind = kind if isinstance(kind, str) else ""
            if len(items) == MAX_ITEMS:
                raise too_many()
            item = Item(_unique(_name(resource, kind), taken), kind, resource)
            items.append(item)
            if not contained:
                targets.setdefault(f"{kind}/{_id(resource)}", resource)
                if full_url:
                    targets.setdefault(full_url, resource)
    return Contents(tuple(items), targets)


def _walk(resource: Resource, full_url: str | None) -> Iterator[tuple[Resource, str | None, bool]]:
    """Each with its fullUrl, and whether it is contained in another, which its id is then local to."""
    yield resource, full_url, False
    kind = resource.get("resourceType")
    held = CONTAINERS.get(kind) if isinstance(kind, str) else None
    if held:
        for entry in _list(resource.get(held)):
            inner = entry.get("resource") if isinstance(entry, dict) else entry
            if isinstance(inner, dict):
                url = entry.get("fullUrl")
                yield from _walk(inner, url if isinstance(url, str) else None)
            elif inner is not None:
                yield {}, None, False                      # something stands where a resource should: it must not vanish
            elif _deletes(entry):
                yield {"resourceType": DELETION}, None, False
    elif kind == "List":
        for inner in _list(resource.get("contained")):
            if isinstance(inner, dict) and inner.get("resourceType") == "AllergyIntolerance":
                yield inner, None, True


def _deletes(entry: Any) -> bool:
    request = entry.get("request") if isinstance(entry, dict) else None
    return isinstance(request, dict) and request.get("method") == DELETION


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _id(resource: Resource) -> str:
    try:
        return text(resource, "id") or ""
    except FieldError:
        return ""


def _name(resource: Resource, kind: str) -> str:
    shown = kind if kind.isalnum() and kind.isascii() and len(kind) <= 64 else "unknown"
    identity = _id(resource)
    return f"{shown}/{identity}" if 0 < len(identity) <= 128 else shown


def _unique(name: str, taken: dict[str, int]) -> str:
    count = taken.get(name, 0) + 1
    while count > 1 and f"{name}#{count}" in taken:
        count += 1
    unique = name if count == 1 else f"{name}#{count}"
    taken[name] = count
    taken.setdefault(unique, 1)
    return unique
