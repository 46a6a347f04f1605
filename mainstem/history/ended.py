"""Entries that are no more: what they last said, and by which rule and whose word they ended. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from mainstem.kinds.facts import Terms
from mainstem.model import Entry, Known, Status
from processors.reconcile.fold import fold_by

_MANIFEST = "manifest"


class Ended(NamedTuple):
    """A withdrawn entry."""

    entry: Entry
    content: bytes | None
    """What it would say, had nobody taken anything back; None where it cannot be told, as of a fact whose records were coded anew."""


def ended(entries: Iterable[Entry], assertions: Iterable[Known], person: str, terms: Terms) -> list[Ended]:
    """Of the latest version of each entry of a person the withdrawn ones, by kind and fact. `assertions`: of all its source patients."""
    standing = [known for known in assertions if known.assertion.status is Status.ASSERTED and known.assertion.kind != _MANIFEST]
    records = fold_by(standing, lambda _subject: person, terms)
    contents = {entry.fact: entry.content for record in records.values() for entry in record.entries}
    withdrawn = sorted((entry for entry in entries if entry.status == "withdrawn"), key=lambda entry: (entry.kind, entry.fact))
    return [Ended(entry, contents.get(entry.fact)) for entry in withdrawn]
