"""Entries and heads in a Redis Cluster: slot by slot, each with its mark, and where the cache stands only after all of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import orjson
from redis.exceptions import NoScriptError

from mainstem.model import Entry
from schemas.topics import Purpose
from sinks import policy
from sinks.cache import changes, layout, record, scripts, servers, slots
from sinks.cache.changes import Changes
from sinks.cache.nodes import Nodes, Sent
from sinks.cache.reader import CacheReader
from sinks.contract import Batch, Held, Place, Positions
from sinks.errors import StoreMovedError, StoreUnavailableError

log = logging.getLogger(__name__)
_HOME = slots.of(layout.STANDING)
_REMEMBERED = 100
"""Places where it stood."""


class Standing(msgspec.Struct, frozen=True):
    """Where the cache stands. The marks that belong to it lie beside it (`layout.MARKS`)."""

    generation: int
    session: int
    positions: dict[str, int]


class Earlier(msgspec.Struct, frozen=True):
    """Where the cache stood once. Whatever it stood for was written with marks up to this one."""

    mark: str
    positions: dict[str, int]


class ClusterStore:
    """A batch is applied in steps, each acknowledged by every master before the next: persons are added to the sets of their numbers;
    entries and heads are written; persons are taken out of the sets of numbers that they carry no more; at last positions, with the marks
    that the slots were left with. Cut short anywhere, the batch is applied again, which does not change what was done.

    Whoever opens takes over: who wrote before is refused from then on. A slot that holds less than its mark stood for is noticed at the
    next batch, or when the store is opened; then the topics are read again, over what is still there: from where the cache stood before
    anything was lost, or from their beginning where nobody knows.
    """

    name = servers.NAME
    purpose = Purpose.DIRECT_CARE
    pace = 0.0
    remembers = 10.0
    """Seconds from one place where it stood to the next that is remembered."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._nodes = Nodes(url)
        self._keys = slots.keys(layout.MARK)
        self._scripts: dict[str, bytes] = {}
        self._standing = Standing(0, 0, {})
        self._held = b""
        """The same, as it lies there."""
        self._marks: list[bytes] = []
        """Slot -> the mark that belongs to where the cache stands."""
        self._new: dict[int, bytes] = {}
        """Slot -> its mark since then."""
        self._writes = 0
        self._remembered = 0.0
        """When it last was, by the monotonic clock."""
        self._last: dict[str, int] = {}
        """Master -> the slot that was written to last: while its mark is there, so is all that was written before."""

    def open(self) -> Positions:
        with self._answered():
            self._nodes.look()
            servers.refuse_eviction(self._nodes.masters())
            for script in scripts.ALL:
                self._scripts[script] = next(iter(self._nodes.every("SCRIPT", "LOAD", script).values()))
            self._take_over()
        return {Place.parse(text): offset for text, offset in self._standing.positions.items()}

    def apply(self, batch: Batch, positions: Positions) -> None:
        entries = [e for e in batch.latest_entries() if policy.enters(self.purpose, e.kind, e.labels)]
        heads = batch.latest_summaries()
        carried = changes.members("SADD", [(number, each.person) for each in heads for number in each.nhs_numbers])
        records = changes.records(entries, heads)
        with self._answered():
            self._check()
            self._change(scripts.MEMBERS, carried)
            self._mend(records, self._change(scripts.RECORDS, records))
            self._stand(self._standing.generation, {str(place): offset for place, offset in positions.items()})

    def fits(self, entry: Entry) -> None:
        record.decode_entry(record.of_entry(entry).decode())

    def contents(self) -> Iterator[Held]:
        return CacheReader(self._url).contents()

    def damaged(self) -> bool:
        return False

    def clear(self) -> None:
        with self._answered():
            self._nodes.look()
            self._erase()

    def close(self) -> None:
        self._nodes.close()

    def _take_over(self) -> None:
        asked = (("GET", layout.STANDING), ("HGETALL", layout.MARKS))
        standing, pairs = self._nodes.send([Sent(_HOME, each) for each in asked], writes=False)
        held = self._nodes.send([Sent(slot, ("GET", key)) for slot, key in enumerate(self._keys)], writes=False)
        self._held = standing or b""
        found = _decoded(self._held)
        self._standing = found or Standing(0, 0, {})
        self._standing = msgspec.structs.replace(self._standing, session=max(self._standing.session, *map(slots.session, held)))
        if layout.CLEARING in (self._held, *held):
            self._erase()
            return
        self._settle(self._standing.generation, dict(zip(map(int, pairs[::2]), pairs[1::2], strict=True)))
        lost = [mark for mark, least in zip(held, self._marks, strict=True) if not slots.intact(mark, least)]
        if found and not lost:
            self._stand(found.generation, found.positions, session=self._standing.session + 1)
        else:
            (earlier,) = self._nodes.send([Sent(_HOME, ("LRANGE", layout.EARLIER, 0, -1))], writes=False)
            before = _before(lost, earlier) if found else {}
            if found:
                log.warning("the cache lost what it held in %d of %d slots; reading again from %s", len(lost), slots.SLOTS,
                            "before that" if before else "the beginning")
            self._begin_anew(before)

    def _erase(self) -> None:
        """While the marks say so nobody writes, and whoever opens the store begins here."""
        self._nodes.send([Sent(_HOME, ("SET", layout.STANDING, layout.CLEARING))])
        self._nodes.send([Sent(slot, ("SET", key, layout.CLEARING)) for slot, key in enumerate(self._keys)])
        stay = (layout.MARK.encode(), layout.STANDING.encode())
        for keys in self._nodes.keys(f"{layout.PREFIX}*"):
            self._nodes.send([Sent(slots.of(key.decode()), ("UNLINK", key)) for key in keys if not key.startswith(stay)])
        self._held = layout.CLEARING
        self._begin_anew({})

    def _begin_anew(self, positions: Mapping[str, int]) -> None:
        """Positions first: until the marks are of their generation, the slots do not hold what these stand for."""
        session = self._standing.session + 1
        self._new = {}
        self._stand(session, positions, session=session)
        first = slots.mark(session, session, 0)
        self._nodes.send([Sent(slot, ("SET", key, first)) for slot, key in enumerate(self._keys)])
        self._settle(session, {})

    def _settle(self, generation: int, kept: Mapping[int, bytes]) -> None:
        """The marks of a generation are those that were kept, or the one that it began with."""
        first = slots.mark(generation, generation, 0)
        self._marks, self._new, self._writes, self._last = [kept.get(slot, first) for slot in range(slots.SLOTS)], {}, 0, {}
        for slot, mark in enumerate(self._marks):
            owner = self._nodes.owner(slot)
            if mark >= self._marks[self._last.setdefault(owner, slot)]:
                self._last[owner] = slot

    def _check(self) -> None:
        """Raises StoreMovedError unless the cache stands where it stood, and every master has what was written to it last."""
        self._new = {}
        watched = tuple(self._last.values())
        asked = [Sent(_HOME, ("GET", layout.STANDING)), *(Sent(slot, ("GET", self._keys[slot])) for slot in watched)]
        standing, *held = self._nodes.send(asked, writes=False)
        if standing != self._held or not all(slots.intact(mark, self._marks[slot]) for mark, slot in zip(held, watched, strict=True)):
            raise StoreMovedError(self.name)

    def _mend(self, records: Changes, replies: Mapping[int, Any]) -> None:
        """Take persons out of the sets of numbers that their records say they do not carry."""
        left = {layout.person(records[slot].keys[at - 2]): numbers for slot, reply in replies.items() for at, numbers in reply}
        self._change(scripts.MEMBERS, changes.members("SREM", [(number, person) for person, numbers in left.items()
                                                               for number in orjson.loads(numbers)]))
        self._change(scripts.MENDED, changes.mended(left))

    def _change(self, script: str, asked: Changes) -> dict[int, Any]:
        """Slot -> the script's reply. Raises StoreMovedError where a slot is not as it was left."""
        sent: list[Sent] = []
        for slot, each in asked.items():
            self._writes += 1
            least = self._new.get(slot, self._marks[slot])
            mark = slots.mark(self._standing.generation, self._standing.session, self._writes)
            self._new[slot] = mark
            self._last[self._nodes.owner(slot)] = slot
            sent.append(Sent(slot, ("EVALSHA", self._scripts[script], len(each.keys) + 1, self._keys[slot], *each.keys, least, mark,
                                    *each.arguments)))
        replies = self._nodes.send(sent)
        if 0 in replies:
            raise StoreMovedError(self.name)
        return dict(zip(asked, replies, strict=True))

    def _stand(self, generation: int, positions: Mapping[str, int], session: int | None = None) -> None:
        """Write where the cache stands. Raises StoreMovedError where somebody else did."""
        standing = Standing(generation, session or self._standing.session, dict(positions))
        after = msgspec.json.encode(standing)
        anew = generation != self._standing.generation
        now, earlier = time.monotonic(), b""
        if anew or (self._new and now >= self._remembered + self.remembers):
            mark = slots.mark(generation, generation, 0) if anew else max(self._new.values())
            earlier, self._remembered = msgspec.json.encode(Earlier(mark.decode(), standing.positions)), now
        command = ("EVALSHA", self._scripts[scripts.STAND], 3, layout.STANDING, layout.MARKS, layout.EARLIER, self._held, after, int(anew),
                   earlier, _REMEMBERED, *(word for pair in self._new.items() for word in pair))
        (written,) = self._nodes.send([Sent(_HOME, command)])
        if not written:
            raise StoreMovedError(self.name)
        self._standing, self._held = standing, after
        for slot, mark in self._new.items():
            self._marks[slot] = mark

    @contextmanager
    def _answered(self) -> Iterator[None]:
        """A master that does not know a script was started since, or has taken over from another."""
        try:
            yield
        except NoScriptError:
            raise StoreMovedError(self.name) from None
        except servers.FAULTS as fault:
            raise StoreUnavailableError(self.name, servers.why(fault)) from None


def _decoded(held: bytes) -> Standing | None:
    try:
        return msgspec.json.decode(held, type=Standing)
    except msgspec.DecodeError:
        return None


def _before(lost: Sequence[bytes | None], earlier: Sequence[bytes]) -> Mapping[str, int]:
    """Positions that tell of nothing that was lost: a slot still has all that was written to it up to the mark that it carries."""
    for one in earlier:
        stood = msgspec.json.decode(one, type=Earlier)
        if all(slots.intact(mark, stood.mark.encode()) for mark in lost):
            return stood.positions
    return {}
