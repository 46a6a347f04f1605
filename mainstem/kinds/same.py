"""Whether two contents say the same in other words: what is news and what is not (design.md, promise 7).

A content is published as the source wrote it; only the comparison of one version with the next folds spelling. Each field goes by
a comparison: by its type (a concept, an amount, else text), or as its kind says in `Kind.compared`. Folding is narrow on purpose:
what could be another meaning to a reader (a comma that becomes nothing, capitals, another code) stays a difference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, get_args, get_type_hints

from mainstem.kinds.base import DMD, SNOMED, Coded, Kind, Quantity
from mainstem.kinds.titles import named

Same = Callable[[Any, Any], bool]
"""Whether two values of a field, decoded JSON or None where nothing is said, say the same."""


def differing(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields, sorted, in which two contents of a kind say something different."""
    return tuple(sorted(_differing(kind, before, after)))


def same(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Whether two contents of a kind say the same."""
    return next(_differing(kind, before, after), None) is None


@lru_cache(maxsize=256)
def comparisons(kind: Kind) -> Mapping[str, Same]:
    """Field -> comparison, of every field of a kind."""
    return {name: kind.compared.get(name) or _of_type(hint) for name, hint in get_type_hints(kind.Content).items()}


def exact(one: Any, other: Any) -> bool:
    return bool(one == other)


def by(canonical: Callable[[Any], Any]) -> Same:
    """The same where the canonical forms are equal. What is not of the form expected is compared as it is."""

    def same(one: Any, other: Any) -> bool:
        return bool(_form(canonical, one) == _form(canonical, other))

    return same


def unordered(canonical: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Canonical form of a list whose order says nothing."""
    return lambda values: sorted(repr(_form(canonical, value)) for value in values)


def listed(like: Callable[[Any], Any], alike: Same) -> Same:
    """Lists whose order says nothing: put in order by `like`, each says the same as the one in its place. For what has no canonical form,
    as concepts do; two that `like` cannot tell apart count as a change rather than as none."""

    def same(one: Any, other: Any) -> bool:
        try:
            ordered = [sorted(values, key=lambda value: (repr(like(value)), repr(value))) for values in (one, other)]
            return len(one) == len(other) and all(map(alike, *ordered))
        except (AttributeError, KeyError, TypeError):
            return bool(one == other)

    return same


def line(text: str) -> str:
    """White space, quotation marks and dashes are as any keyboard has them, a moment is in whatever zone it was written, and a full stop
    ends what ends without one too."""
    return " ".join(_plain(text).split()).rstrip(" .")


def prose(text: str) -> str:
    """Notes, that systems put together from parts with a comma, a dash or a new line between them. What names itself (`Mode: written`),
    with what follows it, may stand in any order."""
    lines = re.sub(r"[^\S\n]+", " ", _plain(text).replace("\r", "\n"))
    parts = re.split(r"\n|[,;](?=\s)|(?<!\S)-(?!\S)", lines)
    first, *labelled = (told.rstrip(".,; \n") for told in _LABEL.split("\n".join(part for part in map(str.strip, parts) if part)))
    return "\n".join(told for told in (first, *sorted(labelled)) if told)


@lru_cache(maxsize=1 << 14)
def moment(text: str) -> str:
    """A date or time as precise as it is: midnight, in whatever zone it was written, is a date; other times with a zone are in UTC."""
    day, _, clock = (part.strip() for part in text.partition("T"))
    if not clock or _MIDNIGHT.fullmatch(clock):
        return day
    try:
        at = datetime.fromisoformat(text.strip())
        return (at.astimezone(UTC) if at.tzinfo else at).isoformat()
    except (ValueError, OverflowError):
        return text


def same_moment(one: Any, other: Any) -> bool:
    """As `moment` has it, or one moment in two zones: midnight in one of them is none in the other."""
    at = _instant(one)
    return bool(_form(moment, one) == _form(moment, other)) or (at is not None and at == _instant(other))


def person(text: str) -> str | None:
    """Who or where, several in any order: without what stands for a part that is not known. None where nobody is named."""
    names = (" ".join(word for word in name.split() if word.strip(".") not in _NOBODY) for name in line(text).casefold().split(","))
    return ", ".join(sorted(name for name in names if name)) or None


def words(text: str) -> list[str]:
    """Words of a list, in any order: `food, medication`."""
    return sorted(line(word) for word in text.split(","))


def amount(quantity: Mapping[str, Any]) -> Any:
    """A quantity by its number and unit, however they are spelt."""
    return number(quantity["value"]), unit(quantity.get("unit") or ""), quantity.get("comparator")


@lru_cache(maxsize=1 << 14)
def number(text: str) -> Decimal | str:
    try:
        return Decimal(text.strip()).normalize()
    except InvalidOperation:
        return text


@lru_cache(maxsize=1 << 14)
def unit(text: str) -> str:
    """One spelling of a unit: UCUM's own way of writing powers, and the commonest long and short names."""
    plain = unicodedata.normalize("NFKC", text.translate(_UNIT)).casefold().replace("\u03bc", "u").replace("**", "^").replace("*", "^")
    plain = re.sub(r"\s*\bper\b\s*", "/", plain)
    plain = re.sub(r"(?<=10)e(?=\d)|(?<=[a-z])\^(?=\d)", lambda found: "^" if found.group() == "e" else "", plain)
    words = (_PLURAL.sub("", word) for word in re.split(r"([^a-z%]+)", plain) if word.strip())
    return "".join(_UNITS.get(word, word) for word in words).replace(" ", "").removeprefix("x")


def coded(value: Mapping[str, Any]) -> Any:
    """A concept by its codes, in any order; a display and who chose it say nothing beside a code that a terminology keeps. A display
    beside any other code does, and so does a text that no display repeats. For values side by side: from one version of a record to the
    next, `same_concept` sees more."""
    codes = _codes(value)
    return sorted(codes), "\n".join(sorted({*_own_names(value), _beyond(value, _names(value) if codes else frozenset())} - {""}))


def same_concept(one: Any, other: Any) -> bool:
    """As `coded`, and what the other side says too, as text or display, adds nothing. Of two texts that differ one must be a display of
    the other side: where display and text change together, a name was corrected under its old code."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return bool(one == other)
    codes = _codes(one)
    if codes != _codes(other):
        return False
    text, another = line(one.get("text") or ""), line(other.get("text") or "")
    names, others = (_names(one), _names(other)) if codes else (frozenset[str](), frozenset[str]())
    if not (_own_names(one) <= {another, *others} and _own_names(other) <= {text, *names}):
        return False
    if text == another:
        return True
    return {text, another} <= {"", *names, *others} and (not text or not another or text in others or another in names)


def concept_like(concept: Mapping[str, Any]) -> Any:
    """What finds a concept of one list in another (`listed`): its codes, then its name."""
    return sorted(_codes(concept)), line(named(dict(concept), ""))


def _differing(kind: Kind, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    table = comparisons(kind)  # type: ignore[arg-type]  # a kind is one object, hashed as such
    for name in before.keys() | after.keys():
        one, other = before.get(name), after.get(name)
        if one != other and not table.get(name, exact)(one, other):
            yield name


def _codes(concept: Mapping[str, Any]) -> frozenset[tuple[str, str]]:
    return frozenset((code["system"].rstrip("/"), code["code"]) for code in concept.get("codes") or ())


def _names(concept: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(line(code["display"]) for code in concept.get("codes") or () if code.get("display"))


def _own_names(concept: Mapping[str, Any]) -> frozenset[str]:
    """Displays that no terminology gave: a source's own `OTHER` means what stands beside it. What a display of SNOMED CT or dm+d beside it
    repeats is theirs."""
    kept, own = set[str](), set[str]()
    for code in concept.get("codes") or ():
        if code.get("display"):
            (kept if code["system"].rstrip("/") in _TERMINOLOGIES else own).add(line(code["display"]))
    return frozenset(own - kept)


def _beyond(concept: Mapping[str, Any], names: frozenset[str]) -> str:
    text = line(concept.get("text") or "")
    return "" if text in names else text


def _form(canonical: Callable[[Any], Any], value: Any) -> Any:
    if value is None:
        return None
    try:
        return canonical(value)
    except (AttributeError, KeyError, TypeError):
        return value  # not of the kind's shape: capture checks contents, and what came by another way is compared as it is


def _instant(text: Any) -> datetime | None:
    """None of a day, and of a time without a zone."""
    try:
        at = datetime.fromisoformat(text.strip()) if isinstance(text, str) else None
    except ValueError:
        return None
    return at if at is not None and at.tzinfo else None


def _plain(text: str) -> str:
    plain = text if text.isascii() else unicodedata.normalize("NFC", text.translate(_KEYBOARD))
    return _STAMP.sub(lambda found: moment(found[0]), plain) if "T" in plain else plain


def _of_type(hint: Any) -> Same:
    types = {hint, *get_args(hint)}
    return same_concept if Coded in types else by(amount) if Quantity in types else by(line) if str in types else exact


_MIDNIGHT = re.compile(r"00:00(:00(\.0+)?)?(Z|[+-]\d{2}:\d{2})?")
_TERMINOLOGIES = {SNOMED, DMD}
_NOBODY = {"", "unknown", "unspecified", "not-known"}
_KEYBOARD = str.maketrans({
    "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2010": "-", "\u2011": "-", "\u2012": "-", "\u2013": "-", "\u2014": "-",
    "\u2212": "-", "\u200b": "", "\ufeff": "",
})
_UNIT = str.maketrans({
    "[": "", "]": "", "{": "", "}": "", "_": "", "\u00b0": "", "\u00d7": "x", "\u00b2": "^2", "\u00b3": "^3", "\u00b9": "^1",
    **{chr(0x2070 + digit): f"^{digit}" for digit in range(4, 10)},
})
_UNITS = {
    "mcg": "ug", "microgram": "ug", "milligram": "mg", "gram": "g", "millilitre": "ml", "milliliter": "ml", "litre": "l", "liter": "l",
    "cel": "c", "deg": "", "percent": "%", "kilogram": "kg", "centimetre": "cm", "d": "day", "wk": "week", "mo": "month", "h": "hour",
    "hr": "hour", "min": "minute", "mcmol": "umol", "micromol": "umol", "micromole": "umol", "iu": "u", "miu": "mu", "kiu": "ku",
}
_PLURAL = re.compile(r"(?<=[a-z]{2}[^s])s$|(?<=hr|wk)s$")
_STAMP = re.compile(r"(?<!\d)\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})?")
"""A moment as ISO 8601 writes it, wherever it stands in a text."""
_LABEL = re.compile(r"^(?=[A-Za-z][^:\n]{0,40}:(?!\d|//))", re.MULTILINE)

DATE, PROSE, PERSON, WORDS = same_moment, by(prose), by(person), by(words)
PARTS = by(unordered(prose))
