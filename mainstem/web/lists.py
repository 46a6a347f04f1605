"""What sources said of their own lists: that one was empty, or that items are missing from it. Neither says that there is none. Pure.

The sentences follow the warning codes of GP Connect ("Warning codes", "Using the List resource").
"""

from __future__ import annotations

from collections.abc import Iterable

from mainstem.kinds.manifest import AWAITING_FILING, EMPTY, IN_TRANSIT, INCOMPLETE, WITHHELD
from mainstem.model import SourceState
from mainstem.web import words

_SAID = {
    EMPTY: "The list that {source} sent on {moment} was empty. That is no information: it does not mean there is none.",
    WITHHELD: "{source} left items out of the list it sent on {moment}, because they are confidential or the patient wished it.",
    IN_TRANSIT: "The record that {source} sent on {moment} was still being transferred from another practice: older items may be missing.",
    AWAITING_FILING: "When {source} sent its list on {moment}, items waited there to be reviewed and filed: they are missing.",
    INCOMPLETE: "Not all of the list that {source} sent on {moment} could be taken in: items are missing.",
}


def told(sources: Iterable[SourceState], kinds: Iterable[str]) -> tuple[str, ...]:
    """In words, what sources' latest lists of these kinds were not complete in; each sentence once."""
    wanted = frozenset(kinds)
    return tuple(dict.fromkeys(
        _SAID.get(reason, _SAID[INCOMPLETE]).format(source=state.source, moment=words.moment(one.known))
        for state in sources for one in state.partial if one.kind in wanted for reason in one.reasons))


def empty(sources: Iterable[SourceState], kinds: Iterable[str]) -> frozenset[str]:
    """The sources of which that says that a list was empty."""
    wanted = frozenset(kinds)
    return frozenset(state.source for state in sources for one in state.partial if one.kind in wanted and EMPTY in one.reasons)


def lacking(state: SourceState, kinds: Iterable[str]) -> bool:
    """Whether the source said, or it was seen, that items are missing from its list of one of these kinds."""
    wanted = frozenset(kinds)
    return any(one.kind in wanted and set(one.reasons) - {EMPTY} for one in state.partial)
