"""Everything a complete export or snapshot of a source patient held: what makes absence derivable."""

from __future__ import annotations

from msgspec import field

from mainstem.kinds.base import Content, Kind

EMPTY = "empty"
"""A list without entries: information not available, never "none" (GP Connect, "Using the List resource", `no-content-recorded`)."""
WITHHELD = "confidential-items"
IN_TRANSIT = "data-in-transit"
AWAITING_FILING = "data-awaiting-filing"
"""Warning codes of lists, as CareConnect-ListWarningCode-1 and UKCore-ListWarningCode spell them."""
INCOMPLETE = "incomplete"
"""Not all that was listed could be taken in, or the list warns of something else."""


class ManifestContent(Content, frozen=True):
    kinds: tuple[str, ...]
    """The kinds the export was complete for."""
    records: tuple[str, ...]
    """Every record id it held of these kinds, sorted."""
    since: dict[str, str] = field(default_factory=dict)
    """Of these kinds, those complete only for what was recorded on a day or after it -> the day."""
    partial: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Kinds whose list is not, or not by itself, all that there is -> why: `EMPTY`, warning codes, `INCOMPLETE`; sorted."""


class Manifest(Kind):
    name = "manifest"
    heading = ""
    Content = ManifestContent

    def title(self, content: dict) -> str:
        return "Manifest"
