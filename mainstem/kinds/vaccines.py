"""What a vaccination protects against, whether it is coded as a procedure, a product, or in words: equality of names after folding.

The groups are those of the national programme (UK Health Security Agency, the Green Book). A combined vaccine is a group of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from mainstem.kinds.concepts import meaning
from mainstem.kinds.facts import Terms
from mainstem.kinds.names import doubted, forms

_GROUPS: dict[str, tuple[str, ...]] = {
    "influenza": ("influenza", "flu", "influenza virus", "influenza a and influenza b", "fluad", "fluad tetra", "flucelvax",
                  "flucelvax tetra", "fluenz", "fluenz tetra", "influvac", "influvac tetra", "vaxigrip", "vaxigrip tetra", "fluarix",
                  "fluarix tetra", "supemtek"),
    "covid-19": ("covid", "covid 19", "sars cov 2", "severe acute respiratory syndrome coronavirus 2", "coronavirus", "vaxzevria",
                 "covid 19 vaxzevria", "covid 19 vaxzevria chadox1", "comirnaty", "covid 19 mrna comirnaty", "spikevax",
                 "covid 19 mrna spikevax", "comirnaty jn 1", "comirnaty lp 8 1", "spikevax jn 1", "spikevax lp 8 1"),
    "pneumococcal": ("pneumococcal", "pneumococcus", "streptococcus pneumoniae", "pneumovax", "pneumovax 23", "prevenar", "prevenar 13",
                     "prevenar 20", "ppv", "ppv23", "pcv", "pcv13", "pcv20"),
    "shingles": ("shingles", "herpes zoster", "zoster", "shingrix", "zostavax"),
    "measles, mumps and rubella": ("mmr", "measles mumps and rubella", "measles mumps rubella", "m m rvaxpro", "priorix"),
    "measles, mumps, rubella and varicella": ("mmrv", "measles mumps rubella and varicella", "measles mumps rubella varicella", "proquad",
                                              "priorix tetra"),
    "hepatitis a": ("hepatitis a", "havrix", "vaqta", "avaxim"),
    "hepatitis b": ("hepatitis b", "engerix b", "hbvaxpro", "fendrix"),
    "hepatitis a and b": ("hepatitis a and b", "hepatitis a and hepatitis b", "twinrix"),
    "human papillomavirus": ("hpv", "human papillomavirus", "gardasil", "gardasil 9", "cervarix"),
    "meningococcal b": ("meningococcal b", "meningitis b", "men b", "menb", "bexsero"),
    "meningococcal c": ("meningococcal c", "meningitis c", "men c", "menc"),
    "meningococcal acwy": ("meningococcal acwy", "meningococcal a c w135 and y", "meningitis acwy", "men acwy", "menacwy", "nimenrix",
                           "menveo", "menquadfi"),
    "haemophilus influenzae type b and meningococcal c": ("hib menc", "hib men c", "menitorix"),
    "rotavirus": ("rotavirus", "rotarix"),
    "tuberculosis": ("bcg", "tuberculosis", "bacillus calmette guerin"),
    "varicella": ("varicella", "chickenpox", "varivax", "varilrix"),
    "typhoid": ("typhoid", "typhim vi", "vivotif"),
    "yellow fever": ("yellow fever", "stamaril"),
    "rabies": ("rabies", "rabipur"),
    "respiratory syncytial virus": ("rsv", "respiratory syncytial virus", "abrysvo", "arexvy"),
    "six in one": ("infanrix hexa", "vaxelis", "6 in 1", "dtap ipv hib hepb"),
    "five in one": ("dtap ipv hib", "5 in 1", "pediacel", "infanrix ipv hib"),
    "four in one": ("dtap ipv", "boostrix ipv", "repevax", "4 in 1", "4 in 1 pre school"),
    "tetanus, diphtheria and polio": ("td ipv", "revaxis", "tetanus diphtheria and polio", "3 in 1 teenage"),
}
_PRODUCTS = (
    ("fluad", "fluad tetra"), ("flucelvax", "flucelvax tetra"), ("fluenz", "fluenz tetra"), ("influvac", "influvac tetra"),
    ("vaxigrip", "vaxigrip tetra"), ("fluarix", "fluarix tetra"), ("supemtek",),
    ("vaxzevria", "covid 19 vaxzevria", "covid 19 vaxzevria chadox1"),
    ("comirnaty", "covid 19 mrna comirnaty", "comirnaty jn 1", "comirnaty lp 8 1"),
    ("spikevax", "covid 19 mrna spikevax", "spikevax jn 1", "spikevax lp 8 1"),
    ("pneumovax", "pneumovax 23", "ppv", "ppv23"), ("prevenar", "prevenar 13", "prevenar 20", "pcv", "pcv13", "pcv20"),
    ("shingrix",), ("zostavax",), ("m m rvaxpro",), ("priorix",), ("proquad",), ("priorix tetra",), ("havrix",), ("vaqta",), ("avaxim",),
    ("engerix b",), ("hbvaxpro",), ("fendrix",), ("gardasil", "gardasil 9"), ("cervarix",), ("nimenrix",), ("menveo",), ("menquadfi",),
    ("varivax",), ("varilrix",), ("typhim vi",), ("vivotif",), ("abrysvo",), ("arexvy",), ("infanrix hexa",), ("vaxelis",),
    ("pediacel",), ("infanrix ipv hib",), ("boostrix ipv",), ("repevax",),
)
"""Names of one vaccine each, of several that protect against the same."""
_PRODUCT = {name: names[0] for names in _PRODUCTS for name in names}
_CODES = {
    "822851000000102": "influenza", "86198006": "influenza", "12866006": "pneumococcal", "1324681000000101": "covid-19",
    "1324691000000104": "covid-19", "170370000": "hepatitis b",
}
"""SNOMED CT, procedures. Others are found by their names."""
_BY_NAME = {name: group for group, names in _GROUPS.items() for name in names}
_ABOUT = frozenset({
    "of", "the", "against", "administration", "administered", "given", "injection", "first", "second", "third", "fourth", "fifth",
    "1st", "2nd", "3rd", "4th", "5th", "dose", "booster", "vaccine", "vaccines", "vaccination", "immunisation", "immunization", "jab",
    "seasonal", "annual", "inactivated", "live", "attenuated", "adjuvanted", "split", "virion", "surface", "antigen", "subunit", "s",
    "recombinant", "rdna", "quadrivalent", "trivalent", "tetravalent", "conjugate", "polysaccharide", "product", "containing", "only",
    "adsorbed", "multidose", "procedure", "by", "pharmacy", "pharmacist", "other", "healthcare", "provider", "elsewhere",
    "intranasal", "intramuscular",
})
"""Words that say how, by whom or which time, not against what."""
_DENIED = re.compile(
    r"\b(?:declin|refus|contra-?\s?indicat|not\s+(?:yet\s+)?(?:given|done|administered|carried|required|needed|indicated|immunised|vaccinated)|"
    r"no(?:t)?\s+consent|consent|withheld|defer|cancelled|invit|recall|remind|overdue|due\b|offered|advice|advised|dna\b|did not attend|"
    r"unsuitable|adverse|allerg|reaction|intoleran)", re.IGNORECASE)
"""What is written of a vaccination that was not given, or about one that may be."""


def protects_against(content: dict[str, Any], terms: Terms) -> str | None:
    """The group, by the procedure, else the vaccine; else the code or words of either. None where neither tells."""
    concepts = [concept for name in ("procedure", "vaccine") if isinstance(concept := content.get(name), dict)]
    for concept in concepts:
        group = next((_CODES[code["code"]] for code in concept.get("codes") or () if code.get("code") in _CODES), None)
        group = group or next((found for name in _names(concept, terms) if (found := _looked_up(name, _BY_NAME))), None)
        if group is not None:
            return group
    return next((what for concept in concepts if (what := meaning(concept, terms))), None)


def product(content: dict[str, Any]) -> str | None:
    """Which of the vaccines against the same it was; None where its name does not tell."""
    concepts = (concept for name in ("vaccine", "procedure") if isinstance(concept := content.get(name), dict))
    return next((found for concept in concepts for name in _said(concept) if (found := _looked_up(name, _PRODUCT))), None)


def denied(content: dict[str, Any]) -> bool:
    """Whether the words of either concept say that it was not given, or speak of giving it."""
    concepts = (concept for name in ("procedure", "vaccine") if isinstance(concept := content.get(name), dict))
    return any(_denies(name) for concept in concepts for name in _said(concept))


@lru_cache(maxsize=1 << 14)
def _denies(text: str) -> bool:
    return _DENIED.search(text) is not None


def _said(concept: dict[str, Any]) -> Iterator[str]:
    said = [concept.get("text"), *(code.get("display") for code in concept.get("codes") or ())]
    return (name for name in said if isinstance(name, str) and name)


def _names(concept: dict[str, Any], terms: Terms) -> Iterator[str]:
    yield from _said(concept)
    yield from (name for code in (terms.moiety(concept), terms.current(concept)) if code and (name := terms.name(code)))


def _looked_up(text: str, table: Mapping[str, str]) -> str | None:
    return next((found for name in _folded(text) if (found := table.get(name))), None)


@lru_cache(maxsize=1 << 14)
def _folded(text: str) -> tuple[str, ...]:
    """The names to look up, the most telling first; none of a text in doubt."""
    if doubted(text):
        return ()
    words = [re.sub(r"[^\w%]+", " ", name).split() for name in forms(text)]
    return tuple(" ".join(kept) for each in words for kept in (each, [word for word in each if word not in _ABOUT]))
