"""`verify --deep`: the raw messages read once more, and what capture wrote of them against what they say now.

By the same pure readers, so that a mistake in a reader is none here; and by those of this edition: of what an earlier edition or mapping
captured, it names what would be read otherwise today.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

import msgspec

from mainstem.model import Assertion, Claim
from mainstem.operations import Ledger, Outcome, Quarantined
from mainstem.verify.received import Place, shown
from mainstem.verify.report import Check
from producers.batch import Batches
from producers.contract import RawMessage
from producers.formats import Readers
from schemas import log, topics
from schemas.codec import Codec
from schemas.topics import Topic

Said = Assertion | Claim | Quarantined | Outcome
"""What capture writes of a raw message."""
Written = dict[Place, Counter[Said]]
"""Place of a raw message -> all of it."""

_BATCH = 500
_TELL_SECONDS = 5.0


def written(values: Iterable[Assertion | Claim | Quarantined | Ledger]) -> Written:
    """By the raw message it is about. A replay's copy counts as what it is a copy of."""
    found: Written = {}
    for value in values:
        if isinstance(value, Ledger):
            for outcome in value.outcomes:
                found.setdefault((value.topic, value.partition, outcome.offset), Counter())[outcome] += 1
            continue
        said = value if isinstance(value, Quarantined) or value.known is None else msgspec.structs.replace(value, known=None)
        found.setdefault((said.raw.topic, said.raw.partition, said.raw.offset), Counter())[said] += 1
    return found


def check(messages: Iterable[RawMessage], read: Callable[[Sequence[RawMessage]], Written], found: Written) -> Check:
    """`read`: what capture would write of messages now; `found`: what the topics hold."""
    check = Check("captured = raw messages read again")
    rest = iter(messages)
    while some := list(islice(rest, _BATCH)):
        expected = read(some)
        for message in some:
            place = (message.topic, message.partition, message.offset)
            check.compared += 1
            for item in sorted(_items(expected.get(place, Counter()), found.get(place, Counter()))):
                check.differs(f"{shown(place)}{item and f' item {item}'}: the topics hold other than it says, read again")
    return check


def reader(codec: Codec, readers: Readers) -> Callable[[Sequence[RawMessage]], Written]:
    """What capture writes, to the letter: as records, which are decoded again. Raises RegistryUnavailableError."""
    batches = Batches(codec, readers)
    decoders = {topic.name: codec.decoder(topic) for topic in (topics.ASSERTIONS, topics.CLAIMS, topics.QUARANTINE, topics.LEDGER)}

    def read(messages: Sequence[RawMessage]) -> Written:
        values = []
        while messages:
            told = batches.tell(messages)
            values += [decoders[record.topic](record.value) for record in told.records if record.value is not None]
            messages = messages[len(told.taken):]
        return written(values)

    return read


def raw(bootstrap: str, raw_topics: Sequence[Topic], say: Callable[[str], None]) -> Iterator[RawMessage]:
    """Every raw message, told of now and then."""
    done, told = 0, time.monotonic()
    for topic in raw_topics:
        for message in log.read(bootstrap, topic):
            headers = {name: value for name, value in dict(message.headers() or ()).items() if isinstance(value, bytes)}
            yield RawMessage(topic.name, *log.place(message), message.timestamp()[1], message.key(), message.value(), headers)
            done += 1
            if time.monotonic() - told > _TELL_SECONDS:
                told = time.monotonic()
                say(f"{done:,} raw messages read again")


def _items(expected: Counter[Said], found: Counter[Said]) -> set[str]:
    """Items of which not the same is said as often."""
    if expected == found:
        return set()
    return {each.item if isinstance(each, Outcome) else each.raw.item for each in (expected - found) | (found - expected)}
