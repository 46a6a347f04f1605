"""Episodes of one problem that follow each other sooner than `Problem.gap`: three infections of one winter are three."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, NamedTuple

from mainstem.kinds.dates import days, exact
from mainstem.kinds.facts import Member

APART = 28
"""Days. What comes again sooner may be the same, seen again."""
_ANY = -1


class _Span(NamedTuple):
    """Days as numbers: the onset may be any from `first` to `latest`."""

    first: int
    latest: int
    last: int
    over: bool


Spans = Callable[[dict[str, Any]], tuple[str, str] | None]
GoesOn = Callable[[dict[str, Any]], bool | None]


def parted(members: Sequence[Member], span: Spans, goes_on: GoesOn) -> Sequence[Sequence[Member]]:
    """What one source patient's own records close, and have again more than four weeks later, are two episodes; the last one may go on.
    Another record is of the episode that is nearest to its onset. Those whose onset may be of several are together a fact of their own, as
    undated ones beside several are. Where one goes on from one episode into another, all stay together."""
    if len(members) < 2:
        return [members]
    spans = [_known(member.content, span, goes_on) for member in members]
    episodes = _of_one_source(members, spans)
    if len(episodes) < 2:
        return [members]
    homes = [_home(each, episodes) for each in spans]
    if any(each is not None and 0 <= home < len(episodes) - 1 and each.last >= episodes[home + 1].first
           for each, home in zip(spans, homes, strict=True)):
        return [members]
    return [[member for member, home in zip(members, homes, strict=True) if home == place] for place in dict.fromkeys(homes)]


def _known(content: dict[str, Any], span: Spans, goes_on: GoesOn) -> _Span | None:
    found, onset = span(content), days(content.get("onset"))
    if found is None or onset is None:
        return None
    first, last = sorted(map(_number, found))
    return _Span(first, _number(onset[1]), last, days(content.get("abatement")) is not None and not goes_on(content))


def _of_one_source(members: Sequence[Member], spans: Sequence[_Span | None]) -> list[_Span]:
    """The episodes that one source patient tells to the day; of several, the one that tells most of them, the least."""
    by_subject: dict[str, list[_Span]] = {}
    for member, span in zip(members, spans, strict=True):
        if span is not None and exact(member.content["onset"]):
            by_subject.setdefault(member.place.subject, []).append(span)
    told = [_episodes(sorted(by_subject[subject])) for subject in sorted(by_subject)]
    return max(told, key=len, default=[])


def _episodes(spans: Sequence[_Span]) -> list[_Span]:
    found: list[_Span] = []
    for span in spans:
        if found and not (found[-1].over and span.first - found[-1].last > APART):
            before = found[-1]
            found[-1] = before._replace(last=max(before.last, span.last), over=before.over and span.over)
        else:
            found.append(span)
    return found


def _home(span: _Span | None, episodes: Sequence[_Span]) -> int:
    if span is None:
        return _ANY
    earliest, latest = (min(range(len(episodes)), key=lambda place: _away(day, episodes[place])) for day in (span.first, span.latest))
    return earliest if earliest == latest else _ANY


def _away(day: int, episode: _Span) -> int:
    """Days. What goes on is not away from what comes later."""
    return max(episode.first - day, day - episode.last if episode.over else 0, 0)


def _number(day: str) -> int:
    return date.fromisoformat(day).toordinal()
