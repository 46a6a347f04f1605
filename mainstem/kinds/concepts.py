"""What a coded concept means, as a key: members with equal meanings speak of one thing. Equality only, never likeness."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from mainstem.kinds.base import DMD, SNOMED
from mainstem.kinds.facts import Derived, Member, Rule, Terms
from mainstem.kinds.names import COMPARATOR, MARKS, MINUS, ONE_WAY, TAG

CODED_FIRST = Rule(
    "concept.coded-first", "of several codings of one thing the one that the terminology knows is shown, then the one recorded last",
    "uk-standards.md, Coding")


def meaning(concept: Any, terms: Terms) -> str | None:
    """The code in use today; where the terminology cannot tell, the sole SNOMED CT code as given, the words, or the source's own code.
    None where its codings contradict each other or nothing is said. What stands where no code is known (`0`, `UNK`) is none."""
    if not isinstance(concept, dict):
        return None
    current = terms.current(concept)
    if current is not None:
        return current
    codes = [code for code in concept.get("codes") or () if isinstance(code, dict) and code.get("code")]
    national = {code["code"] for code in codes if code.get("system") in (SNOMED, DMD) and is_national(code["code"])}
    if national:
        return national.pop() if len(national) == 1 else None
    words = plain(str(concept.get("text") or next((code["display"] for code in codes if code.get("display")), "")))
    if words and words not in _SAYS_NOTHING:
        return f"words {words}"
    own = {f"{code.get('system')} {code['code']}" for code in codes if not _stands_for_none(str(code["code"]))}
    return own.pop() if len(own) == 1 else None


def is_national(code: Any) -> bool:
    """Whether it can be a SNOMED CT or dm+d id, or an expression that begins with one; its check digit is the terminology's business."""
    return isinstance(code, str) and (found := _SCTID.match(code.strip())) is not None and len(set(found.group())) > 1


def _stands_for_none(code: str) -> bool:
    return plain(code) in _SAYS_NOTHING or {sign for sign in code if sign.isalnum()} in ({"0"}, {"9"}) or code.strip() == "-1"


def told(code: str, terms: Terms) -> dict[str, Any]:
    """The concept of a code that the terminology gave, with its name where it knows one."""
    name = terms.name(code)
    coding = {"system": SNOMED, "code": code}
    return {"codes": [coding]} if name is None else {"codes": [coding | {"display": name}], "text": name}


@lru_cache(maxsize=1 << 14)
def plain(text: str) -> str:
    """Words without capitals, punctuation and SNOMED CT's semantic tag: `Asthma (disorder)` -> `asthma`. What would make another
    statement stays: `?asthma` and `asthma?` ask, `<50kg` and `>50kg` are two weights, an arrow says raised or lowered, a minus
    at the end denies."""
    folded = TAG.sub("", unicodedata.normalize("NFKC", text).casefold().strip())
    words = ["?" if word[0] == "?" else "-" if word in MINUS else ONE_WAY.get(word, word) for word in _TOKEN.findall(folded)]
    return "" if all(map(_SIGN.fullmatch, words)) else " ".join(words)


def show_coded(found: Derived, members: Sequence[Member], order: Sequence[int], field: str, terms: Terms) -> None:
    """Shows of a concept the coding that the terminology knows: the first in `order` that carries a code of SNOMED CT it can tell."""
    for index in first_known(members, order, field, terms):
        if found.decided.get(field) != (index,):
            found.content[field], found.decided[field] = members[index].content[field], (index,)
            found.rules[field] = CODED_FIRST.id


def first_known(members: Sequence[Member], order: Sequence[int], field: str, terms: Terms) -> set[int]:
    """The first in `order` that carries a code of SNOMED CT which the terminology can tell; empty where none does."""
    for index in order:
        concept = members[index].content.get(field)
        if isinstance(concept, dict) and terms.current({"codes": concept.get("codes") or ()}) is not None:
            return {index}
    return set()


_TOKEN = re.compile(rf"[\w%+]+|(?<!-)(?:{COMPARATOR})(?!-(?!\d))|(?<![\w?])\?+|\?+(?![\w?])|[{MARKS}]|[{MINUS}]$")
"""The head of an arrow is no comparator; a question mark within a word is a letter that was lost."""
_SIGN = re.compile(rf"[?<>≤≥{MARKS}-]")
_SAYS_NOTHING = {"other", "unknown", "not known", "not specified", "unspecified", "problem", "diagnosis", "test", "result", "see notes",
                 "see note", "other problem", "other diagnosis", "abnormal", "n a", "na", "none", "nil", "nad", "as above", "see above",
                 "see letter", "see report", "see comment", "see comments", "see text", "comment", "comments", "free text", "tbc",
                 "to follow", "pending", "other test", "operation", "procedure", "vaccine", "vaccination", "immunisation",
                 "miscellaneous", "various", "not stated", "null", "unk"}
"""Words that two records may share without meaning the same."""
_SCTID = re.compile(r"[1-9]\d{5,17}(?!\d)")
