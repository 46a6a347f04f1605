"""What a vaccination protects against, whether it is coded as a procedure, a product, or in words: equality of names after folding.

The groups are those of the national programme (UK Health Security Agency, the Green Book). A combined vaccine is a group of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mainstem.kinds.concepts import meaning
from mainstem.kinds.facts import Terms
from mainstem.kinds.names import doubted, forms

_GROUPS: dict[str, tuple[str, ...]] = {
    "influenza": ("influenza", "flu", "influenza virus", "influenza a and influenza b", "fluad", "flucelvax", "fluenz", "fluenz tetra",
                  "influvac", "vaxigrip", "fluarix"),
    "covid-19": ("covid", "covid 19", "sars cov 2", "severe acute respiratory syndrome coronavirus 2", "coronavirus", "vaxzevria",
                 "covid 19 vaxzevria", "covid 19 vaxzevria chadox1", "comirnaty", "covid 19 mrna comirnaty", "spikevax",
                 "covid 19 mrna spikevax"),
    "pneumococcal": ("pneumococcal", "pneumococcus", "streptococcus pneumoniae", "pneumovax", "prevenar", "prevenar 13", "ppv", "ppv23",
                     "pcv", "pcv13"),
    "shingles": ("shingles", "herpes zoster", "zoster", "shingrix", "zostavax"),
    "measles, mumps and rubella": ("mmr", "measles mumps and rubella", "measles mumps rubella", "m m rvaxpro", "priorix"),
    "hepatitis a": ("hepatitis a", "havrix", "vaqta", "avaxim"),
    "hepatitis b": ("hepatitis b", "engerix b", "hbvaxpro", "fendrix"),
    "hepatitis a and b": ("hepatitis a and b", "hepatitis a and hepatitis b", "twinrix"),
    "human papillomavirus": ("hpv", "human papillomavirus", "gardasil", "gardasil 9", "cervarix"),
    "meningococcal b": ("meningococcal b", "meningitis b", "men b", "bexsero"),
    "meningococcal c": ("meningococcal c", "meningitis c", "men c"),
    "meningococcal acwy": ("meningococcal acwy", "meningococcal a c w135 and y", "men acwy", "nimenrix", "menveo"),
    "rotavirus": ("rotavirus", "rotarix"),
    "tuberculosis": ("bcg", "tuberculosis", "bacillus calmette guerin"),
    "varicella": ("varicella", "chickenpox", "varivax", "varilrix"),
    "typhoid": ("typhoid", "typhim vi", "vivotif"),
    "yellow fever": ("yellow fever", "stamaril"),
    "rabies": ("rabies", "rabipur"),
    "respiratory syncytial virus": ("rsv", "respiratory syncytial virus", "abrysvo", "arexvy"),
    "six in one": ("infanrix hexa", "vaxelis", "6 in 1", "dtap ipv hib hepb"),
    "four in one": ("dtap ipv", "boostrix ipv", "repevax", "4 in 1"),
    "tetanus, diphtheria and polio": ("td ipv", "revaxis", "tetanus diphtheria and polio", "3 in 1 teenage"),
}
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
    "adsorbed", "multidose", "procedure",
})
"""Words that say how or which time, not against what."""


def protects_against(content: dict[str, Any], terms: Terms) -> str | None:
    """The group, by the procedure, else the vaccine; else the code or words of either. None where neither tells."""
    concepts = [concept for name in ("procedure", "vaccine") if isinstance(concept := content.get(name), dict)]
    for concept in concepts:
        group = next((_CODES[code["code"]] for code in concept.get("codes") or () if code.get("code") in _CODES), None)
        group = group or next((found for name in _names(concept, terms) if (found := _named(name))), None)
        if group is not None:
            return group
    return next((what for concept in concepts if (what := meaning(concept, terms))), None)


def _names(concept: dict[str, Any], terms: Terms) -> Iterator[str]:
    said = [concept.get("text"), *(code.get("display") for code in concept.get("codes") or ())]
    yield from (name for name in said if isinstance(name, str) and name)
    yield from (name for code in (terms.moiety(concept), terms.current(concept)) if code and (name := terms.name(code)))


def _named(text: str) -> str | None:
    if doubted(text):
        return None
    for name in forms(text):
        words = re.sub(r"[^\w%]+", " ", name).split()
        for kept in (words, [word for word in words if word not in _ABOUT]):
            if group := _BY_NAME.get(" ".join(kept)):
                return group
    return None
