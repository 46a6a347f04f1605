"""Looking for rows that are gone, and telling of them, in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import KafkaError, Message

from deploy.stack.captured import Captured
from mainstem.missing.compare import Begun, Compared, compare, withholding_many
from mainstem.missing.errors import IncarnationError, NotSentError
from mainstem.missing.marks import Marks
from mainstem.missing.standing import left_standing
from mainstem.verify import captured as again
from mainstem.verify import trusts
from mainstem.verify.trusts import Word
from producers.contract import ItemResult, RawMessage
from producers.missing import Cut, Last, delete
from schemas import kafka, log, topics
from schemas.log import Stretch
from schemas.topics import Topic

Say = Callable[[str], None]
_IN_FLIGHT = 50_000
_FLUSH_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Found:
    """What was found at a moment of the database."""

    topic: Topic
    cut: Cut
    incarnation: int
    """In which capture reads now."""
    tables: tuple[Compared, ...]

    @property
    def words(self) -> list[Word]:
        """Those to be taken back."""
        return [word for table in self.tables if not table.withheld for _, word in table.taken_back]


def look(bootstrap: str, captured: Captured, tables: Sequence[str], incarnations: Callable[[], trusts.Begun], seconds: float, say: Say, *,
         read: Callable[[RawMessage], list[ItemResult]] | None = None, declared: int | None = None, even_if_many: bool = False) -> Found:
    """Compare the keys in the tables with the raw topic's last words. `incarnations`: waits until capture has read the topic to its end,
    and tells what it has read in which incarnation; `read`: as capture reads, by a mapping; `declared`: the mapping's incarnation. Writes
    nothing but two marks into the database's log.

    Raises NotComparedError, TruncatedReadError, psycopg.Error, KafkaException, and what `incarnations` raises.
    """
    topic = topics.raw_named(captured.topic)
    marks = Marks(bootstrap, captured, seconds, say)
    say(f"marking the log of the database, and waiting for connector {captured.connector} to bring the mark")
    cut, ends = marks.set()
    marks.settle()
    say(f"reading the keys of {len(tables)} tables")
    with trusts.snapshot(captured.dsn) as connection:
        held = trusts.held(connection, tables)
        unfit: dict[str, str] = {}
        for table, what in trusts.lacking(connection, tables):
            if what != trusts.NOT_WHOLE:
                unfit.setdefault(table, what)
    marks.set()
    say("waiting for capture, and reading what was captured")
    known = incarnations()
    now = max((number for (name, _), each in known.items() if name == topic.name for _, number in each), default=None)
    if declared is not None and now is not None and declared != now:
        raise IncarnationError(topics.source_of(topic.name), declared, now)
    # to the ends with what is still open, so that what stands before the marks has been waited for in every partition
    whole = log.stretches(bootstrap, topic)
    words = trusts.last_words(topic.name, log.read_stretches(bootstrap, topic, whole), known)
    standing = [] if read is None else left_standing(again.raw(bootstrap, [topic], say), read, known, now or 0)
    found = compare(words, held, Begun((now or 0, cut.position), ends), unfit, standing)
    return Found(topic, cut, now or 0, tuple(found if even_if_many else withholding_many(found)))


def write(bootstrap: str, found: Found, say: Say) -> int:
    """Take back each of these words, in the raw topic, behind itself: returns how many. What comes in meanwhile is later in the
    order of versions, whenever it comes. Raises NotSentError, TruncatedReadError, KafkaException."""
    wanted = {(word.partition, word.offset): word for word in found.words}
    sender = kafka.producer(bootstrap)
    failed: list[KafkaError] = []
    told = 0
    for message in log.read_stretches(bootstrap, found.topic, _around(wanted)):
        word = wanted.get(log.place(message))
        if word is None:
            continue
        value = _told(message, word, found)
        if value is None:
            continue
        sender.produce(found.topic.name, value, message.key(), partition=word.partition,
                       on_delivery=lambda fault, _: failed.append(fault) if fault else None)
        told += 1
        while len(sender) > _IN_FLIGHT:
            sender.poll(0.1)
    open_ = sender.flush(_FLUSH_SECONDS)
    if open_ or failed:
        raise NotSentError(found.topic.name, open_ + len(failed), failed[0].name() if failed else "the broker does not answer")
    if told < len(wanted):
        say(f"{len(wanted) - told:,} changes hold no row, and cannot be taken back")
    return told


def _around(wanted: Iterable[tuple[int, int]]) -> Mapping[int, Stretch]:
    """From the first to the last of each partition."""
    offsets: dict[int, list[int]] = {}
    for partition, offset in wanted:
        offsets.setdefault(partition, []).append(offset)
    return {partition: Stretch(min(each), max(each) + 1) for partition, each in offsets.items()}


def _told(message: Message, word: Word, found: Found) -> bytes | None:
    last = Last(message.value() or b"", word.version[1], word.partition, word.offset)
    try:
        return delete(last, found.cut, restored=word.version[0] < found.incarnation)
    except ValueError:
        return None
