"""Rules that come to give other entries are another edition: what two profiles of synthetic persons come to stands here with its number."""

from __future__ import annotations

import hashlib

from mainstem.terminology import builtin
from mainstem.truth.told import people
from processors.reconcile.edition import EDITION
from processors.reconcile.fold import fold_by

COMES_TO = (7, "builtin@3292d78e017d", "694353ba187bf5a0205fa1456a1f90d34283e86f7202713a74abcd1767788077")
"""Edition, terminology, and SHA-256 of the records' digests."""


def test_other_entries_are_another_edition() -> None:
    terms, told = builtin(), hashlib.sha256()
    for name in ("everyday", "messy"):
        for person in people(60, 1, name):
            records = fold_by(person.known, lambda _: "p", terms)
            told.update("".join(records[each].digest for each in sorted(records)).encode())
    assert (EDITION, terms.release, told.hexdigest()) == COMES_TO, (
        "other entries: raise EDITION, unless it is the seeds or the terminology that changed, and write here what they come to")
