"""What is sensitive by what it says: any concept of a content that is on the terminology's lists (design.md, promise 10).

A source's own label counts as well (`derive`); this one comes of the codes, so that none has to be given. It holds for a whole content, a
reason or a reaction coded in it included, since a medicine for something tells of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mainstem.kinds.facts import Terms


def is_sensitive(content: dict[str, Any], terms: Terms) -> bool:
    """Whether any concept in it is. `content`: decoded, of any kind."""
    return _any(content.values(), terms)


def _any(values: Iterable[Any], terms: Terms) -> bool:
    for value in values:
        kind = type(value)
        if kind is dict:
            concept = "codes" in value or "text" in value
            if terms.sensitive(value) if concept else _any(value.values(), terms):
                return True
        elif kind is list and _any(value, terms):
            return True
    return False
