"""What a source says of who a patient is, and whether two such sayings can be of one person. Pure; nothing here is scored.

Missing or partial values contradict nothing: "cannot tell" is an answer.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from typing import Any

import msgspec
from rapidfuzz.distance import DamerauLevenshtein

from processors.identity import made_up

FORMER_NAMES, FORMER_HOMES = "former_names", "former_homes"
FORMER = 3
"""As many former names, and former homes, as this are kept of one source patient: in the order in which the source says them."""
SEVERAL = 12
"""As many given names, and lines of an address, are read."""
LETTERS = 200
"""Of one text. Beyond this and `SEVERAL` it is a fault of the source, and comparing each with each would hold up everyone else."""
FIELDS = ("family", "given", "birth_date", "gender", "postcode", "address")
LISTS = ("given", "address")

BIRTH_AND_FAMILY = "identity.contradiction.birth-and-family"
"""Birth date and family name both differ. A marriage changes one of them, a slip of the keyboard too; not both."""
BIRTH_AND_GENDER = "identity.contradiction.birth-and-gender"
"""Birth date differs, and one is male and the other female."""
BIRTH_AND_GIVEN = "identity.contradiction.birth-and-given"
"""Birth date and given names both differ: a newborn filed under its mother's number (field report: babies carrying it)."""
BIRTH_DATE = "identity.contradiction.birth-date"
"""Birth dates too far apart for one to be the other mistyped, whatever the names: father and son of one name; a newborn that has no given
name yet, or whose given name begins as its mother's does."""
TWINS = "identity.contradiction.twins"
"""Same birth date and family name, or one that is a slip apart, and given names that differ: all, or all but the first, since in some
families each child has one first name."""
WHOLE_NAME = "identity.contradiction.whole-name"
"""Family and given names both differ."""

RECKONED = 10
"""Years by which the age of somebody whose birthday is unknown may be reckoned wrong."""


class Demographics(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """As a source says them; `family` and `given` also folded for comparing."""

    family: str = ""
    given: tuple[str, ...] = ()
    birth_date: str = ""
    gender: str = ""
    postcode: str = ""
    pseudo: bool = False
    """The source says that this is no real identity (HL7 PID-31 = Y): exact identifiers alone may join it, nothing is compared loosely."""
    address: tuple[str, ...] = ()
    """Lines, the town among them, without the postcode."""
    former_names: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Family and given names it once had, or goes by elsewhere (maiden, birth, alias). They find and are weighed; none contradicts."""
    former_homes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Postcode and lines of earlier and other addresses."""

    def shown(self, field: str) -> str:
        if field == FORMER_NAMES:
            return "; ".join(" ".join((*given, family)).strip() for family, given in self.former_names)
        if field == FORMER_HOMES:
            return "; ".join(", ".join(filter(None, (*lines, postcode))) for postcode, lines in self.former_homes)
        value = getattr(self, field)
        if field == "address":
            return ", ".join(value)
        return " ".join(value) if isinstance(value, tuple) else value


def read(body: Mapping[str, Any]) -> Demographics | None:
    """From a `demographics` claim's body; None where it says nothing."""
    texts: dict[str, Any] = {field: _text(body.get(field)) for field in _TEXTS}
    lists: dict[str, Any] = {field: _texts(body.get(field)) for field in LISTS}
    found = Demographics(
        pseudo=body.get("pseudo") is True, **texts, **lists,
        former_names=_former(body.get(FORMER_NAMES), "family", "given", (texts["family"], lists["given"])),
        former_homes=_former(body.get(FORMER_HOMES), "postcode", "address", (texts["postcode"], lists["address"])))
    return None if found == _NOTHING else found


def _former(said: Any, text: str, several: str, now: tuple[str, tuple[str, ...]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Of a list of objects; what is no more than the present one is none."""
    if not isinstance(said, list):
        return ()
    found = [(_text(each.get(text)), _texts(each.get(several))) for each in said if isinstance(each, dict)]
    return tuple(dict.fromkeys(each for each in found if any(each) and each != now))[:FORMER]


_TEXTS = tuple(field for field in FIELDS if field not in LISTS)
_NOTHING = Demographics()


@lru_cache(maxsize=1 << 12)
def contradiction(one: Demographics, other: Demographics) -> str | None:
    """The rule by which the two cannot be one person; symmetric. What a pseudo person says of itself contradicts nobody."""
    if one.pseudo or other.pseudo:
        return None
    birth = bool(one.birth_date and other.birth_date) and not _agree(one.birth_date, other.birth_date)
    alone = BIRTH_DATE if birth and born_apart(one.birth_date, other.birth_date) else None
    if _crossed(one, other):
        return BIRTH_AND_GENDER if birth and _genders(one, other) else alone
    family = bool(folded(one.family) and folded(other.family)) and not _near(folded(one.family), folded(other.family))
    given = _given_differ(one, other)
    if birth and family:
        return BIRTH_AND_FAMILY
    if birth and _genders(one, other):
        return BIRTH_AND_GENDER
    if birth and given:
        return BIRTH_AND_GIVEN
    if family and given:
        return WHOLE_NAME
    same = one.birth_date == other.birth_date and len(one.birth_date) == 10 and bool(folded(one.family) and folded(other.family))
    return TWINS if same and (given or further_differ(_names(one.given), _names(other.given), _names_agree)) else alone


def born_apart(one: str, other: str) -> bool:
    """Whether no one fault that feeds have makes one birth date of the other: a slip of the keyboard, one part of three, day and month in
    each other's place, the wrong century, a day taken for the one beside it (local midnight in universal time), a date made up. A 1 January
    stands for an unknown day, and its year is often reckoned."""
    try:
        ours, theirs = date.fromisoformat(one[:10]), date.fromisoformat(other[:10])
    except ValueError:  # partial, or no date: cannot tell
        return False
    years = abs(ours.year - theirs.year)
    unknown = ((ours.month, ours.day) == (1, 1)) + ((theirs.month, theirs.day) == (1, 1))
    if unknown == 2 and min(ours.year, theirs.year) > made_up.BEFORE:  # that the days agree says nothing, and the year is all there is
        return years > RECKONED and years != 100
    if not {one[:10], other[:10]}.isdisjoint(made_up.DATES) or abs(ours - theirs) <= timedelta(days=1):
        return False
    if DamerauLevenshtein.distance(one[:10], other[:10], score_cutoff=1) <= 1:
        return False
    same_year, same_day = years in (0, 100), (ours.month, ours.day) == (theirs.month, theirs.day)
    if same_day or (same_year and {ours.month, ours.day} == {theirs.month, theirs.day}):
        return False
    if unknown:
        return years > RECKONED and years != 100
    return same_year + (ours.month == theirs.month) + (ours.day == theirs.day) < 2


def further_differ(ours: Sequence[str], theirs: Sequence[str], agree: Callable[[str, str], bool]) -> bool:
    """Both have given names after the first, and none of those is one of the other's. Symmetric, as `agree` is."""
    return len(ours) > 1 and len(theirs) > 1 and not any(
        agree(a, b) for i, a in enumerate(ours) for j, b in enumerate(theirs) if i or j)


@lru_cache(maxsize=1 << 12)
def telling(who: Demographics) -> Demographics:
    """Without what is filled in where nobody knows (`made_up`): what of it is this one human's, to be found by and compared."""
    return msgspec.structs.replace(
        who, family=_telling(who.family), given=_given(who.given),
        birth_date="" if who.birth_date[:10] in made_up.DATES else who.birth_date,
        former_names=tuple((_telling(family), _given(given)) for family, given in who.former_names),
        postcode="" if folded(who.postcode) in made_up.POSTCODES else who.postcode,
        address=tuple(line for line in who.address if folded(line) not in made_up.LINES))


def _telling(family: str) -> str:
    return "" if folded(family) in made_up.NAMES else family


def _given(given: tuple[str, ...]) -> tuple[str, ...]:
    words = _words(given)
    if made_up.NAMES.isdisjoint(words):
        return words
    return tuple(word for word in words if word not in made_up.NAMES and word not in made_up.WHICH)


def _words(given: tuple[str, ...]) -> tuple[str, ...]:
    """Folded. Several names often stand in one text; what comes after `of` is somebody else's (baby of Ann)."""
    words = (folded(word) for text in given for word in text.split())
    return tuple(filter(None, takewhile(lambda word: word != "of", words)))


@lru_cache(maxsize=1 << 14)
def folded(text: str) -> str:
    """Letters only, without accents and case: `O'Neil` and `ONEIL` are one."""
    return "".join(each for each in unicodedata.normalize("NFKD", text.casefold()).translate(_LETTERS) if each.isalnum())


_LETTERS = str.maketrans({"æ": "ae", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "ł": "l", "ø": "o", "œ": "oe", "þ": "th"})
"""Those that Unicode does not take for a letter with an accent, as other feeds write them."""


def _given_differ(one: Demographics, other: Demographics) -> bool:
    """No given name of one is a given name, an initial, a beginning or a misspelling of one of the other."""
    ours, theirs = _names(one.given), _names(other.given)
    return bool(ours and theirs) and not any(_names_agree(a, b) for a in ours for b in theirs)


@lru_cache(maxsize=1 << 14)
def _names(given: tuple[str, ...]) -> tuple[str, ...]:
    """One that is made up is none where there are others, and of twins these tell which: twin one and twin two."""
    words = _words(given)
    return tuple(word for word in words if word not in made_up.NAMES) or words


def _names_agree(one: str, other: str) -> bool:
    return _near(one, other) or one.startswith(other) or other.startswith(one)


def _near(one: str, other: str) -> bool:
    """Equal, or one slip apart in a text long enough for that to be one: two of eight letters, one of four."""
    if one == other:
        return True
    allowed = 2 if min(len(one), len(other)) >= 8 else 1 if min(len(one), len(other)) >= 4 else 0
    return DamerauLevenshtein.distance(one, other, score_cutoff=allowed) <= allowed


def _agree(one: str, other: str) -> bool:
    return one.startswith(other) or other.startswith(one)


def _genders(one: Demographics, other: Demographics) -> bool:
    return {one.gender, other.gender} == {"male", "female"}


def _crossed(one: Demographics, other: Demographics) -> bool:
    """Family and first given name in each other's place."""
    return bool(one.given and other.given) and folded(one.family) == folded(other.given[0]) != "" \
        and folded(other.family) == folded(one.given[0]) != ""


def _text(value: Any) -> str:
    return value.strip()[:LETTERS] if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    """Of a list, those that say something."""
    return tuple(islice(filter(None, map(_text, value)), SEVERAL)) if isinstance(value, list) else ()
