"""From the parts of one record to what the record says: its members (one, or one per item), or none.

The greatest version of each part counts (`mainstem.versions`). A field that the greatest version does not name is not looked for
in earlier versions: every producer so far sends whole rows, so that what is not there was not said. A feed that sends only what
changed (HL7 v2, where an empty field says nothing) needs a mark on its assertions; a winner would then be united with the earlier
versions of its part here, as parts are united with each other, and every version is in state for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from mainstem import kinds
from mainstem.kinds.base import Content
from mainstem.kinds.facts import Member, Place
from mainstem.model import Assertion, Known, Status
from processors.reconcile.rules import REMOVED, RETRACTED

MANIFEST = "manifest"

_decode = msgspec.json.Decoder().decode
_kinds = {kind.name: msgspec.json.Decoder(kind.Content) for kind in kinds.ALL}


def members(winners: Sequence[Known]) -> list[Member]:
    """What a record says. `winners`: the greatest version of each of its parts, sorted by part.

    A merged part that was retracted withdraws the record with its items: what was entered in error is the record, and its parts
    are one. A removed part only takes its own fields away. A record with items asserted has no fact of its own.
    """
    if winners[0].assertion.kind == MANIFEST:
        return []
    if len(winners) == 1 and "/" not in winners[0].assertion.part:
        return _single(winners[0])
    merged = [known for known in winners if "/" not in known.assertion.part]
    if any(known.assertion.status is Status.RETRACTED for known in merged):
        return []
    merged = [known for known in merged if known.assertion.status is Status.ASSERTED]
    items = [known for known in winners if "/" in known.assertion.part and known.assertion.status is Status.ASSERTED]
    if not items:
        return [_united(merged, "", merged)] if merged else []
    return [_united([item, *merged], item.assertion.part, [*merged, item]) for item in items]


def why_nothing(winners: Sequence[Known]) -> str:
    """The id of the rule by which a record that no manifest makes absent says nothing."""
    return (RETRACTED if any(known.assertion.status is Status.RETRACTED for known in winners) else REMOVED).id


def _single(known: Known) -> list[Member]:
    assertion = known.assertion
    if assertion.status is not Status.ASSERTED:
        return []
    content = fields(assertion)
    return [Member(Place(assertion.subject, assertion.record), assertion.kind, content, {}, (), (known,))]


def _united(order: Sequence[Known], item: str, winners: Sequence[Known]) -> Member:
    """`order`: who decides a field that several value, first the strongest."""
    content: dict[str, Any] = {}
    said: dict[str, Known] = {}
    lost: list[tuple[str, Known, Any]] = []
    for known in order:
        for name, value in fields(known.assertion).items():
            if name not in content:
                content[name], said[name] = value, known
            elif content[name] != value:
                lost.append((name, known, value))
    first = order[0].assertion
    return Member(Place(first.subject, first.record, item), first.kind, content, said, tuple(lost), tuple(winners))


def fields(assertion: Assertion) -> dict[str, Any]:
    """The fields valued. Null (cleared by the source) and an empty list tell a reader the same as nothing.

    Producers give only contents of their kind. What is none all the same must stop nobody's record, and rules rely on types: a field of
    another type says nothing, and the fact is still shown, with its provenance.
    """
    try:
        decoded = _decode(assertion.content)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(decoded, dict):
        return {}
    kind = _kinds.get(assertion.kind)
    if kind is not None:
        try:
            kind.decode(assertion.content)
        except ValueError:
            decoded = {name: value for name, value in decoded.items() if _is_of(kind.type, name, value)}
    if all(decoded.values()):
        return decoded  # most contents: nothing to leave out
    return {name: value for name, value in decoded.items() if value is not None and value != []}


def _is_of(content: type[Content], name: str, value: Any) -> bool:
    """Whether a field is of the type that it has in a content; one that the content does not know is no rule's."""
    if name not in content.__struct_fields__:
        return True
    try:
        msgspec.convert({name: value}, content)
    except ValueError:
        return False
    return True
