"""A file's resources as items, and the references among them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from producers.contract import MAX_ITEMS
from producers.fhir import identity
from producers.fhir.content import too_many
from producers.fhir.elements import Resource, children, text
from producers.fhir.errors import FieldError
from producers.fhir.types import CONTEXT, NO_KIND
from producers.fhir.walk import CONTAINERS, Held, listed, walk

_ABOUT_NOBODY = CONTEXT | NO_KIND | CONTAINERS.keys()
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_LOCAL = re.compile(r"[A-Z][A-Za-z]*/[^/?#]+")


@dataclass(frozen=True, slots=True)
class Item:
    """One resource of a file. `name` is unique within the file: `AllergyIntolerance/123`; `within`: the List that contains it."""

    name: str
    type: str
    resource: Resource
    within: Resource | None = None
    place: Held | None = None

    @property
    def holders(self) -> Iterator[Resource]:
        """What it stands in, from the nearest outwards: a List that contains it, Bundles, Parameters."""
        return self.place.holders() if self.place else iter(())

    @property
    def bundle(self) -> Resource | None:
        """The nearest Bundle that it stands in."""
        return next((each for each in self.holders if each.get("resourceType") == "Bundle"), None)


@dataclass(frozen=True, slots=True)
class Contents:
    """All items of a file, in the file's order, and what references resolve to.

    An id is its server's own: `servers` are those that the fullUrls of the resources about patients name.
    """

    items: tuple[Item, ...]
    targets: dict[str, Resource] = field(default_factory=dict)
    """By fullUrl, and by `Type/id`."""
    servers: frozenset[str] = frozenset()
    identified: dict[tuple[str, str], list[Resource]] = field(default_factory=dict)
    """System and value of an identifier -> the Patients that carry it."""
    containers: dict[int, Resource] = field(default_factory=dict)
    """`id()` of a contained resource -> what contains it."""

    def of(self, *types: str) -> Iterator[Resource]:
        return (item.resource for item in self.items if item.type in types)

    def container(self, resource: Resource) -> Resource | None:
        return self.containers.get(id(resource))

    def resolve(self, reference: Resource | None, owner: Resource | None = None) -> Resource | None:
        """What a Reference points to, if it is in the file: by fullUrl, by type and id, or contained beside or in its owner
        (FHIR R4, "Resolving references in Bundles")."""
        target = text(reference, "reference") if reference else None
        if not target:
            return None
        if target.startswith("#"):
            holder = self.containers.get(id(owner), owner) or {}
            return next((each for each in children(holder, "contained") if text(each, "id") == target[1:]), None)
        return self.targets.get(_unversioned(target)) or self.targets.get(self.local(target) or "")

    def local(self, target: str) -> str | None:
        """`Type/id` of a reference, versioned or not, relative or to the file's own server. None of another server's, and of others
        (`urn:uuid:`, `#`)."""
        target = _unversioned(target)
        if _ABSOLUTE.match(target):
            own, bare = next(iter(self.servers), None), _without_scheme(target)
            if own is None or not bare.startswith(f"{own}/"):
                return None
            target = bare[len(own) + 1:]
        return target if _LOCAL.fullmatch(target) else None

    def named(self, owner: Resource, element: str) -> list[str]:
        """`Type/id` of what the references of an element point to, as its own record is called."""
        found = []
        for reference in children(owner, element):
            target = self.resolve(reference, owner)
            if target is not None and self.container(target) is not None:
                continue                                   # a part of its container has no record to name
            found.append(identity.name(target) if target is not None else self.local(text(reference, "reference") or ""))
        return [each for each in found if each]


def contents(tops: Sequence[Resource]) -> Contents:
    """Items of the resources at the top of a file. Raises UnreadableError where they are more than MAX_ITEMS."""
    items: list[Item] = []
    urls: list[tuple[Item, str | None]] = []
    containers: dict[int, Resource] = {}
    taken: dict[str, int] = {}
    for held in (held for top in tops for held in walk(top)):
        if len(items) == MAX_ITEMS:
            raise too_many()
        resource, within = held.resource, held.within
        kind = resource.get("resourceType")
        item = Item(_unique(_name(resource, within), taken), kind if isinstance(kind, str) else "", resource, within, held)
        items.append(item)
        if within is None:
            urls.append((item, held.full_url))
            containers |= {id(inner): resource for inner in listed(resource.get("contained")) if isinstance(inner, dict)}
    targets, servers = _targets(urls)
    return Contents(tuple(items), targets, servers, _identified(items), containers)


def _targets(urls: Sequence[tuple[Item, str | None]]) -> tuple[dict[str, Resource], frozenset[str]]:
    """What references may point to, and the servers of the resources about patients; who is named beside them may be in a directory
    elsewhere, and its id means another there."""
    placed = [(item, identity.name(item.resource) if item.type else None, url) for item, url in urls]
    own = frozenset(server for item, name, url in placed if item.type not in _ABOUT_NOBODY and (server := _server(url, name)))
    targets: dict[str, Resource] = {}
    for item, name, url in placed:
        if url and _ABSOLUTE.match(url):
            targets.setdefault(_unversioned(url), item.resource)
        server = _server(url, name)
        if name and (server is None or not own or server in own):
            targets.setdefault(name, item.resource)
    return targets, own


def _server(full_url: str | None, name: str | None) -> str | None:
    """The base of a RESTful fullUrl: `https://rxa.nhs.uk/fhir` of `https://rxa.nhs.uk/fhir/Patient/1`, whichever the scheme."""
    url = _unversioned(full_url or "")
    return _without_scheme(url).removesuffix(f"/{name}") if name and _ABSOLUTE.match(url) and url.endswith(f"/{name}") else None


def _without_scheme(url: str) -> str:
    return re.sub(r"^https?://", "", url)


def _unversioned(target: str) -> str:
    return target.split("/_history/", maxsplit=1)[0]


def _identified(items: Sequence[Item]) -> dict[tuple[str, str], list[Resource]]:
    """A Patient whose identifiers cannot be read has that fault itself, and is found by none."""
    found: dict[tuple[str, str], list[Resource]] = {}
    for item in items:
        if item.type == "Patient":
            try:
                for each in dict.fromkeys(identity.identifiers(item.resource)):
                    found.setdefault(each, []).append(item.resource)
            except FieldError:
                continue
    return found


def _name(resource: Resource, within: Resource | None) -> str:
    kind = resource.get("resourceType")
    shown = kind if isinstance(kind, str) and kind.isalnum() and kind.isascii() and len(kind) <= 64 else "unknown"
    if within is not None:
        shown = f"{_name(within, None)}/{shown}"
    try:
        given = text(resource, "id") or ""
    except FieldError:
        given = ""
    return f"{shown}/{given}" if 0 < len(given) <= 128 else shown


def _unique(name: str, taken: dict[str, int]) -> str:
    count = taken.get(name, 0) + 1
    while count > 1 and f"{name}#{count}" in taken:
        count += 1
    unique = name if count == 1 else f"{name}#{count}"
    taken[name] = count
    taken.setdefault(unique, 1)
    return unique
