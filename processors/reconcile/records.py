"""One person's records in hand for a batch: what was read from state, what changed, and what they say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import NamedTuple

from mainstem import versions
from mainstem.kinds.facts import Member, Place
from mainstem.kinds.manifest import ManifestContent
from mainstem.model import Known, PartialList
from processors.keys import END, pack, unpack
from processors.lane.contract import State
from processors.reconcile import absence, layout, news, resolve
from processors.reconcile.in_hand import Name, Record
from processors.reconcile.layout import Feed
from processors.reconcile.listings import Found, Listings
from processors.stored import dump, load

_NO_LISTINGS: Mapping[str, Found] = MappingProxyType({})


class Dropped(NamedTuple):
    """A record that was forgotten, and what its members were last counted into (`layout.Held.groups`)."""

    name: Name
    groups: list[tuple[str, str | None, str]]


class Records:
    """Reads through to state; assertions are written at once, records by `flush`."""

    def __init__(self, person: bytes, feeds: Mapping[str, Feed], state: State) -> None:
        """`person`: what its keys begin with. `feeds`: its source patients (`layout.Head`)."""
        self.in_hand: dict[Name, Record] = {}
        self._feeds = feeds
        self._state = state
        self._person = person
        self._subjects: dict[str, bytes] = {}
        self._listings = Listings(b"m", person, state, absence.spoken_for)
        self._heard = Listings(b"o", person, state, absence.listed_in)
        self._listed: dict[bytes, tuple[Known, ManifestContent, frozenset[str]]] = {}
        self._rekinded: list[tuple[Record, str]] = []
        """Records that are of another kind since this batch, most of them new; and the kind before."""

    def preload(self, names: Iterable[Name]) -> None:
        """Read many at once."""
        missing = [name for name in dict.fromkeys(names) if name not in self.in_hand]
        wanted = [Record(name, self._subject(name[0]) + name[1].encode() + END) for name in missing]
        for record, data in zip(wanted, self._state.multi_get([b"r" + record.key for record in wanted]), strict=True):
            self.in_hand[record.name] = record
            if data is not None:
                record.held = layout.decode_held(data)

    def get(self, name: Name) -> Record:
        if name not in self.in_hand:
            self.preload([name])
        return self.in_hand[name]

    def add(self, record: Record, known: Known) -> bool:
        """Keep an assertion of a record; whether it may have changed what is shown of its part, or the place of its greatest version."""
        a = known.assertion
        part, held = a.part, record.held
        version = versions.packed_of(a)
        key = record.version_key(part, version)
        greatest = held.parts.get(part)
        if greatest is not None:
            if version <= greatest:
                return self._add_late(record, key, known)
            self._walk(record, part)
            shown = held.shown.get(part, greatest)
            same = news.says_the_same(self._winner(record, part), known)
        self._state.put(key, dump(known))
        held.parts[part] = version
        if held.kind != a.kind and (len(held.parts) == 1 or part == min(held.parts)):
            self._rekinded.append((record, held.kind))
            held.kind = a.kind
        record.dirty = True
        if greatest is not None and same:
            held.shown[part] = shown
            return bool(self._told_absent(record.name[0]))  # of what is said again only a manifest may now think otherwise
        held.shown.pop(part, None)
        record.said[part] = known
        return True

    def _add_late(self, record: Record, key: bytes, known: Known) -> bool:
        a = known.assertion
        data = self._state.get(key)
        before = None if data is None else load(data)
        if before is not None and versions.earlier(before, known) is not known:
            return False
        self._state.put(key, dump(known))
        record.said.pop(a.part, None)
        if before is not None and before.assertion.recorded == a.recorded:
            return False
        record.late.add(a.part)
        return True

    def _walk(self, record: Record, part: str) -> None:
        """After versions that came late: find the one to show from all versions of the part, once for all that came in the batch."""
        if part in record.late:
            record.late.discard(part)
            held = record.held
            prefix = record.version_key(part, b"")
            version, known = news.shown((key[len(prefix):], load(value)) for key, value in self._state.prefix(prefix))
            before = held.shown.pop(part, held.parts[part])
            if version != held.parts[part]:
                held.shown[part] = version
            record.said[part] = known
            record.dirty |= version != before

    def _winner(self, record: Record, part: str) -> Known:
        known = record.said.get(part)
        if known is None:
            held = record.held
            known = record.said[part] = self._known(record.version_key(part, held.shown.get(part) or held.parts[part]))
        return known

    def winners(self, record: Record) -> list[Known]:
        """The version shown of each part, sorted by part."""
        parts = record.held.parts
        for part in sorted(record.late) if record.late else ():
            self._walk(record, part)
        return [self._winner(record, part) for part in (sorted(parts) if len(parts) > 1 else parts)]

    def load_winners(self, records: Iterable[Record]) -> None:
        """Read the versions shown of many records at once."""
        wanted = [(record, part, record.version_key(part, record.held.shown.get(part) or version))
                  for record in records for part, version in record.held.parts.items()
                  if part not in record.said and part not in record.late]
        for (record, part, _), data in zip(wanted, self._state.multi_get([key for _, _, key in wanted]), strict=True):
            if data is not None:
                record.said[part] = load(data)

    def members(self, record: Record, winners: list[Known]) -> list[Member]:
        """What the record says now; nothing where a manifest makes it absent."""
        return [] if not winners or self.absent_by(record) is not None else resolve.members(winners)

    def at(self, places: list[Place]) -> list[Member]:
        """What stands at these places, read from state as far as it is not in hand."""
        if not places:
            return []
        names = list(dict.fromkeys([place[:2] for place in places]))
        self.preload(names)
        records = [self.in_hand[name] for name in names]
        self.load_winners(records)
        wanted = set(places)
        return [member for record in records for member in self.members(record, self.winners(record)) if member.place in wanted]

    def absent_by(self, record: Record) -> Known | None:
        """The manifest that makes it absent."""
        (subject, name), kind = record.name, record.held.kind
        found = self._told_absent(subject).get(kind)
        if found is None or max(versions.place(version) for version in record.held.parts.values()) >= versions.place(found[0]):
            return None
        manifest, said, listed = self._manifest(subject, found)
        present = name in listed or absence.spared(kind, said, self.winners(record)) or self._lists_none(subject, kind, said)
        return None if present else manifest

    def spoken_for_anew(self) -> list[Record]:
        """Records whose absence may have changed because a record that a manifest lists is known to be of their kind now, or no more."""
        subjects: dict[str, set[str]] = {}
        for record, before in self._rekinded:
            subject, name = record.name
            listings = self._told_absent(subject)
            for kind in (before, record.held.kind) if listings else ():
                found = listings.get(kind) if kind else None
                if found is not None and absence.lists_none(kind, (told := self._manifest(subject, found))[1], ()) and name in told[2]:
                    subjects.setdefault(subject, set()).add(kind)
        return [record for subject, kinds in subjects.items() for record in self.of(subject) if record.held.kind in kinds]

    def _told_absent(self, subject: str) -> Mapping[str, Found]:
        """Kind -> the manifest by which records of the source patient are absent. Of one who never sent any there is nothing to read."""
        return self._listings.of(subject) if resolve.MANIFEST in self._feeds[subject].kinds else _NO_LISTINGS

    def _manifest(self, subject: str, found: Found) -> tuple[Known, ManifestContent, frozenset[str]]:
        """A listing, what it says, and the records that it lists."""
        key = self.get((subject, found[1])).version_key("", found[0])
        if key not in self._listed:
            manifest = self._known(key)
            said = absence.content(manifest)
            self._listed[key] = manifest, said, frozenset(said.records)
        return self._listed[key]

    def _lists_none(self, subject: str, kind: str, said: ManifestContent) -> bool:
        if not absence.lists_none(kind, said, ()):
            return False
        names = [(subject, name) for name in said.records]
        self.preload(names)
        return absence.lists_none(kind, said, {self.in_hand[name].held.kind for name in names})

    def relist(self, subject: str, arrived: list[Known]) -> list[Record]:
        """After manifests came: the records of the source patient whose absence they may have changed."""
        kinds = self._listings.take(subject, arrived, lambda: self._manifests(subject))
        return [record for record in self.of(subject) if record.held.kind in kinds] if kinds else []

    def partial(self, subject: str, arrived: list[Known]) -> list[PartialList]:
        """After manifests came: what the source patient's lists are not complete in."""
        self._heard.take(subject, arrived, lambda: self._manifests(subject))
        return list(absence.lacking({kind: self._manifest(subject, found)[0] for kind, found in self._heard.of(subject).items() if kind}))

    def of(self, subject: str) -> list[Record]:
        """All records of a source patient, sorted."""
        stored = [(subject, unpack(key[1 + len(self._person):])[1])
                  for key, _ in self._state.prefix(b"r" + self._subject(subject))]
        self.preload(stored)
        return [record for name, record in sorted(self.in_hand.items()) if name[0] == subject and record.held.parts]

    def drop(self, subject: str, most: int) -> tuple[list[Dropped], bool]:
        """Forget records of a source patient, that hold so many assertions or a few more; and whether it was all of them.

        Manifests come last: what they make absent must not come back for want of them.
        """
        prefix = b"v" + self._subject(subject)
        manifests: list[tuple[Record, list[bytes]]] = []
        dropped: list[Dropped] = []
        for name, pairs in groupby(self._state.prefix(prefix), lambda pair: pair[0][len(prefix):].partition(END)[0]):
            if most <= 0:
                return dropped, False
            record, keys = self._leaving((subject, name.decode())), [key for key, _ in pairs]
            if record.held.kind == resolve.MANIFEST:
                manifests.append((record, keys))
            else:
                dropped.append(self._drop(record, keys))
                most -= len(keys)
        dropped += (self._drop(record, keys) for record, keys in manifests)
        self._listings.forget(subject)
        self._heard.forget(subject)
        self._listed.clear()
        return dropped, True

    def _leaving(self, name: Name) -> Record:
        """As it is; in hand only where it already was."""
        found = self.in_hand.get(name)
        if found is None:
            found = Record(name, self._subject(name[0]) + name[1].encode() + END)
            data = self._state.get(b"r" + found.key)
            if data is not None:
                found.held = layout.decode_held(data)
        return found

    def _drop(self, record: Record, keys: list[bytes]) -> Dropped:
        """`keys`: of its assertions."""
        for key in (b"r" + record.key, *keys):
            self._state.delete(key)
        dropped = Dropped(record.name, record.held.groups)
        record.forget()
        return dropped

    def flush(self) -> None:
        for record in self.in_hand.values():
            if record.dirty:
                self._state.put(b"r" + record.key, layout.encode(record.held))
                record.dirty = False

    def _manifests(self, subject: str) -> list[Known]:
        """Every version of every manifest."""
        return [load(value) for record in self.of(subject) if record.held.kind == resolve.MANIFEST
                for _, value in self._state.prefix(b"v" + record.key)]

    def _known(self, key: bytes) -> Known:
        data = self._state.get(key)
        if data is None:
            raise LookupError(f"state holds a record whose assertion is missing (key {key[:1].decode()}, {len(key)} bytes); "
                              "it is damaged: restore it from the changelog")
        return load(data)

    def _subject(self, subject: str) -> bytes:
        """Key of person and source patient."""
        found = self._subjects.get(subject)
        if found is None:
            found = self._subjects[subject] = self._person + pack(subject)
        return found
