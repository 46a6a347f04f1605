"""Everything received, read back from the log: claims, assertions, and whether every raw offset has one outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from mainstem.model import Claim, Known, RawRef
from mainstem.operations import Outcome, Result
from mainstem.verify.report import Check
from schemas import log, topics
from schemas.codec import Codec
from schemas.topics import Topic

Place = tuple[str, int, int]
"""Raw topic, partition, offset."""
Items = dict[Place, Counter[str]]
"""Place -> item -> how many."""


def assertions(bootstrap: str, codec: Codec) -> Iterator[Known]:
    decode = codec.decoder(topics.ASSERTIONS)
    for message in log.read(bootstrap, topics.ASSERTIONS):
        assertion = decode(message.value())
        appended = message.timestamp()[1] if assertion.known is None else assertion.known
        yield Known(assertion, appended, *log.place(message))


def claims(bootstrap: str, codec: Codec) -> Iterator[Claim]:
    decode = codec.decoder(topics.CLAIMS)
    for message in log.read(bootstrap, topics.CLAIMS):
        yield decode(message.value())


def check_ledger(bootstrap: str, codec: Codec, raw_topics: Sequence[Topic], published: Iterable[RawRef]) -> Check:
    """Every raw offset has exactly one outcome per item, and brought into the topics just what its outcomes say.

    `published`: the raw references of every assertion and claim found.
    """
    check = Check("every raw offset has one outcome")
    held = _count(raw for raw in published if raw.topic != topics.CLAIMS.name)  # a human decision is its own raw message
    quarantined = _count(_quarantined(bootstrap, codec))
    outcomes = _outcomes(bootstrap, codec)
    for raw in raw_topics:
        for message in log.read(bootstrap, raw):
            place = (raw.name, *log.place(message))
            check.compared += 1
            found = outcomes.pop(place, None)
            if found is None:
                check.differs(f"{_shown(place)} has no outcome")
                continue
            if len({outcome.item for outcome in found}) < len(found):
                check.differs(f"{_shown(place)} has more than one outcome for an item")
            if _promised(found) != held.pop(place, Counter()):
                check.differs(f"{_shown(place)}: the topics do not hold the assertions and claims that its outcomes speak of")
            if Counter(o.item for o in found if o.result == Result.QUARANTINED) != quarantined.pop(place, Counter()):
                check.differs(f"{_shown(place)}: the quarantine does not hold what its outcomes speak of")
    for place in outcomes:
        check.differs(f"{_shown(place)} has an outcome but no message")
    for place in held.keys() | quarantined.keys():
        check.differs(f"{_shown(place)} is named as origin, but is no message of a raw topic")
    return check


def _promised(outcomes: Sequence[Outcome]) -> Counter[str]:
    promised: Counter[str] = Counter()
    for outcome in outcomes:
        promised[outcome.item] += outcome.assertions + outcome.claims
    return +promised


def _count(references: Iterable[RawRef]) -> Items:
    items: Items = {}
    for raw in references:
        items.setdefault((raw.topic, raw.partition, raw.offset), Counter())[raw.item] += 1
    return items


def _quarantined(bootstrap: str, codec: Codec) -> Iterator[RawRef]:
    decode = codec.decoder(topics.QUARANTINE)
    for message in log.read(bootstrap, topics.QUARANTINE):
        value = decode(message.value())
        if value.stage == "capture":
            yield value.raw


def _outcomes(bootstrap: str, codec: Codec) -> dict[Place, list[Outcome]]:
    decode = codec.decoder(topics.LEDGER)
    outcomes: dict[Place, list[Outcome]] = {}
    for message in log.read(bootstrap, topics.LEDGER):
        ledger = decode(message.value())
        for outcome in ledger.outcomes:
            outcomes.setdefault((ledger.topic, ledger.partition, outcome.offset), []).append(outcome)
    return outcomes


def _shown(place: Place) -> str:
    return f"{place[0]}/{place[1]} offset {place[2]}"
