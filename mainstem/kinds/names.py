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
_STRENGTH = re.compile(rf"(?:[\d.,]+/)*[\d.,]*\d{_UNIT}(?:[/x][\d.,]*(?:{_UNIT})?)*|\d[\d.,]+(?:/[\d.,]+)*|\d(?:/[\d.,]+)+")
"""`20mg`, `15mg/500mg`, `100units/ml`, `0.05%`, `75`, `8/500`. A lone digit may be of the name."""
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
    "in", "breath", "actuated", "dry", "hard", "soft", "oral", "eye", "ear", "nasal", "buccal",
    "sublingual", "vaginal", "rectal", "scalp", "transdermal", "intravenous", "intramuscular", "subcutaneous", "pump", "per",
    "iv", "im", "sc", "po", "mr", "m/r", "sr", "xl", "ec", "e/c",
    "gr", "g/r", "sf", "s/f", "once", "daily", "weekly", "to", "both", "eyes", "ears",
    "solostar", "kwikpen", "flexpen", "flextouch", "penfill", "innolet",
})
"""Words that say what sort of form it is, where it goes or how often, their usual letters, and insulin pens."""
_FREE = re.compile(r"\b(?:cfc|sugar|preservative) free\b")
"""Of a form; `latex free` is no form of latex."""
_SHORT = 3
"""Letters: a form may be cut as short as `tab`, `caps`, `inh`."""
_SALTS = frozenset({"hydrochloride", "hydrobromide", "besilate", "besylate", "maleate", "fumarate", "mesilate", "mesylate", "tartrate",
                    "sulfate", "sulphate", "trihydrate"})
_OF_SALT = frozenset({"quinine", "chloroquine", "fluphenazine", "zinc", "copper"})
"""dm+d names a VTM without the salt but for these, of which it has both (VTM file)."""
_SUPPLIER = re.compile(r"\s*\([^()]*\)\s*$")
TAG = re.compile(
    r"\s*\((?:disorder|finding|situation|event|procedure|observable entity|regime/therapy|morphologic abnormality|substance|organism|"
    r"product|medicinal product|medicinal product form|clinical drug|physical object)\)\s*$", re.IGNORECASE)
"""SNOMED CT's semantic tag, at the end of a fully specified name: it says what kind of concept it is."""
_CAUSED = re.compile(
    r"(?:(?:patient|reports|reported|states|describes|has|known|documented|confirmed|history of|h/o|an?) )*"
    r"(?:(?:(?:drug )?allerg(?:y|ic)(?: reaction)?|intoleran(?:ce|t)|hypersensitiv(?:ity|e)|sensitiv(?:ity|e)|"
    r"(?:adverse )?(?:drug )?reactions?|(?:side|adverse) effects?|anaphylaxis)(?: to| of| from| with| caused by| due to)? (?P<after>.+)|"
    r"(?P<before>.+?) (?:(?:drug )?allerg(?:y|ic)|intoleran(?:ce|t)|(?:hyper)?sensitiv(?:ity|e)|adverse (?:drug )?reactions?|"
    r"(?:side|adverse) effects?)(?: nos)?)")
"""How findings are named in SNOMED CT and by clinicians: the cause stands after the finding, or before it."""
PARTS = re.compile(r"[,;:/&+()?]|\s-+|\b(?:and|or)\b", re.IGNORECASE)
"""Between the names in a text that tells several things."""
COMPARATOR = r"[<>]=?|[≤≥]"
"""Before a number: more and less than it are two things."""
ONE_WAY = {"<=": "≤", ">=": "≥"}
MAYBE = re.compile(r"^\s*(?:query|possible|probable|suspected)\s+", re.IGNORECASE)
"""Before a name: it may be so."""
MARKS = "\u2190-\u2193\u2196-\u2199\u21d0-\u21d3\u25b2\u25b3\u25bc\u25bd\u00ac\u2260\u2205\u2298\u2715-\u2718\u274c\u2640\u2642"
"""Arrows (raised, lowered), signs of denial, male and female: what stands with one is not what its words alone say."""
MINUS = "-\u2013\u2212"
"""At the end it denies: `HIV -`."""
_DOUBT = re.compile(
    rf"[{MARKS}]|\(\s*[{MINUS}]+\s*\)|[{MINUS}]\s*$|(?<!\w)\?|\?(?!\w)|\([^()]*\b(?:query|possibl[ey]|probabl[ey]|suspected|unconfirmed|unlikely|"
    r"excluded|refuted|ruled out|no evidence|not allergic|no allergy|tolerate[sd]|family history|fh)\b[^()]*\)\s*$", re.IGNORECASE)
"""A question mark within a word is a letter that was lost (`Sj?gren`); a minus at the end denies (`HIV -`)."""
_TOKEN = re.compile(rf"(?:{COMPARATOR})(?=\s*-?\d)|[\w./%]+")


_BESIDE = re.compile(r"\s*(?P<one>[^()]+?)\s*(?:\((?P<inner>[^()]+)\)|\s-+\s+(?P<other>[^()]+))\s*")
"""Two names of which one stands in brackets, or behind a dash."""


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


def forms(text: str, *, whole: bool = False) -> Iterator[str]:
    """For looking up, the most telling first: as it is, without its supplier, without strength and form. Each once; never empty.

    `whole`: what stands in brackets is set aside only where it is a semantic tag, or the supplier after a product's strength or form; else
    it may be the reaction, another agent, or that it is none (`Penicillin (negative test)`)."""
    said: dict[str, None] = {plain(text): None}
    bare = _SUPPLIER.sub("", text)
    if whole and bare != text and not TAG.search(text) and _without_form(plain(bare)) == plain(bare):
        bare = text
    said.setdefault(plain(bare))
    said.setdefault(_without_form(plain(bare)))
    return (name for name in said if name)


def caused_by(text: str) -> str | None:
    """The cause in the name of a finding: `Allergy to penicillin`, `Latex allergy`."""
    found = _CAUSED.fullmatch(plain(TAG.sub("", text)))
    return (found["after"] or found["before"]) if found else None


@lru_cache(maxsize=1 << 14)
def form_of(word: str) -> str | None:
    """The dose form that a word stands for: itself, several of it, or cut short (`tab`, `caps`)."""
    for single in (word.removesuffix("ies") + "y", word.removesuffix("es")):
        if single in FORMS:
            return single
    short = word.removesuffix("s")
    if len(short) < _SHORT or short == "mix":  # of insulins: `Humalog Mix 25` is not Humalog
        return None
    return next((form for form in FORMS if form.startswith(short)), None)


def spelled_out(text: str) -> str | None:
    """The name beside which its initials stand, alone: `AF (atrial fibrillation)`, `Ulcerative colitis (UC)`, `DVT - deep vein thrombosis`.
    None where what stands beside it is anything else."""
    found = _BESIDE.fullmatch(text)
    if found is None:
        return None
    one, other = sorted((found["one"], found["inner"] or found["other"]), key=len)
    initials = "".join(word[0] for word in plain(other).split())
    return other if len(initials) > 1 and plain(one) == initials and not doubted(text) else None


def without_salt(text: str) -> str | None:
    """A product's name, strength and form gone, without its salt: `Metformin hydrochloride 500mg tablets` is metformin. None: it names
    none, or one that tells two moieties apart."""
    *base, last = _without_form(plain(_SUPPLIER.sub("", text))).split() or [""]
    return " ".join(base) if base and last in _SALTS and base[-1] not in _OF_SALT else None


def key(name: str) -> int:
    """64 bits of a folded name, signed. In a million names, one that is not there meets one that is once in 10^13 look-ups."""
    return int.from_bytes(hashlib.blake2b(name.encode(), digest_size=8).digest(), "little", signed=True)


def _without_form(folded: str) -> str:
    words = _APART.sub("", _FREE.sub("", folded)).split()
    return " ".join(word for word in words if not _STRENGTH.fullmatch(word) and word not in _ABOUT_FORM and form_of(word) is None)
