"""How the reconcile stage's state is laid out: keys and values.

| key | value |
|---|---|
| `h` person | `Head`: digest, counts, source patients with their epochs |
| `v` person, source patient, record, part, version | an assertion (`processors.stored`); never changes but to an earlier known time |
| `r` person, source patient, record | `Held`: the greatest version of each part, and the groups that the record takes part in |
| `m` person, source patient | kind -> the manifest by which records of it are absent: its version and record |
| `o` person, source patient | kind -> the manifest that counts among those made with a list of it: likewise |
| `g` person, kind, canonical key | `Gathered`: members of a group of several records, and the facts published for it |
| `c` person, kind, canonical key, number | `Piece`: of a crowded group (`processors.reconcile.tree`) |
| `w` person, kind, canonical key, member | the member's first day in a crowded group, as a number: where it stands in the tree |
| `f` person, fact | `Published`: the entry's version, digests, status, where it stands on a line |
| `l` person, kind, line, moment, fact | `Origin`: the group of a fact that stands on a line (`processors.reconcile.lines`) |
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from mainstem.kinds.facts import Place
from mainstem.labels import answered
from mainstem.model import PartialList
from processors.keys import unpack

WITHDRAWN_MANIFEST = ""
"""In place of a kind: a manifest was once retracted or removed, so that only a look at all versions tells which ones count."""


class Feed(msgspec.Struct, array_like=True):
    """What a person's partition remembers of one source patient, for ever."""

    epoch: int
    live: bool = True
    """False once it was detached: the epoch stays, so that stragglers are ignored."""
    handover: bool = False
    last_heard: int = 0
    kinds: list[str] = []
    """Asserted, sorted."""
    numbers: dict[str, str] = {}
    """Patient record -> the verified NHS number that it carries."""
    partial: list[PartialList] = []
    """What its lists were not complete in, by kind."""
    labels: dict[str, list[str]] = {}
    """Patient record -> labels by it that hold for the whole person (`mainstem.labels`)."""
    opted_out: bool | None = None
    """Whether an opt-out stands for its person; as `Assignment.opted_out` tells it of this one."""
    restricted: bool = False
    """Whether PDS restricts the whereabouts of its person (`Assignment.restricted`)."""


class Head(msgspec.Struct, array_like=True):
    """A person's record in sum."""

    shares: bytes = bytes(32)
    """Sum mod 2^256 of the current entries' digests, big-endian."""
    entries: int = 0
    sequence: int = 0
    known: int = 0
    feeds: dict[str, Feed] = {}
    revision: int = 0
    """Of the summary last published."""
    release: str = ""
    """The terminology and the edition of the rules that the facts were last derived with, all of them (`edition.derived_by`)."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Those that hold for every entry, sorted."""
        live = [feed for feed in self.feeds.values() if feed.live]
        found = {label for feed in live if feed.labels for said in feed.labels.values() for label in said}
        return tuple(sorted(found.union(*(answered(feed.opted_out, feed.restricted) for feed in live))))

    @property
    def checked(self) -> bool:
        """Whether checks for opt-outs have answered of it: of one source patient, and of each that has a verified number."""
        live = [feed for feed in self.feeds.values() if feed.live]
        unanswered = [feed for feed in live if feed.opted_out is None]
        return len(unanswered) < len(live) and not any(feed.numbers for feed in unanswered)


class Held(msgspec.Struct, array_like=True):
    """A record of one source patient."""

    kind: str = ""
    """Of its first part: what manifests go by."""
    parts: dict[str, bytes] = {}
    """Part -> greatest version, packed."""
    groups: list[tuple[str, str | None, str]] = []
    """(kind, canonical key or None, item) of each of its members as last counted in."""
    shown: dict[str, bytes] = {}
    """Part -> the version shown, where it is not the greatest one, which says the same (`processors.reconcile.news`)."""


class Row(NamedTuple):
    """A member of a crowded group."""

    first: int
    """Days are numbers (`date.toordinal`); -1 where it is undated."""
    place: Place
    last: int
    winners: int
    behind: int
    """Sum of `entries.behind` of its assertions, mod 2^64."""
    ident: int
    """Hash of all of it that a rule may look at."""


class Run(NamedTuple):
    """Members that follow each other, in sum."""

    first: int
    last: int
    """Of the dated ones."""
    undated: bool
    """Whether undated ones are among them."""
    members: int
    winners: int
    behind: int
    ident: int


class Stem(msgspec.Struct, array_like=True):
    """What is known of a piece without reading it."""

    piece: int
    low: tuple[int, Place]
    """First day and place of its first row."""
    runs: list[Run] = []


class Piece(msgspec.Struct, array_like=True):
    """Members of a crowded group that stand together: a leaf has rows, a bough has stems."""

    rows: list[Row] = []
    """Sorted."""
    matters: list[list[Place]] = []
    """Of each of its runs, the members that the fact is derived from."""
    stems: list[Stem] = []
    """In order."""


class Whole(msgspec.Struct, array_like=True):
    """A fact of a crowded group, and the members that it is derived from."""

    fact: str
    run: Run
    matters: list[Place]


class Gathered(msgspec.Struct, array_like=True):
    """A group whose key several records share."""

    members: list[Place] = []
    """Sorted."""
    facts: list[str] = []
    homes: list[int] = []
    """Of each member, which of the facts is its own; empty where there is one fact."""
    stems: list[Stem] = []
    """Where it is crowded: the root of its tree, and nothing of the above."""
    wholes: list[Whole] = []
    next: int = 0
    """Number of the next piece."""

    def together(self) -> dict[str, list[Place]]:
        """Fact -> its members."""
        if not self.homes:
            return {fact: list(self.members) for fact in self.facts}
        found: dict[str, list[Place]] = {fact: [] for fact in self.facts}
        for place, home in zip(self.members, self.homes, strict=True):
            found[self.facts[home]].append(place)
        return found


class Published(msgspec.Struct, array_like=True):
    """An entry as last published."""

    kind: str
    version: int
    current: bool
    share: bytes = b""
    content: bytes = b""
    """SHA-256 of the content."""
    envelope: bytes = b""
    stands: tuple[str, str] | None = None
    """Line and moment, where it is current and stands on one."""


class Origin(msgspec.Struct, array_like=True):
    """The group that a fact is derived from."""

    key: str
    place: Place | None


encode = msgspec.msgpack.Encoder().encode
decode_head = msgspec.msgpack.Decoder(Head).decode
decode_held = msgspec.msgpack.Decoder(Held).decode
decode_gathered = msgspec.msgpack.Decoder(Gathered).decode
decode_piece = msgspec.msgpack.Decoder(Piece).decode
decode_day = msgspec.msgpack.Decoder(int).decode
decode_published = msgspec.msgpack.Decoder(Published).decode
decode_origin = msgspec.msgpack.Decoder(Origin).decode
decode_listings = msgspec.msgpack.Decoder(dict[str, tuple[bytes, str]]).decode


def head_key(person: bytes) -> bytes:
    """`person`: packed."""
    return b"h" + person


def published(pairs: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, str, int, str]]:
    """Person, fact, version and SHA-256 of the content (hex) of each current entry, from the pairs of a state or its changelog."""
    for key, value in pairs:
        if key[:1] == b"f":
            row = decode_published(value)
            if row.current:
                person, fact = unpack(key[1:])
                yield person, fact, row.version, row.content.hex()
