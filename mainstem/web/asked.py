"""Whom a look was for that nobody was shown to: named without telling in clear what was asked."""

from __future__ import annotations

import re

from mainstem.web import numbers
from mainstem.web.errors import NotNHSNumberError
from processors.identity.persons import numbered_person, own_person

_PERSON = re.compile(r"[0-9a-f]{32}")


def whom(asked: str, key: bytes) -> str:
    """The person id that an NHS number, a source patient or a person id would lead to: a keyed hash, so that who looked for somebody can be
    told once they are known, and by nobody without the key. Empty for words, which name nobody for certain."""
    asked = asked.strip()
    if _PERSON.fullmatch(asked):
        return asked
    if numbers.looks_like_source_patient(asked):
        return own_person(key, asked)
    try:
        return numbered_person(key, numbers.parse(asked))
    except NotNHSNumberError:
        return ""
