"""Columns that a trust added and its mapping does not know: nothing of them is taken, and that is told, once a column."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Set as AbstractSet

from mainstem.observe import metrics

log = logging.getLogger("producers.capture")

_NAME = re.compile(r"[\w$]{1,63}(?:\.[\w$]{1,63}){2}")
"""Schema, table and column as databases name them. What is named otherwise is counted, and not shown: it may be anything."""
_MOST = 1000


class Unread:
    """What one process has seen of them."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()

    def tell(self, found: AbstractSet[tuple[str, str]]) -> None:
        """Raw topic and column (`epr.allergy.refuted_reason`) of each, as often as it comes."""
        new = sorted(found - self._seen)[:_MOST - len(self._seen)]
        if not new:
            return
        self._seen.update(new)
        for topic, column in new:
            if _NAME.fullmatch(column):
                log.warning("%s: nothing is taken of column %s: have the mapping read it (then `mainstem stack reread`), or name it under "
                            "not_taken", topic, column)
        for topic, count in Counter(topic for topic, _ in self._seen).items():
            metrics.COLUMNS_UNREAD.labels(topic).set(count)
