"""Everything received, read back from the log: claims, assertions, and whether every raw offset has one outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from mainstem.model import Claim, Known, Result
from mainstem.verify import log
from mainstem.verify.report import Check
from schemas import topics
from schemas.codec import Codec


def assertions(bootstrap: str, codec: Codec) -> Iterator[Known]:
    decode = codec.decoder(topics.ASSERTIONS)
    for message in log.read(bootstrap, topics.ASSERTIONS):
        assertion = decode(message.value())
        appended = message.timestamp()[1] if assertion.known is None else assertion.known
        yield Known(assertion, appended, message.partition(), message.offset())


def claims(bootstrap: str, codec: Codec) -> Iterator[Claim]:
    decode = codec.decoder(topics.CLAIMS)
    for message in log.read(bootstrap, topics.CLAIMS):
        yield decode(message.value())


def check_ledger(bootstrap: str, codec: Codec, sources: Sequence[str], published: dict[str, int]) -> Check:
    """Every raw offset has exactly one outcome per item, and the ledger's counts are what the topics hold.

    `published`: topic name -> messages found in it (assertions, claims, quarantine of the capture stage).
    """
    check = Check("every raw offset has one outcome")
    outcomes, promised = _outcomes(bootstrap, codec)
    for source in sources:
        raw = topics.raw(source)
        for message in log.read(bootstrap, raw):
            place = (raw.name, message.partition(), message.offset())
            check.compared += 1
            found = outcomes.pop(place, None)
            if not found:
                check.differs(f"{place[0]}/{place[1]} offset {place[2]} has no outcome")
            elif max(found.values()) > 1:
                check.differs(f"{place[0]}/{place[1]} offset {place[2]} has more than one outcome for an item")
    for place in outcomes:
        check.differs(f"{place[0]}/{place[1]} offset {place[2]} has an outcome but no message")
    for name, count in published.items():
        if promised[name] != count:
            check.differs(f"the ledger speaks of {promised[name]} messages in {name}, which holds {count}")
    return check


def quarantined(bootstrap: str, codec: Codec) -> int:
    """Messages the capture stage put into quarantine."""
    decode = codec.decoder(topics.QUARANTINE)
    return sum(decode(message.value()).stage == "capture" for message in log.read(bootstrap, topics.QUARANTINE))


def _outcomes(bootstrap: str, codec: Codec) -> tuple[dict[tuple[str, int, int], Counter[str]], Counter[str]]:
    decode = codec.decoder(topics.LEDGER)
    outcomes: dict[tuple[str, int, int], Counter[str]] = {}
    promised: Counter[str] = Counter()
    for message in log.read(bootstrap, topics.LEDGER):
        ledger = decode(message.value())
        for outcome in ledger.outcomes:
            outcomes.setdefault((ledger.topic, ledger.partition, outcome.offset), Counter())[outcome.item] += 1
            promised[topics.ASSERTIONS.name] += outcome.assertions
            promised[topics.CLAIMS.name] += outcome.claims
            promised[topics.QUARANTINE.name] += outcome.result == Result.QUARANTINED
    return outcomes, promised
