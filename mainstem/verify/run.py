"""The whole of verify, in order: cut, wait, read back, fold, compare each view with the fold."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from mainstem import canonical
from mainstem.kinds.facts import Terms
from mainstem.model import Assertion, Claim
from mainstem.operations import Quarantined
from mainstem.terminology import builtin
from mainstem.verify import cached, captured, drain, found, published, received, state, stores, tasks, trusts
from mainstem.verify.cached import Cache
from mainstem.verify.found import Search
from mainstem.verify.report import Report
from mainstem.verify.stores import Contents
from processors.identity.linker import assign, review
from processors.identity.scoring.release import Model, built_in
from processors.reconcile.fold import fold
from producers.formats import Readers
from schemas import log, topics
from schemas.codec import Codec


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust's own database, for `--source`."""

    source: str
    dsn: str
    tables: tuple[str, ...]


_LOOKS = 3
"""A difference counts if it is there in each of so many looks,"""
_MOST_LOOKS = 8
"""or of so many while input goes on, which may each time be seen on one side and not yet on the other."""


@dataclass(frozen=True, slots=True)
class Against:
    """What is compared with the fold of the topics beside the topics themselves."""

    stores: Mapping[str, Contents]
    cache: Cache | None = None
    trusts: Sequence[Trust] = ()
    readers: Callable[[], Readers] | None = None
    """For `--deep`: the readers of now, with which every raw message is read again;"""
    search: Callable[[], Search] | None = None
    """and the search store, asked for every title."""


def verify(bootstrap: str, codec: Codec, person_key: bytes, against: Against, seconds: float, say: Callable[[str], None],
           in_force: Callable[[], Terms] = builtin, model: Callable[[], Model] = built_in) -> Report:
    """`in_force`: the terminology in force when it is called; `model`: the matching model.

    Raises NotDrainedError, TruncatedReadError, and what the stores and databases raise when they do not answer."""
    report: Report | None = None
    for look in range(_MOST_LOOKS):
        say("taking a cut, waiting for every stage to pass it" if not look else "looking again at what differs: input may go on meanwhile")
        cut = drain.wait(bootstrap, codec, drain.readers(log.raw_topics(bootstrap), list(against.stores)), seconds, say)
        still = report is not None and report.cut == cut
        seen = _look(bootstrap, codec, person_key, against, cut, say, in_force(), model())
        report = seen if report is None else replace(seen, checks=tuple(
            now.lasting(before) for now, before in zip(seen.checks, report.checks, strict=True)))
        if report.passed or (still and look + 1 >= _LOOKS):
            return report
    assert report is not None
    say("input went on through every look: what differs of a record that changes all the time may only be on its way; ask again when "
        "less comes in")
    return report


def _look(bootstrap: str, codec: Codec, person_key: bytes, against: Against, cut: dict[str, int], say: Callable[[str], None], terms: Terms,
          model: Model) -> Report:
    say("reading back what was received, and folding it")
    claims = list(received.claims(bootstrap, codec))
    known = list(received.assertions(bootstrap, codec))
    records = fold(known, assign(claims, person_key, model), person_key, terms)
    expected = {(record.person, entry.fact): canonical.digest(entry.content).hex()
                for record in records.values() for entry in record.entries}
    say(f"comparing {len(expected):,} entries of {len(records):,} persons")
    raw_topics, ledgers = log.raw_topics(bootstrap), list(received.ledger(bootstrap, codec))
    said: list[Assertion | Claim | Quarantined] = [*(each.assertion for each in known), *claims, *received.quarantined(bootstrap, codec)]
    latest, of_entries = published.entries(published.read(bootstrap, codec, topics.ENTRIES), published.origins(known))
    heads = published.heads(published.read(bootstrap, codec, topics.SUMMARIES))
    checks = [
        received.check_ledger(received.places(bootstrap, raw_topics), ledgers, said),
        *published.check_entries(records.values(), latest),
        *of_entries,
        published.check_heads({record.person: record for record in records.values()}, heads),
        published.check_changes(published.read(bootstrap, codec, topics.CHANGES), latest, heads),
        stores.check("state = fold", state.entries(bootstrap), expected, latest),
        tasks.check_tasks(review(claims, person_key, model), tasks.open_tasks(bootstrap, codec)),
        *(stores.check(f"{name} store = fold", contents(), expected, latest) for name, contents in against.stores.items()),
    ]
    if against.cache is not None:
        checks.append(cached.check(against.cache, latest, heads))
    if against.readers is not None:
        say("reading every raw message again")
        reread = captured.reader(codec, against.readers())
        checks.append(captured.check(captured.raw(bootstrap, raw_topics, say), reread, captured.written(chain(said, ledgers))))
    if against.search is not None:
        say("looking every entry up in the search store")
        checks.append(found.check(against.search(), records.values()))
    begun = trusts.begun(each.assertion for each in known) if against.trusts else {}
    for trust in against.trusts:
        say(f"comparing {trust.source} with its own database")
        checks.append(trusts.check_source(bootstrap, trust.source, trust.dsn, trust.tables, begun))
    return Report(tuple(checks), cut, len(records), len(expected))
