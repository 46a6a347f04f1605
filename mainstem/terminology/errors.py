"""What can be wrong with a release of a terminology. Codes and file names are no patient content, so messages name them."""

from __future__ import annotations

from mainstem.shelf import ReleaseError


class MissingFileError(ReleaseError):
    """A folder does not hold a file that the release format requires."""

    def __init__(self, folder: str, pattern: str, format_: str) -> None:
        super().__init__(f"{folder}: no file like {pattern}; name the folder that a {format_} release was unpacked to")
        self.folder = folder
        self.pattern = pattern


class SeveralFilesError(ReleaseError):
    """A folder holds files of more than one release."""

    def __init__(self, folder: str, found: list[str]) -> None:
        super().__init__(f"{folder}: holds {' and '.join(found)}; name a folder that one release alone was unpacked to")
        self.folder = folder
        self.found = found


class MalformedFileError(ReleaseError):
    """A file of a release is not of the format it should be."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}; fetch the release again and unpack it anew")
        self.path = path
        self.why = why


class StoreError(ReleaseError):
    """A file is no store of ours, is cut short, or its content is not what its name promises."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path}: {why}; make it again with `mainstem terms load`")
        self.path = path
        self.why = why
