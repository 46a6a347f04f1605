"""Everything received, read back from the log: claims, assertions, and whether every raw offset has one outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from mainstem.model import Assertion, Claim, Known
from mainstem.operations import Ledger, Outcome, Quarantined, Result
from mainstem.verify.report import Check
from schemas import log, readable, topics
from schemas.codec import Codec
from schemas.topics import Topic

Place = tuple[str, int, int]
"""Raw topic, partition, offset."""
Items = dict[Place, Counter[tuple[str, str]]]
"""Place -> item and kind (below) -> how many."""
_ASSERTIONS, _CLAIMS, _QUARANTINED = "assertions", "claims", "quarantined"


def assertions(bootstrap: str, codec: Codec) -> Iterator[Known]:
    for message, assertion in readable.read(bootstrap, codec, topics.ASSERTIONS):
        appended = message.timestamp()[1] if assertion.known is None else assertion.known
        yield Known(assertion, appended, *log.place(message))


def claims(bootstrap: str, codec: Codec) -> Iterator[Claim]:
    for _, claim in readable.read(bootstrap, codec, topics.CLAIMS):
        yield claim


def quarantined(bootstrap: str, codec: Codec) -> Iterator[Quarantined]:
    """Of capture."""
    decode = codec.decoder(topics.QUARANTINE)
    for message in log.read(bootstrap, topics.QUARANTINE):
        value = decode(message.value())
        if value.stage == "capture":
            yield value


def ledger(bootstrap: str, codec: Codec) -> Iterator[Ledger]:
    decode = codec.decoder(topics.LEDGER)
    for message in log.read(bootstrap, topics.LEDGER):
        yield decode(message.value())


def places(bootstrap: str, raw_topics: Iterable[Topic]) -> Iterator[Place]:
    """Of every raw message."""
    for raw in raw_topics:
        for message in log.read(bootstrap, raw):
            yield raw.name, *log.place(message)


def check_ledger(raws: Iterable[Place], ledgers: Iterable[Ledger], said: Iterable[Assertion | Claim | Quarantined]) -> Check:
    """Every raw offset has exactly one outcome per item, and brought into the topics just what its outcomes say: so many assertions, so
    many claims, and one message in the quarantine or none."""
    check = Check("every raw offset has one outcome")
    held = _count(said)
    outcomes = _outcomes(ledgers)
    for place in raws:
        check.compared += 1
        found = outcomes.pop(place, None)
        if found is None:
            check.differs(f"{shown(place)} has no outcome")
            continue
        if len({outcome.item for outcome in found}) < len(found):
            check.differs(f"{shown(place)} has more than one outcome for an item")
        promised, there = _promised(found), held.pop(place, Counter())
        for kind in sorted({kind for _, kind in (promised - there) + (there - promised)}):
            check.differs(f"{shown(place)}: the topics do not hold the {kind} that its outcomes speak of")
    for place in outcomes:
        check.differs(f"{shown(place)} has an outcome but no message")
    for place in held:
        check.differs(f"{shown(place)} is named as origin, but is no message of a raw topic")
    return check


def shown(place: Place) -> str:
    return f"{place[0]}/{place[1]} offset {place[2]}"


def _promised(outcomes: Iterable[Outcome]) -> Counter[tuple[str, str]]:
    promised: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        promised[outcome.item, _ASSERTIONS] += outcome.assertions
        promised[outcome.item, _CLAIMS] += outcome.claims
        promised[outcome.item, _QUARANTINED] += outcome.result == Result.QUARANTINED
    return +promised


def _count(said: Iterable[Assertion | Claim | Quarantined]) -> Items:
    items: Items = {}
    for each in said:
        raw = each.raw
        if raw.topic != topics.CLAIMS.name:  # a human decision is its own raw message
            kind = _ASSERTIONS if isinstance(each, Assertion) else _CLAIMS if isinstance(each, Claim) else _QUARANTINED
            items.setdefault((raw.topic, raw.partition, raw.offset), Counter())[raw.item, kind] += 1
    return items


def _outcomes(ledgers: Iterable[Ledger]) -> dict[Place, list[Outcome]]:
    outcomes: dict[Place, list[Outcome]] = {}
    for each in ledgers:
        for outcome in each.outcomes:
            outcomes.setdefault((each.topic, each.partition, outcome.offset), []).append(outcome)
    return outcomes
