"""One person's records in hand for a batch: what was read from state, what changed, and what they say."""

from __future__ import annotations

from collections.abc import Iterator

from mainstem import versions
from mainstem.kinds.facts import Member
from mainstem.model import Known, Status
from processors.keys import END, pack, unpack
from processors.lane.contract import State
from processors.reconcile import absence, layout, news, resolve
from processors.reconcile.layout import Held
from processors.stored import dump, load

Name = tuple[str, str]
"""Source patient and record."""


class Records:
    """Reads through to state; assertions are written at once, records and manifests by `flush`."""

    def __init__(self, person: str, state: State) -> None:
        self._state = state
        self._person = pack(person)
        self._held: dict[Name, Held] = {}
        self._packed: dict[Name, bytes] = {}
        self._dirty: set[Name] = set()
        self._late: set[tuple[Name, str]] = set()
        """Parts of which versions came that are not the greatest."""
        self._said: dict[bytes, Known] = {}
        self._listings: dict[str, dict[str, tuple[bytes, str]]] = {}
        self._listed: dict[bytes, frozenset[str]] = {}

    def preload(self, names: list[Name]) -> None:
        """Read many at once."""
        wanted = [name for name in dict.fromkeys(names) if name not in self._held]
        for name, data in zip(wanted, self._state.multi_get([self._key(name) for name in wanted]), strict=True):
            self._held[name] = Held() if data is None else layout.decode_held(data)

    def get(self, name: Name) -> Held:
        if name not in self._held:
            self.preload([name])
        return self._held[name]

    def changed(self, name: Name) -> None:
        self._dirty.add(name)

    def add(self, name: Name, known: Known) -> bool:
        """Keep an assertion of a record; whether it may have changed what is shown of its part, or the place of its greatest version."""
        a = known.assertion
        held = self.get(name)
        version = versions.packed(versions.of_assertion(a))
        key = self._version_key(name, a.part, version)
        greatest = held.parts.get(a.part)
        if greatest is not None and version <= greatest:
            data = self._state.get(key)
            before = None if data is None else load(data)
            if before is not None and versions.earlier(before, known) is not known:
                return False
            self._keep(key, known)
            if before is not None and before.assertion.recorded == a.recorded:
                return False
            self._late.add((name, a.part))
            return True
        self._walk(name, a.part)
        shown = held.shown.get(a.part, greatest)
        same = shown is not None and news.says_the_same(self._known(self._version_key(name, a.part, shown)), known)
        self._keep(key, known)
        held.parts[a.part] = version
        if len(held.parts) == 1 or a.part == min(held.parts):
            held.kind = a.kind
        self._show(held, name, a.part, shown if same and shown is not None else version)
        self._dirty.add(name)
        return True

    def _keep(self, key: bytes, known: Known) -> None:
        self._state.put(key, dump(known))
        self._said[key] = known

    def _walk(self, name: Name, part: str) -> None:
        """After versions that came late: find the one to show from all versions of the part, once for all that came in the batch."""
        if (name, part) in self._late:
            self._late.discard((name, part))
            prefix = self._version_key(name, part, b"")
            version, _ = news.shown((key[len(prefix):], load(value)) for key, value in self._state.prefix(prefix))
            self._show(self.get(name), name, part, version)

    def _show(self, held: Held, name: Name, part: str, version: bytes) -> None:
        """Note the version to show, where it is not the greatest."""
        before = held.shown.pop(part, held.parts[part])
        if version != held.parts[part]:
            held.shown[part] = version
        if version != before:
            self._dirty.add(name)

    def winners(self, name: Name) -> list[Known]:
        """The version shown of each part, sorted by part."""
        held = self.get(name)
        for part in held.parts if self._late else ():
            self._walk(name, part)
        parts = {**held.parts, **held.shown} if held.shown else held.parts
        order = sorted(parts) if len(parts) > 1 else parts
        return [self._known(self._version_key(name, part, parts[part])) for part in order]

    def members(self, name: Name, winners: list[Known]) -> list[Member]:
        """What the record says now; nothing where a manifest makes it absent."""
        return [] if not winners or self.is_absent(name) else resolve.members(winners)

    def is_absent(self, name: Name) -> bool:
        return self.absent_by(name) is not None

    def absent_by(self, name: Name) -> Known | None:
        """The manifest that makes it absent."""
        subject, record = name
        listings = self._listings_of(subject)
        if not listings:
            return None
        held = self.get(name)
        found = listings.get(held.kind)
        if found is None or max(versions.place(version) for version in held.parts.values()) >= versions.place(found[0]):
            return None
        key = self._version_key((subject, found[1]), "", found[0])
        if key not in self._listed:
            self._listed[key] = frozenset(absence.content(self._known(key)).records)
        return None if record in self._listed[key] else self._known(key)

    def relist(self, subject: str, arrived: list[Known]) -> list[Name]:
        """After manifests came: the records of the source patient whose absence they may have changed."""
        before = self._listings_of(subject)
        names = self.of(subject)
        self.preload(names)
        withdrawn = layout.WITHDRAWN_MANIFEST in before or any(k.assertion.status is not Status.ASSERTED for k in arrived)
        after = self._listed_anew(subject, names) if withdrawn else dict(before)
        for known in () if withdrawn else arrived:
            found = absence.listing(known)
            for kind in absence.content(known).kinds:
                held = after.get(kind)
                if held is None or found[:2] > held:
                    after[kind] = (found.version, found.record)
        self._listings[subject] = after
        self._state.put(b"m" + self._person + pack(subject), layout.encode(after))
        kinds = {kind for kind in before.keys() | after.keys() if before.get(kind) != after.get(kind)}
        return [name for name in names if self.get(name).kind in kinds]

    def of(self, subject: str) -> list[Name]:
        """All records of a source patient, sorted."""
        stored = [(subject, unpack(key[1 + len(self._person):])[1])
                  for key, _ in self._state.prefix(b"r" + self._person + pack(subject))]
        fresh = [name for name, held in self._held.items() if name[0] == subject and held.parts]
        return sorted({*stored, *fresh})

    def drop(self, subject: str) -> Iterator[tuple[Name, Held]]:
        """Forget a source patient: each of its records, as it was, and then all of its state."""
        for name in self.of(subject):
            yield name, self.get(name)
            self._held[name] = Held()
            self._dirty.discard(name)
            self._late -= {late for late in self._late if late[0] == name}
        for kind in (b"r", b"v", b"m"):
            for key, _ in self._state.prefix(kind + self._person + pack(subject)):
                self._state.delete(key)
                self._said.pop(key, None)

    def flush(self) -> None:
        for name in self._dirty:
            self._state.put(self._key(name), layout.encode(self._held[name]))
        self._dirty.clear()

    def _listed_anew(self, subject: str, names: list[Name]) -> dict[str, tuple[bytes, str]]:
        """From every version of every manifest: what a retraction of one makes necessary."""
        manifests = [name for name in names if self.get(name).kind == resolve.MANIFEST]
        said = [load(value) for name in manifests for _, value in self._state.prefix(b"v" + self._person + pack(*name))]
        found = {kind: (one.version, one.record) for kind, one in absence.listings(said).items()}
        return {**found, layout.WITHDRAWN_MANIFEST: (b"", "")}

    def _known(self, key: bytes) -> Known:
        known = self._said.get(key)
        if known is None:
            data = self._state.get(key)
            if data is None:
                raise LookupError(f"state holds a record whose assertion is missing (key {key[:1].decode()}, {len(key)} bytes); "
                                  "it is damaged: restore it from the changelog")
            known = self._said[key] = load(data)
        return known

    def _listings_of(self, subject: str) -> dict[str, tuple[bytes, str]]:
        if subject not in self._listings:
            data = self._state.get(b"m" + self._person + pack(subject))
            self._listings[subject] = {} if data is None else layout.decode_listings(data)
        return self._listings[subject]

    def _key(self, name: Name) -> bytes:
        return b"r" + self._prefix(name)

    def _version_key(self, name: Name, part: str, version: bytes) -> bytes:
        return b"v" + self._prefix(name) + part.encode() + END + version

    def _prefix(self, name: Name) -> bytes:
        found = self._packed.get(name)
        if found is None:
            found = self._packed[name] = self._person + pack(*name)
        return found
