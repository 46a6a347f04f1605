"""The whole of verify, in order: cut, wait, read back, fold, compare each view with the fold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from mainstem import canonical
from mainstem.kinds.facts import Terms
from mainstem.terminology import builtin
from mainstem.verify import drain, published, received, state, tasks, trusts
from mainstem.verify.report import Check, Report, compare
from processors.identity.linker import assign, review
from processors.identity.scoring.release import Model, built_in
from processors.reconcile.fold import fold
from schemas import log
from schemas.codec import Codec

Contents = Callable[[], Iterable[tuple[str, str, int, str]]]
"""A store's contents: person, fact, version, content digest (hex)."""


@dataclass(frozen=True, slots=True)
class Trust:
    """A trust's own database, for `--source`."""

    source: str
    dsn: str
    tables: tuple[str, ...]


_LOOKS = 3
"""Under load, a difference counts if it is there in each of so many looks."""


def verify(bootstrap: str, codec: Codec, person_key: bytes, stores: Mapping[str, Contents],
           of_trusts: Sequence[Trust], seconds: float, say: Callable[[str], None], in_force: Callable[[], Terms] = builtin,
           model: Callable[[], Model] = built_in) -> Report:
    """`in_force`: the terminology in force when it is called; `model`: the matching model.

    Raises NotDrainedError, TruncatedReadError, and what the stores and databases raise when they do not answer."""
    report: Report | None = None
    for look in range(_LOOKS):
        say("taking a cut, waiting for every stage to pass it" if not look else "looking again at what differs: input went on meanwhile")
        cut = drain.wait(bootstrap, codec, drain.readers(log.raw_topics(bootstrap), list(stores)), seconds, say)
        found = _look(bootstrap, codec, person_key, stores, of_trusts, cut, say, in_force(), model())
        report = found if report is None else replace(found, checks=tuple(
            now.lasting(before) for now, before in zip(found.checks, report.checks, strict=True)))
        if report.passed:
            break
    assert report is not None
    return report


def _look(bootstrap: str, codec: Codec, person_key: bytes, stores: Mapping[str, Contents],
          of_trusts: Sequence[Trust], cut: dict[str, int], say: Callable[[str], None], terms: Terms,
          model: Model) -> Report:
    say("reading back what was received, and folding it")
    claims = list(received.claims(bootstrap, codec))
    known = list(received.assertions(bootstrap, codec))
    records = fold(known, assign(claims, person_key, model), person_key, terms)
    expected = {(record.person, entry.fact): canonical.digest(entry.content).hex()
                for record in records.values() for entry in record.entries}
    say(f"comparing {len(expected):,} entries of {len(records):,} persons")
    origins = chain((k.assertion.raw for k in known), (claim.raw for claim in claims))
    entries, order = published.entries(bootstrap, codec)
    checks = [
        received.check_ledger(bootstrap, codec, log.raw_topics(bootstrap), origins),
        compare(Check("entries = fold"), expected, entries),
        order,
        published.check_digests(bootstrap, codec, {record.person: record.digest for record in records.values()}),
        compare(Check("state = fold"), expected, state.entries(bootstrap)),
        tasks.check_tasks(review(claims, person_key, model), tasks.open_tasks(bootstrap, codec)),
    ]
    for name, contents in stores.items():
        held = {(person, fact): digest for person, fact, _, digest in contents()}
        checks.append(compare(Check(f"{name} store = fold"), expected, held))
    for trust in of_trusts:
        say(f"comparing {trust.source} with its own database")
        checks.append(trusts.check_source(bootstrap, trust.source, trust.dsn, trust.tables))
    return Report(tuple(checks), cut, len(records), len(expected))
