"""Model releases kept by name and digest: what is opened is what was activated, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from mainstem.model import Release
from mainstem.shelf import ReleaseError, shown
from processors.identity.scoring.release import Model, built_in
from processors.identity.scoring.shelf import ModelShelf, only_shipped

OURS = replace(built_in(), name="ours")
OTHER = replace(OURS, prior=0.001)


def of(model: Model) -> Release:
    return Release(activation="1", what="matching", name=model.name, digest=model.digest, actor="a", reason="r")


def test_what_is_kept_is_opened_and_the_built_in_one_is_always_there(tmp_path: Path) -> None:
    shelf = ModelShelf(tmp_path / "matching")
    assert shelf.names() == (shown(built_in()),)
    assert shelf.activated(None) == shelf.activated(of(built_in())) == shelf.open("seeds-1") == built_in()
    shelf.keep(OURS)
    shelf.keep(OURS)
    assert shelf.names() == (shown(built_in()), shown(OURS))
    assert shelf.open("ours") == shelf.open(shown(OURS)) == shelf.activated(of(OURS)) == OURS


def test_other_content_under_a_name_is_a_second_release(tmp_path: Path) -> None:
    shelf = ModelShelf(tmp_path)
    shelf.keep(OURS)
    with pytest.raises(ReleaseError, match="no model release ours@"):
        shelf.activated(of(OTHER))
    shelf.keep(OTHER)
    assert (shelf.activated(of(OURS)), shelf.activated(of(OTHER))) == (OURS, OTHER)
    with pytest.raises(ReleaseError, match="no model release ours; at hand are"):
        shelf.open("ours")


def test_a_file_of_other_content_is_refused(tmp_path: Path) -> None:
    shelf = ModelShelf(tmp_path)
    shelf.keep(OTHER)
    (tmp_path / f"{shown(OTHER)}.json").rename(tmp_path / f"{shown(OURS)}.json")
    with pytest.raises(ReleaseError, match="holds ours@"):
        shelf.activated(of(OURS))
    shelf.keep(OURS)
    with pytest.raises(ReleaseError, match="was activated"):
        shelf.activated(replace(of(OURS), digest=OURS.digest[:12] + "0" * 52))


@pytest.mark.parametrize("name", ["", "../ours", "Ours", "ours@1", "a b", "seeds-1"])
def test_a_name_that_is_no_file_s_or_ours_alone_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="--name"):
        ModelShelf(tmp_path / "matching").keep(replace(OTHER, name=name))
    assert not (tmp_path / "matching").exists()


def test_without_a_folder_there_is_only_the_built_in_one() -> None:
    assert only_shipped(None) == only_shipped(of(built_in())) == built_in()
    with pytest.raises(ReleaseError, match="ours@"):
        only_shipped(of(OURS))
