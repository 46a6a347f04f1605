"""What the codes and words of an allergy say it is to, or that none is known.

What makes a key has to be sure: in one entry with others the words of one record are shown, and what only another said is not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from mainstem.kinds.base import DMD, SNOMED
from mainstem.kinds.facts import Terms
from mainstem.kinds.names import MAYBE, PARTS, doubted
from mainstem.kinds.titles import named

_DEGRADED = frozenset({"196461000000101", "196471000000108"})
"""SNOMED CT (UK): transfer-degraded drug, and non-drug, allergy."""
_NONE = (r"no|nil|none|not|known|nka|nkda|allerg(?:y|ies|ic)|drugs?|medications?|medicines?|adverse|reactions?|foods?|environmental|"
         r"(?:hyper)?sensitivit(?:y|ies)|intolerances?|to|or|and|any|of|history|recorded|reported|stated|confirmed|\d+")
_NONE_SAID = re.compile(rf"\W*(?:{_NONE})(?:\W+(?:{_NONE}))*\W*", re.IGNORECASE)
"""Words that say no more than that none is known, and when that was."""
_NO_REACTION_SAID = frozenset({"reaction unknown", "unknown reaction", "reaction not known", "reaction not stated"})


def cause(content: dict[str, Any], terms: Terms) -> str | None:
    """The code of the causative agent, where its coding or its words say that alone. Of a text that goes on to tell the reaction, which the
    record states beside it, by what stands before. None: it cannot be told, or its words name another agent beside."""
    agent = content.get("agent")
    if not isinstance(agent, dict):
        return None
    found = terms.agent(agent)
    if found is not None:
        return None if _beyond(agent, terms) else found
    text = agent.get("text")
    if not isinstance(text, str) or terms.current(agent) is not None:
        return None
    parted = (_told_with(reaction).fullmatch(text.strip().rstrip(".")) for reaction in sorted(_NO_REACTION_SAID | _reactions_said(content)))
    return next((code for found in parted if found and (code := terms.agent({"text": found["before"] or found["after"]}))), None)


def narrowed(agent: dict[str, Any], terms: Terms) -> bool:
    """Whether its words name only what is one of its code, or in it: `Amoxicillin` beside the code of an allergy to penicillin."""
    found = terms.agent(agent)
    told = [each for name in _named(agent, terms) if (each := terms.agents({"text": name}))] if found is not None else []
    return bool(told) and all(found not in each for each in told)


def none_known(content: dict[str, Any], terms: Terms) -> str | None:
    """The code of what it says is not known: any allergy, or one of drugs, of food. None where it is no such statement, or its words say
    more than its code (`NKDA except penicillin`): merged with others they would be hidden."""
    agent = content.get("agent")
    if not isinstance(agent, dict):
        return None
    found = terms.none_known(agent)
    return found if found is None or all(_says_none(said, terms) for said in own_words(agent)) else None


def asked(content: dict[str, Any], terms: Terms) -> tuple[dict[str, Any], ...]:
    """What a terminology is to be asked for to tell all that this may be to. More may be told than makes a key: nothing is decided by it.

    Its agent, and what its words name beyond that; where no code of that tells one (`Adverse reaction to drug`), its words, each text
    whole or else each part that is a name (`Penicillin - rash`, `penicillin, aspirin`; of `?penicillin allergy` what it asks about). Empty
    where it says that none is known, or what it was to is lost."""
    agent = content.get("agent")
    if not isinstance(agent, dict) or is_degraded(content) or none_known(content, terms) is not None:
        return ()
    codings = agent.get("codes") or ()
    texts = [said for said in (agent.get("text"), *(coding.get("display") for coding in codings)) if isinstance(said, str)]
    sure = [said for said in texts if not doubted(said)]
    if terms.agents(agent) and (len(sure) == len(texts) or not terms.by_name(agent)):
        return (agent, *({"text": name} for name in _beyond(agent, terms)))
    names = (name for said in texts for name in ((said,) if said in sure and terms.agents({"text": said}) else _parts(said)))
    told = {agents: {"text": name} for name in names if (agents := terms.agents({"text": name}))}
    return tuple(told.values())


def is_degraded(content: dict[str, Any]) -> bool:
    """Whether what it is to was lost between two GP systems. Its entry names the rule `allergy.transfer-degraded` at its agent."""
    agent = content.get("agent")
    codes = agent.get("codes") or () if isinstance(agent, dict) else ()
    return any(code.get("code") in _DEGRADED for code in codes)


def _says_none(said: str, terms: Terms) -> bool:
    return terms.none_known({"text": said}) is not None or (_NONE_SAID.fullmatch(said) is not None and not doubted(said))


def own_words(agent: dict[str, Any]) -> list[str]:
    """Its text, and displays that no terminology gave."""
    said = (agent.get("text"), *(coding.get("display") for coding in agent.get("codes") or () if coding.get("system") not in (SNOMED, DMD)))
    return [words for words in said if isinstance(words, str)]


def _beyond(agent: dict[str, Any], terms: Terms) -> list[str]:
    """Names in its words of what is not what its codes say, nor in it, nor of its class: beside the code of an allergy to penicillin, of
    `penicillin and trimethoprim` the latter."""
    told = terms.agents(agent)
    return [name for name in _named(agent, terms)
            if any(not any(terms.is_a(one, other) for other in told) for one in terms.agents({"text": name}))]


def _named(agent: dict[str, Any], terms: Terms) -> Iterator[str]:
    """Its words whole where they are a name, else part by part."""
    for said in own_words(agent):
        yield from (said,) if terms.agent({"text": said}) else _parts(said)


def _parts(said: str) -> Iterator[str]:
    return (MAYBE.sub("", part) for part in PARTS.split(said))


@lru_cache(maxsize=1 << 10)
def _told_with(reaction: str) -> re.Pattern[str]:
    """`penicillin - rash`, `Penicillin (causes rash)`, `penicillin, which caused a rash`, `Penicillin rash`, `penicillin with rash in the
    past`; `rash w/ penicillin`, `developed a rash after penicillin`. The reaction and what joins it to the agent, nothing else."""
    said = rf"(?:an?\s+)?{re.escape(reaction)}"
    causes = r"(?:causes|caused|causing|gives|gave|->)"
    between = rf"\s+-+\s*|\s*[:;,=]\s*|\s*\((?=.*\)$)(?:{causes}\s+)?|(?:,?\s+which)?\s+{causes}\s+|\s+with\s+|\s+"
    return re.compile(rf"(?P<before>.+?)(?:{between}){said}(?:\s+in the past|\s+previously)?\)?|"
                      r"(?:(?:developed|develops|had|gets|got|suffered|experienced)\s+)?"
                      rf"{said}\s+(?:with|w/|to|from|after|on|due to|caused by|following)\s+(?P<after>.+)", re.IGNORECASE)


def _reactions_said(content: dict[str, Any]) -> frozenset[str]:
    said = (named(reaction.get("manifestation"), "").strip().casefold() for reaction in content.get("reactions") or ())
    return frozenset(each for each in said if each)
