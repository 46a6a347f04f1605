"""Names as they are looked up: equal after folding, never alike. `Omeprazole 20mg`, `omeprazole caps 20mg` and `Omeprazole` meet.

Folding drops what does not tell one agent from another: case, punctuation, strengths, dose forms. Every word that is left must be
the name's own, so that `codeine with paracetamol` is not codeine.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

_UNIT = (r"(?:mg|g|gram|kg|mcg|ug|ng|microg|microgram|nanogram|milligram|ml|millilitre|l|litre|unit|iu|u|mmol|dose|actuation|hour|hr|h|%|"
         r"w/w|w/v|puff|tablet|tab|capsule|cap)s?")
_STRENGTH = re.compile(rf"[\d.,]*\d{_UNIT}(?:[/x][\d.,]*(?:{_UNIT})?)*|\d[\d.,]+(?:/[\d.,]+)*")
"""`20mg`, `15mg/500mg`, `100units/ml`, `0.05%`, `75`. A lone digit may be of the name."""
_APART = re.compile(rf"(?<=\d) +(?={_UNIT}(?![^\W\d_]))")
"""Between a number and its unit."""
FORMS = (
    "tablet", "capsule", "caplet", "lozenge", "granule", "powder", "sachet", "pastille", "gum", "solution", "suspension", "syrup",
    "elixir", "linctus", "liquid", "mixture", "emulsion", "drop", "spray", "inhaler", "inhalation", "nebuliser", "accuhaler", "evohaler",
    "turbohaler", "easyhaler", "puff", "aerosol", "injection", "infusion", "ampoule", "vial", "syringe", "pen", "cartridge", "device",
    "unit", "cream", "ointment", "gel", "lotion", "foam", "paste", "shampoo", "patch", "plaster", "suppository", "pessary", "enema",
    "implant", "mouthwash",
)
"""Dose forms (dm+d lookup FORM, their nouns) and what a dose of one is counted in. Of those cut short alike the first is meant."""
_ABOUT_FORM = frozenset({
    "gastro", "resistant", "modified", "release", "prolonged", "sustained", "immediate", "dispersible", "soluble", "effervescent",
    "chewable", "orodispersible", "coated", "enteric", "film", "crushable", "scored", "pre", "filled", "prefilled", "disposable", "for",
    "in", "cfc", "free", "sugar", "preservative", "breath", "actuated", "dry", "hard", "soft", "oral", "eye", "ear", "nasal", "buccal",
    "sublingual", "vaginal", "rectal", "scalp", "transdermal", "mr", "m/r", "sr", "xl", "ec", "e/c", "gr", "g/r", "sf", "s/f",
})
"""Words that say what sort of form it is, and their usual letters."""
_SHORT = 3
"""Letters: a form may be cut as short as `tab`, `caps`, `inh`."""
_SUPPLIER = re.compile(r"\s*\([^()]*\)\s*$")
_CAUSED = re.compile(
    r"(?:allerg(?:y|ic)(?: reaction)?|intoleran(?:ce|t)|hypersensitiv(?:ity|e)|sensitiv(?:ity|e)|adverse(?: drug)? reactions?|anaphylaxis)"
    r"(?: to| of| caused by| due to) (?P<after>.+)|(?P<before>.+?) (?:allergy|intolerance|hypersensitivity|adverse reactions?)")
"""How findings are named in SNOMED CT and by clinicians: the cause stands after the finding, or before it."""
PARTS = re.compile(r"[,;:/&+()?]|\s-+|\b(?:and|or)\b", re.IGNORECASE)
"""Between the names in a text that tells several things."""
COMPARATOR = r"[<>]=?|[≤≥]"
"""Before a number: more and less than it are two things."""
ONE_WAY = {"<=": "≤", ">=": "≥"}
MAYBE = re.compile(r"^\s*(?:query|possible|probable|suspected)\s+", re.IGNORECASE)
"""Before a name: it may be so."""
_DOUBT = re.compile(
    r"(?<!\w)\?|\?(?!\w)|\([^()]*\b(?:query|possibl[ey]|probabl[ey]|suspected|unconfirmed|unlikely|excluded|refuted|ruled out|no evidence|"
    r"not allergic|no allergy|tolerate[sd]|family history|fh)\b[^()]*\)\s*$", re.IGNORECASE)
"""A question mark within a word is a letter that was lost (`Sj?gren`)."""
_TOKEN = re.compile(rf"(?:{COMPARATOR})(?=\s*-?\d)|[\w./%]+")


@lru_cache(maxsize=1 << 14)
def plain(text: str) -> str:
    """Letters, digits, what strengths are written with, and whether it is more or less than a number; one space between words; no
    capitals."""
    words = (word.strip("./_") for word in _TOKEN.findall(unicodedata.normalize("NFKC", text).casefold()))
    return " ".join(ONE_WAY.get(word, word) for word in words if word)


@lru_cache(maxsize=1 << 14)
def doubted(text: str) -> bool:
    """Whether folding takes away what makes a name no statement: `?Asthma`, `asthma (?)`, `Penicillin (suspected)`. Other words of doubt
    or denial (`possible asthma`) are left by it, and make another text."""
    return _DOUBT.search(unicodedata.normalize("NFKC", text)) is not None


def forms(text: str) -> Iterator[str]:
    """For looking up, the most telling first: as it is, without its supplier, without strength and form. Each once; never empty."""
    said: dict[str, None] = {plain(text): None}
    bare = _SUPPLIER.sub("", text)
    said.setdefault(plain(bare))
    said.setdefault(_without_form(plain(bare)))
    return (name for name in said if name)


def caused_by(text: str) -> str | None:
    """The cause in the name of a finding: `Allergy to penicillin`, `Latex allergy`."""
    found = _CAUSED.fullmatch(plain(text))
    return (found["after"] or found["before"]) if found else None


@lru_cache(maxsize=1 << 14)
def form_of(word: str) -> str | None:
    """The dose form that a word stands for: itself, several of it, or cut short (`tab`, `caps`)."""
    for single in (word, word.removesuffix("s"), word.removesuffix("ies") + "y", word.removesuffix("es")):
        if single in FORMS:
            return single
    short = word.removesuffix("s")
    if len(short) < _SHORT:
        return None
    return next((form for form in FORMS if form.startswith(short)), None)


def key(name: str) -> int:
    """64 bits of a folded name, signed. In a million names, one that is not there meets one that is once in 10^13 look-ups."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little", signed=True)


def _without_form(folded: str) -> str:
    words = _APART.sub("", folded).split()
    return " ".join(word for word in words if not _STRENGTH.fullmatch(word) and word not in _ABOUT_FORM and form_of(word) is None)
