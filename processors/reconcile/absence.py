"""Absence: what a complete export no longer holds. Derived from manifests, never stated, and undone by any later assertion.

A manifest speaks only for the kinds it was complete for, and one that lists nothing for none that carries risk: an empty list of
allergies is information not available, never "none" (design.md, promise 4; GP Connect, "Using the List resource"). Per kind the
greatest one that speaks for it counts; a record of that kind is absent where its greatest version lies below the manifest's and the
manifest does not list it. At equal places the record stands. Of a kind that carries risk nothing is absent where a manifest of several
kinds lists no record that is known to be of it: of that kind its list may have been empty (`lists_none`). Where it is complete only
since a day, what may have been recorded before is not absent (`spared`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import msgspec

from mainstem import kinds, versions
from mainstem.kinds.dates import days
from mainstem.kinds.manifest import ManifestContent
from mainstem.model import Known, PartialList, Status


class Listing(NamedTuple):
    """The manifest that counts for one kind. Greater ones take its place."""

    version: bytes
    record: str
    known: Known

    @property
    def place(self) -> bytes:
        return versions.place(self.version)


def listings(manifests: Iterable[Known]) -> dict[str, Listing]:
    """Kind -> the manifest by which records of it are absent, of all versions of one source patient's manifests."""
    return counting(manifests, spoken_for)


def partial(manifests: Iterable[Known]) -> tuple[PartialList, ...]:
    """What the lists of one source patient were not complete in."""
    return lacking({kind: one.known for kind, one in counting(manifests, listed_in).items()})


def lacking(heard: Mapping[str, Known]) -> tuple[PartialList, ...]:
    """`heard`: kind -> the manifest that counts among those that were made with a list of it."""
    found = ((kind, content(manifest).partial.get(kind), manifest.known) for kind, manifest in sorted(heard.items()))
    return tuple(PartialList(kind=kind, reasons=reasons, known=known) for kind, reasons, known in found if reasons)


def counting(manifests: Iterable[Known], kinds_of: Callable[[Known], Iterable[str]]) -> dict[str, Listing]:
    """Kind -> the greatest version of a manifest that speaks of it, as `kinds_of` says.

    Every asserted version speaks for its kinds, so that an export of allergies alone does not take back what one of problems said;
    but where the greatest version of a manifest was retracted or removed, none of its versions does.
    """
    by_record: dict[str, list[Listing]] = {}
    for known in manifests:
        by_record.setdefault(known.assertion.record, []).append(listing(known))
    found: dict[str, Listing] = {}
    for said in by_record.values():
        if max(said, key=_version).known.assertion.status is not Status.ASSERTED:
            continue
        for one in said:
            if one.known.assertion.status is Status.ASSERTED:
                for kind in kinds_of(one.known):
                    if kind not in found or one[:2] > found[kind][:2]:
                        found[kind] = one
    return found


def listing(manifest: Known) -> Listing:
    return Listing(versions.packed(versions.of_assertion(manifest.assertion)), manifest.assertion.record, manifest)


def spoken_for(manifest: Known) -> tuple[str, ...]:
    """The kinds of which a record that the manifest does not list is absent."""
    said = content(manifest)
    return said.kinds if said.records else tuple(kind for kind in said.kinds if not _risky(kind))


def listed_in(manifest: Known) -> set[str]:
    """The kinds that there was a list of."""
    said = content(manifest)
    return {*said.kinds, *said.partial}


def lists_none(kind: str, said: ManifestContent, listed: Iterable[str]) -> bool:
    """Whether a manifest may hold an empty list of a kind that carries risk, so that nothing is absent by it. `listed`: the kinds of the
    records that it lists, as far as they are known. One of a single kind lists that kind alone."""
    return _risky(kind) and set(said.kinds) != {kind} and kind not in listed


def spared(kind: str, said: ManifestContent, shown: Iterable[Known]) -> bool:
    """Whether a record that a manifest does not list may have been recorded before the day since which that is complete. `shown`: what
    it says, a version of each part. One that does not say when it was recorded may have been."""
    since = said.since.get(kind)
    return since is not None and any((found := days(known.assertion.recorded)) is None or found[0] < since for known in shown)


def _risky(kind: str) -> bool:
    known = kinds.BY_NAME.get(kind)
    return known is not None and known.risk


def content(manifest: Known) -> ManifestContent:
    if manifest.assertion.part:
        return ManifestContent(kinds=(), records=())  # a manifest is one part; anything else is not one
    try:
        return msgspec.json.decode(manifest.assertion.content, type=ManifestContent)
    except (ValueError, RecursionError):
        return ManifestContent(kinds=(), records=())  # capture checks contents; one that is no manifest makes nothing absent


def _version(one: Listing) -> bytes:
    return one.version
