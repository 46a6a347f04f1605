"""Routes of administration in one word each, from codes, from what people write, and from what a product is.

The words are those of dm+d (lookup ROUTE), in small letters: `oral`, `subcutaneous`, `inhalation`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from mainstem.kinds.names import form_of, plain

_CODES = {
    "26643006": "oral", "18679011000001101": "inhalation", "112239003": "inhalation", "447694001": "inhalation", "34206005": "subcutaneous",
    "47625008": "intravenous", "78421000": "intramuscular", "372464004": "intradermal", "54485002": "ocular", "372472002": "ocular",
    "10547007": "auricular", "46713006": "nasal", "37161004": "rectal", "16857009": "vaginal", "37839007": "sublingual",
    "54471007": "buccal", "372473007": "oromucosal", "45890007": "transdermal", "6064005": "cutaneous", "448598008": "cutaneous",
    "372454008": "gastroenteral", "404820008": "epidural", "72607000": "intrathecal", "12130007": "intraarticular",
    "372471009": "intravesical",
}
"""dm+d lookup ROUTE, its former ids, and the SNOMED CT routes that mean the same."""
_WRITTEN = {
    "oral": ("oral", "orally", "po", "by mouth", "per os", "mouth", "swallowed", "oral use"),
    "inhalation": ("inhalation", "inhaled", "inhale", "inh", "by inhalation", "nebulised", "neb", "respiratory", "inhalation use"),
    "subcutaneous": ("subcutaneous", "subcutaneously", "sc", "s/c", "subcut", "sub cut", "subcutaneous injection", "under the skin"),
    "intravenous": ("intravenous", "intravenously", "iv", "i/v", "i.v", "intravenous infusion", "intravenous injection"),
    "intramuscular": ("intramuscular", "intramuscularly", "im", "i/m", "i.m", "intramuscular injection"),
    "intradermal": ("intradermal",),
    "ocular": ("ocular", "eye", "eyes", "ophthalmic", "to the eye", "to the eyes", "both eyes", "right eye", "left eye"),
    "auricular": ("auricular", "otic", "ear", "ears", "both ears", "right ear", "left ear", "aural"),
    "nasal": ("nasal", "intranasal", "nose", "nostril", "nostrils", "each nostril"),
    "rectal": ("rectal", "rectally", "pr", "per rectum"),
    "vaginal": ("vaginal", "vaginally", "pv", "per vaginam"),
    "sublingual": ("sublingual", "sublingually", "sl", "s/l", "under the tongue"),
    "buccal": ("buccal",),
    "oromucosal": ("oromucosal",),
    "transdermal": ("transdermal", "patch"),
    "cutaneous": ("cutaneous", "topical", "topically", "top", "skin", "to the skin", "on the skin"),
    "gastroenteral": ("gastroenteral", "enteral", "ng", "nasogastric", "via ng tube", "peg", "gastrostomy", "via peg"),
    "epidural": ("epidural",),
    "intrathecal": ("intrathecal",),
    "intraarticular": ("intraarticular", "intra articular"),
    "intravesical": ("intravesical",),
}
_WORDS = {written: route for route, all_ in _WRITTEN.items() for written in all_}
_SITES = {
    "eye": "ocular", "ophthalmic": "ocular", "ear": "auricular", "nasal": "nasal", "nose": "nasal", "rectal": "rectal",
    "vaginal": "vaginal", "sublingual": "sublingual", "buccal": "buccal", "oromucosal": "oromucosal", "transdermal": "transdermal",
    "scalp": "cutaneous", "cutaneous": "cutaneous", "intravesical": "intravesical", "intravenous": "intravenous",
    "subcutaneous": "subcutaneous", "intramuscular": "intramuscular", "inhalation": "inhalation", "oral": "oral", "iv": "intravenous",
    "im": "intramuscular", "sc": "subcutaneous", "po": "oral",
}
"""Words of a product's name that say where it goes, whatever its form: vaginal tablets, nasal drops."""
_FORMS = {
    "tablet": "oral", "capsule": "oral", "caplet": "oral", "syrup": "oral", "elixir": "oral", "linctus": "oral", "granule": "oral",
    "sachet": "oral", "suppository": "rectal", "enema": "rectal", "pessary": "vaginal", "inhaler": "inhalation", "inhalation": "inhalation",
    "nebuliser": "inhalation", "accuhaler": "inhalation", "evohaler": "inhalation", "turbohaler": "inhalation", "easyhaler": "inhalation",
    "puff": "inhalation", "patch": "transdermal", "cream": "cutaneous", "ointment": "cutaneous", "lotion": "cutaneous",
    "shampoo": "cutaneous",
}
"""Dose forms that go one way unless their name says another. Injections, drops, sprays, gels, liquids and powders go many."""
_INJECTED = frozenset({"subcutaneous", "intravenous", "intramuscular", "intradermal", "epidural", "intrathecal", "intraarticular",
                       "intravesical"})
_PLACED = frozenset(_WRITTEN) - _INJECTED - {"oral", "inhalation", "gastroenteral"}
_MAY_GO = {**dict.fromkeys(("injection", "infusion", "ampoule", "vial", "syringe", "pen", "cartridge", "implant"), _INJECTED),
           **dict.fromkeys(("drop", "spray", "gel", "foam", "paste", "mouthwash"), _PLACED),
           **dict.fromkeys(("lozenge", "pastille", "gum"), frozenset({"oromucosal", "oral"}))}
"""Where forms go that go many ways. Solutions, suspensions and powders go all ways."""
_AROUND = frozenset({"route", "use", "administration", "via", "by", "the", "to", "into", "in", "per", "apply", "each", "both", "left",
                     "right", "l", "r", "applied", "affected", "area", "areas", "slow", "deep", "bolus", "tube"})
"""Words of a stated route that do not tell which it is."""
_KEPT = 1 << 14


def stated(route: Any) -> str | None:
    """The route that a coded or written one says; one that we have no word for is itself, as it is written. None: nothing is said."""
    if not isinstance(route, dict):
        return None
    for coding in route.get("codes") or ():
        if found := _CODES.get(str(coding.get("code"))):
            return found
    written = [route.get("text"), *(coding.get("display") for coding in route.get("codes") or ())]
    said = [plain(text) for text in written if isinstance(text, str) and text.strip()]
    return next((found for text in said if (found := _written(text))), said[0] if said else None)


def of_code(code: str | None) -> str | None:
    return _CODES.get(code) if code else None


@lru_cache(maxsize=_KEPT)
def of_words(text: str) -> str | None:
    """The route of a product by its name or form: a place that it names, else its form. None where it names none or several."""
    words = [word for part in plain(text).split() for word in part.split("/")]
    places = {_SITES[word] for word in words if word in _SITES}
    if places:
        return places.pop() if len(places) == 1 else None
    found = set(_of_forms(words))
    return found.pop() if len(found) == 1 else None


def may_go(text: str, route: str) -> bool:
    """Whether a product may go this way for all that its name or form says: an injection is not swallowed."""
    return all(route in _MAY_GO.get(form_of(word) or "", (route,)) for word in plain(text).split())


@lru_cache(maxsize=_KEPT)
def untold(text: str) -> str | None:
    """What stands for the route where none is told, of a name or form that goes several ways, but not any: a gel, an injection."""
    found = {"injection" if _MAY_GO[form] is _INJECTED else form for word in plain(text).split() if (form := form_of(word)) in _MAY_GO}
    return "?" + "+".join(sorted(found)) if found else None


@lru_cache(maxsize=_KEPT)
def _written(text: str) -> str | None:
    """The one route that all its words tell: `P.O.`, `oral route`, `slow IV injection`. None where they tell several (`oral or NG`), or
    say more."""
    text = text.replace(".", "").replace("intra ", "intra").replace("sub cut", "subcut")
    if text in _WORDS:
        return _WORDS[text]
    words = [word for word in text.split() if word not in _AROUND and (word in _WORDS or form_of(word) is None)]
    if "skin" in words and any(form_of(word) == "patch" for word in text.split()):
        words = [word if word != "skin" else "transdermal" for word in words]  # what is put on the skin is a patch, which acts through it
    told = {_WORDS.get(word) for word in words}
    return told.pop() if len(told) == 1 else None if told else of_words(text)


def _of_forms(words: list[str]) -> Iterator[str]:
    for word in words:
        form = form_of(word)
        if form in _FORMS:
            yield _FORMS[form]
