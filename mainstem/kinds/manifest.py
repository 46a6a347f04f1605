"""Everything a complete export or snapshot of a source patient held: what makes absence derivable."""

from __future__ import annotations

from mainstem.kinds.base import Content, Kind


class ManifestContent(Content, frozen=True):
    kinds: tuple[str, ...]
    """The kinds the export was complete for."""
    records: tuple[str, ...]
    """Every record id it held of these kinds, sorted."""


class Manifest(Kind):
    name = "manifest"
    heading = ""
    Content = ManifestContent

    def title(self, content: dict) -> str:
        return "Manifest"
