"""What a fold gives. A module of its own: `fold` is compiled, and the structs of msgspec are not (`mainstem.compiled`)."""

from __future__ import annotations

import msgspec

from mainstem.model import Entry, SourceState


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """All that is true of one person, and where it comes from."""

    person: str
    nhs_numbers: tuple[str, ...]
    labels: tuple[str, ...] = ()
    """Those that hold for every entry."""
    checked: bool = False
    """Checks for opt-outs have answered: of one source patient at least, and of each that has a verified number."""
    digest: str
    entries: tuple[Entry, ...]
    """Current ones, sorted by kind and fact; each at version 1."""
    sources: tuple[SourceState, ...]
