"""Releases kept by name and digest, whatever they hold: what is opened is what was meant, or nothing."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from mainstem.model import Release
from mainstem.shelf import Kept, MisnamedReleaseError, NoSuchReleaseError, ReleaseDiffersError, ReleaseError, ReleaseShelf, fit, shown


class Text(NamedTuple):
    name: str
    text: str

    @property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()


def read(path: Path) -> Text:
    return Text(*path.read_text().split(":"))


OURS, UK, OTHER = Text("ours", "0"), Text("uk", "1"), Text("uk", "2")


def shelf(folder: Path, *texts: Text) -> ReleaseShelf[Text]:
    made = ReleaseShelf(folder, Kept("text", ".text", lambda: OURS, read, lambda text: text, "write it"))
    for text in texts:
        made.put(shown(text), lambda part, text=text: part.write_text(":".join(text)))
    return made


def record(text: Text, digest: str = "") -> Release:
    return Release(activation="1", what="text", name=text.name, digest=digest or text.digest, actor="a", reason="r")


def test_the_built_in_one_is_there_without_a_folder(tmp_path: Path) -> None:
    empty = shelf(tmp_path / "none")
    assert empty.names() == (shown(OURS),)
    assert empty.open("ours") == empty.open(shown(OURS)) == empty.activated(None) == empty.activated(record(OURS)) == OURS


def test_a_name_opens_while_one_release_bears_it_and_a_digest_always(tmp_path: Path) -> None:
    assert shelf(tmp_path, OURS, UK).open("uk") == UK
    both = shelf(tmp_path, OTHER)
    assert both.names() == (shown(OURS), *sorted((shown(UK), shown(OTHER)))), "the built-in one once, though kept as a file"
    with pytest.raises(NoSuchReleaseError, match=f"{shown(UK)}.*write it"):
        both.open("uk")
    assert (both.activated(record(UK)), both.activated(record(OTHER))) == (UK, OTHER)


def test_what_is_not_the_content_meant_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoSuchReleaseError, match="no text uk@"):
        shelf(tmp_path, UK).activated(record(OTHER))
    with pytest.raises(ReleaseDiffersError, match=r"was activated: write it"):
        shelf(tmp_path).activated(record(UK, UK.digest[:12] + "0" * 52))
    (tmp_path / f"{shown(UK)}.text").rename(tmp_path / f"{shown(OTHER)}.text")
    with pytest.raises(MisnamedReleaseError, match=f"holds {shown(UK)}"):
        shelf(tmp_path).open("uk")


@pytest.mark.parametrize(("fault", "raised", "told"), [
    (OSError(28, "No space left on device"), ReleaseError, r"uk@.*text cannot be written: No space left"),
    (KeyboardInterrupt(), KeyboardInterrupt, None)])
def test_of_a_release_half_written_nothing_stays(
    tmp_path: Path, fault: BaseException, raised: type[BaseException], told: str | None,
) -> None:
    def breaks(part: Path) -> None:
        part.write_text("uk:")
        raise fault

    with pytest.raises(raised, match=told):
        shelf(tmp_path).put(shown(UK), breaks)
    assert shelf(tmp_path).names() == (shown(OURS),)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("name", "may"), [("uk-2026.11", True), ("a" * 63, True), ("a" * 64, False), ("", False), ("Uk", False),
                                           ("../x", False), ("uk@1", False), ("uk\n", False)])
def test_a_name_is_part_of_a_file_s(name: str, may: bool) -> None:
    assert fit(name) is may
