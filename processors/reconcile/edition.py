"""The edition of the rules that this version of Mainstem has: a release like that of a terminology, in force by a control record.

It is raised whenever the same assertions come to give other facts, keys or contents. Then every person is derived anew, as for another
terminology; `tests/processors/reconcile/test_edition.py` tells when that has been forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple

from mainstem.kinds.facts import Terms
from mainstem.terminology.releases import Activation, in_force

RULES = "rules"
"""`what` of its control records."""
EDITION = 7


class Edition(NamedTuple):
    """Named as releases are (`mainstem.shelf.Named`)."""

    name: str
    digest: str


OURS = Edition(str(EDITION), hashlib.sha256(f"{RULES} {EDITION}".encode()).hexdigest())


def other_at(activations: Iterable[Activation], at: int) -> str:
    """The edition in force at a known time, where it is another than ours; else empty. None in force: not known to be another."""
    found = in_force(activations, RULES, at)
    return "" if found is None or found.name == OURS.name else found.name


def derived_by(terms: Terms) -> str:
    """What a person's facts were derived with, where these were: the terminology and the edition."""
    return f"{terms.release} {RULES} {EDITION}"
