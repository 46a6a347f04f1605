"""What one export after another changes: resources told by patient, type and id, and the entries that the stream would publish.

Both sides are folded by the cores of the stream: first BEFORE alone, then BEFORE with AFTER on top. The change of a resource that says
something else is published where the content of the entry that it speaks in differs between the two, in a field that this resource
decides or changes; or where a value of its own that the entry does not show does, since every entry tells what each of its records says.
An issue of a medicine that a later one overtakes says nothing else by that.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from mainstem import canonical, kinds, versions
from mainstem.cli import fold_input
from mainstem.kinds.base import Kind
from mainstem.kinds.facts import Terms
from mainstem.kinds.same import differing
from mainstem.model import Entry, Known
from processors.identity.linker import assign
from processors.reconcile.fold import fold
from processors.reconcile.resolve import fields
from producers.fhir.bundle import Contents, contents
from producers.fhir.content import resources
from producers.fhir.errors import FieldError, RefusedError, UnreadableError
from producers.fhir.subject import whose
from producers.fhir.walk import CONTAINERS
from producers.processing import Processing


class Resource(NamedTuple):
    """What makes a resource the same one in two exports."""

    patient: str
    type: str
    id: str

    @property
    def item(self) -> str:
        return f"{self.type}/{self.id}"


class _Place(NamedTuple):
    source: str
    patient: str
    record: str
    part: str


@dataclass(frozen=True, slots=True)
class Change:
    """A published change of a resource that both sides have."""

    resource: Resource
    kind: str
    change: str
    """`updated`, `new` or `withdrawn`: what happens to the entry."""
    fields: tuple[tuple[str, Any, Any], ...]
    """Field, value before and value after; None where nothing was said."""


@dataclass(slots=True)
class Report:
    in_common: list[Resource]
    byte_different: list[Resource]
    published: list[Change]
    new: list[Resource]
    vanished: list[Resource]
    faults: list[fold_input.Fault] = field(default_factory=list)


@dataclass(slots=True)
class Side:
    """What one side's files hold."""

    read: fold_input.Input
    digests: dict[Resource, set[bytes]]
    """Of the resource as written, of each copy of it."""
    overtaken: set[Resource] = field(default_factory=set)
    """Issues of a medicine for which a later one speaks."""


def side(paths: Iterable[Path], source: str | None, processing: Processing = Processing.PRODUCTION) -> Side:
    paths = list(paths)
    found = Side(fold_input.read(paths, source, processing=processing), {})
    for path in fold_input.listed(paths, fold_input.Input()):
        try:
            data = path.read_bytes()
            whole = contents([top for top in resources(data) if not isinstance(top, UnreadableError)])
        except (OSError, UnreadableError):
            continue  # `fold_input` names it
        _resources(whole, f"file:{hashlib.sha256(data).hexdigest()}", found)
    return found


def compare(before: Side, after: Side, person_key: bytes, terms: Terms) -> Report:
    """A pure function of what the sides hold: neither the order nor the names of files matter. `terms`: what the stream has in force."""
    old, new = before.digests, after.digests
    common = sorted(old.keys() & new.keys())
    first = _entries(before.read, person_key, terms)
    then = _entries(_together(before.read, after.read), person_key, terms)
    places = _places(before.read, after.read)
    was, now = _said(before.read), _said(before.read, after.read)
    overtaken = before.overtaken | after.overtaken
    return Report(
        in_common=common, byte_different=[each for each in common if old[each] != new[each]],
        published=[change for each in common for place in sorted(places.get((each.patient, each.item), ()))
                   if not (each in overtaken and place in was)
                   and (change := _change(each, first.get(place), then.get(place), was.get(place), now.get(place)))],
        new=sorted(new.keys() - old.keys()), vanished=sorted(old.keys() - new.keys()),
        faults=sorted({*before.read.faults, *after.read.faults}))


def _resources(whole: Contents, file: str, found: Side) -> None:
    patients = [str(each.get("id")) for each in whole.of("Patient")]
    for item in whole.items:
        identity = item.resource.get("id")
        if item.type and item.type not in CONTAINERS and isinstance(identity, str):
            try:
                person = patients[0] if len(patients) == 1 else whose(item.resource, whole).patient
            except (FieldError, RefusedError):
                person = ""
            written = hashlib.sha256(json.dumps(item.resource).encode()).digest()
            kind = item.type if item.within is None else item.name.rpartition("/")[0]      # contained: after its container
            resource = Resource(person, kind, identity.strip())
            found.digests.setdefault(resource, set()).add(written)
            if (file, item.name) in found.read.overtaken:
                found.overtaken.add(resource)


def _together(before: fold_input.Input, after: fold_input.Input) -> fold_input.Input:
    return fold_input.Input([*before.assertions, *after.assertions], [*before.claims, *after.claims])


def _entries(read: fold_input.Input, person_key: bytes, terms: Terms) -> dict[_Place, Entry]:
    """Record part -> the entry that it speaks in."""
    records = fold(read.assertions, assign(read.claims, person_key), person_key, terms)
    return {_Place(behind.source, behind.patient, behind.record, behind.part): entry
            for record in records.values() for entry in record.entries for behind in entry.provenance}


def _places(*reads: fold_input.Input) -> dict[tuple[str, str], set[_Place]]:
    """Patient and item -> the record parts that it is."""
    found: dict[tuple[str, str], set[_Place]] = {}
    for read in reads:
        for known in read.assertions:
            a = known.assertion
            found.setdefault((a.patient, a.raw.item), set()).add(_Place(a.source, a.patient, a.record, a.part))
    return found


def _change(resource: Resource, before: Entry | None, after: Entry | None, was: Known | None, now: Known | None) -> Change | None:
    """`was`, `now`: what the resource itself says. A field that two parts change alike, one of which decides it, is a change of both."""
    entry = after or before
    if entry is None or not _speaks_anew(kinds.BY_NAME[entry.kind], was, now):
        return None
    kind = kinds.BY_NAME[entry.kind]
    one = canonical.decode(before.content) if before else {}
    other = canonical.decode(after.content) if after else {}
    own = {name for each in (before, after) if each for name in _decided(each, resource)}
    said = [fields(known.assertion) if known else {} for known in (was, now)]
    changes = differing(kind, *said)
    own.update(changes)
    names = [name for name in differing(kind, one, other) if name in own]
    if not names and before and after:
        names = [name for name in sorted(own) if one.get(name) != other.get(name)]
    changed = [(name, one.get(name), other.get(name)) for name in names]
    if before and after:
        changed += _lost(kind, _losing(before, resource), _losing(after, resource), {name for name, _, _ in changed})
        told = {name for name, _, _ in changed}
        changed += [(name, said[0].get(name), said[1].get(name)) for name in changes if name not in told]
    if not changed:
        return None
    what = "updated" if before and after else "new" if after else "withdrawn"
    return Change(resource, entry.kind, what, tuple(changed))


def _speaks_anew(kind: Kind, was: Known | None, now: Known | None) -> bool:
    """Whether the resource itself says something else: an entry that changes by what others say is no change of it."""
    if was is None or now is None:
        return True
    one, other = was.assertion, now.assertion
    return ((one.status, one.labels, one.recorded) != (other.status, other.labels, other.recorded)
            or bool(differing(kind, fields(one), fields(other))))


def _lost(kind: Kind, before: dict[str, Any], after: dict[str, Any], besides: set[str]) -> Iterator[tuple[str, Any, Any]]:
    """Values that lost on both sides, and differ."""
    both = before.keys() & after.keys() - besides
    for name in differing(kind, {name: before[name] for name in both}, {name: after[name] for name in both}):
        yield name, before[name], after[name]


def _losing(entry: Entry, resource: Resource) -> dict[str, Any]:
    return {name: canonical.decode(value) for behind in entry.provenance
            if behind.patient == resource.patient and behind.raw.item == resource.item for name, value in behind.lost.items()}


def _said(*reads: fold_input.Input) -> dict[_Place, Known]:
    """The greatest version of each record part."""
    found: dict[_Place, Known] = {}
    for read in reads:
        for known in read.assertions:
            a = known.assertion
            place = _Place(a.source, a.patient, a.record, a.part)
            if place not in found or versions.of_assertion(a) > versions.of_assertion(found[place].assertion):
                found[place] = known
    return found


def _decided(entry: Entry, resource: Resource) -> Iterator[str]:
    for behind in entry.provenance:
        if behind.patient == resource.patient and behind.raw.item == resource.item:
            yield from behind.fields
