"""Entries and summaries to test stores with."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mainstem import canonical
from mainstem.model import Entry, Provenance, RawRef, SourceState, Summary

RAW = RawRef("raw.rxa-epr.v1", 0, 7)
PERSONS = ("a" * 32, "b" * 32)


def entry(person: str, fact: str, version: int, content: dict[str, Any] | None = None, *, kind: str = "allergy", status: str = "current",
          labels: tuple[str, ...] = (), committed: int | None = None, sources: tuple[str, ...] = ("RXA/epr",)) -> Entry:
    """Content follows from the version where none is given, as in the log: one version, one message."""
    coded = {"system": "http://snomed.info/sct", "code": str(version)}
    body = content if content is not None else {"agent": {"text": f"agent {version}", "codes": [coded]}}
    said = Provenance(source="RXA/epr", patient="1", record="allergy/1", part="", position="01", known=version, raw=RAW,
                      fields=("agent",), lost={"note": b'"mild"'})
    return Entry(person=person, fact=fact, kind=kind, status=status, content=canonical.encode(body), version=version, known=version * 1000,
                 committed=committed, sources=sources, provenance=(said,), rules={"*": "record.greatest-version"}, labels=labels)


def summary(person: str, revision: int, numbers: tuple[str, ...] = ()) -> Summary:
    """A head whose sequence lags behind its revision, as where a source is heard again without a change."""
    sequence = revision // 2
    return Summary(person=person, digest=f"{revision:064x}", entries=1, sequence=sequence, revision=revision, known=revision,
                   nhs_numbers=numbers,
                   sources=(SourceState(source="RXA/epr", patient="1", last_heard=revision, epoch=-1, kinds=("allergy",)),))


def _version(person: str, fact: str, version: int) -> Entry:
    status = "withdrawn" if version % 3 == 0 else "current"
    return entry(person, fact, version, status=status, labels=("sensitive",) if version == 4 else ())


entries = st.builds(_version, st.sampled_from(PERSONS), st.sampled_from(("f1", "f2", "f3")), st.integers(1, 6))
"""A fact's third and sixth versions are withdrawals, its fourth is labelled sensitive."""
