"""Classes of medicines within which, and across which, people react: by codes of agents, and by what a release says that these are. Pure.

Codes are those of SNOMED CT that the built-in release holds for classes, and of dm+d for substances. No code for the classes of
cephalosporins and of carbapenems could be checked: each base that dm+d lists is named, and the class is what a release says they all are.
"""

from __future__ import annotations

from collections.abc import Iterable

from mainstem.kinds.facts import Terms

PENICILLINS = "764146007"
CLASSES = frozenset({PENICILLINS, "372665008", "387406002", "372733002"})
"""Penicillins, NSAIDs, sulfonamides, ACE inhibitors. Of other classes (statins, beta blockers) one that is not tolerated is followed by
another as a matter of course, so that a caution would only be in the way."""
CEPHALOSPORINS = {
    "387270009": "Cefaclor", "372651006": "Cefadroxil", "387304003": "Cefalexin", "372801003": "Cefamandole", "387470007": "Cefazolin",
    "96048006": "Cefepime", "387536009": "Cefixime", "372704003": "Cefotaxime", "372780005": "Cefoxitin", "387533001": "Cefpirome",
    "387534007": "Cefpodoxime", "387538005": "Cefprozil", "387091007": "Cefradine", "702415007": "Ceftaroline fosamil",
    "387200005": "Ceftazidime", "734512008": "Ceftobiprole", "708792003": "Ceftolozane", "372670001": "Ceftriaxone",
    "372833007": "Cefuroxime",
}
CARBAPENEMS = {"428352004": "Doripenem", "396346003": "Ertapenem", "46558003": "Imipenem", "387540000": "Meropenem"}
_BY_CLASS = (("387304003", "372833007", "372670001"), ("396346003", "46558003", "387540000"))
"""Of a class several that differ (cephalosporins of three generations): what all of them are, and no penicillin is, is that class."""


def beta_lactams(terms: Terms) -> frozenset[str]:
    """Agents and classes, any two of which are related: of those allergic to a penicillin about 0.5 to 6.5 in 100 react to a cephalosporin
    too, and who reacted to a beta-lactam at once should not have one (BNF, Penicillins, Cephalosporins), nor a penicillin (MHRA,
    Amoxicillin, summary of product characteristics, 4.3). Not aztreonam, which is less likely to be reacted to (BNF)."""
    listed = frozenset({PENICILLINS, *CEPHALOSPORINS, *CARBAPENEMS})
    if not terms.parents(PENICILLINS):  # a release that does not say what penicillins are does not say what they are not
        return listed
    penicillins = upwards([PENICILLINS], terms)
    return listed.union(*(frozenset.intersection(*(upwards([one], terms) for one in several)) - penicillins for several in _BY_CLASS))


def upwards(codes: Iterable[str], terms: Terms) -> frozenset[str]:
    """They and all that they are of."""
    found: set[str] = set()
    todo = list(codes)
    while todo:
        if (at := todo.pop()) not in found:
            found.add(at)
            todo += terms.parents(at)
    return frozenset(found)
