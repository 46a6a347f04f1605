"""What was published: current entries and record digests, as the topics hold them."""

from __future__ import annotations

from mainstem import canonical
from mainstem.model import Entry, Summary
from mainstem.verify.report import Check
from schemas import log, topics
from schemas.codec import Codec


def entries(bootstrap: str, codec: Codec) -> tuple[dict[tuple[str, str], str], Check]:
    """(person, fact) -> content digest of current entries; and whether versions of each fact rise by one."""
    decode = codec.decoder(topics.ENTRIES)
    latest: dict[tuple[str, str], Entry] = {}
    order = Check("versions of each entry rise, none twice")
    for message in log.read(bootstrap, topics.ENTRIES):
        entry: Entry = decode(message.value())
        before = latest.get((entry.person, entry.fact))
        order.compared += 1
        if before is not None and entry.version <= before.version:
            order.differs(f"fact {entry.fact} of person {entry.person} goes from version {before.version} to {entry.version}")
        latest[entry.person, entry.fact] = entry
    current = {key: canonical.digest(e.content).hex() for key, e in latest.items() if e.status == "current"}
    return current, order


def check_digests(bootstrap: str, codec: Codec, expected: dict[str, str]) -> Check:
    """The latest summary of each person carries the digest of the fold. `expected`: person -> digest."""
    check = Check("record digests = fold", compared=len(expected))
    decode = codec.decoder(topics.SUMMARIES)
    found: dict[str, Summary] = {}
    for message in log.read(bootstrap, topics.SUMMARIES):
        summary = decode(message.value())
        found[summary.person] = summary
    empty = canonical.record_digest(0)
    for person in expected.keys() | found.keys():
        wanted = expected.get(person, empty)
        actual = found[person].digest if person in found else empty
        if wanted != actual:
            check.differs(f"person {person}: the fold gives {wanted[:12]}, the summary says {actual[:12]}")
    return check
