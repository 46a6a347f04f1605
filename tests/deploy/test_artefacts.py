"""Parts that are fetched: each lot in a place of its own, and nothing of what differs from its list."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from deploy.stack import artefacts
from deploy.stack.errors import ChecksumError


def test_each_lot_and_each_version_of_it_has_a_place_of_its_own(tmp_path: Path) -> None:
    assert len({artefacts.place(tmp_path, lot) for lot in artefacts.LOTS}) == len(artefacts.LOTS)
    assert artefacts.place(tmp_path) == artefacts.place(tmp_path, artefacts.STACK)
    for lot in artefacts.LOTS:
        listed = {line.split("  ", 1)[1].partition("/")[0] for line in lot.checksums.read_text().splitlines()}
        assert listed == set(lot.parts)


def test_what_differs_from_the_list_is_not_put_in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def brought(_lot: artefacts.Lot, _part: str, into: Path, _say: artefacts.Say) -> None:
        into.mkdir()
        with zipfile.ZipFile(into / "opensearch-3.3.2.zip", "w") as archive:
            archive.writestr("opensearch-3.3.2/lib/other.jar", "not what was listed")

    monkeypatch.setattr(artefacts, "_maven", brought)
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/mvn")
    with pytest.raises(ChecksumError, match=r"deploy/java/opensearch/checksums\.sha256.*opensearch-3\.3\.2\.zip"):
        artefacts.fetch(tmp_path / "cache", lambda _: None, artefacts.OPENSEARCH)
    assert not artefacts.place(tmp_path / "cache", artefacts.OPENSEARCH).exists()
    assert [each.name for each in (tmp_path / "cache").iterdir()] == ["lock"]
