"""What can be wrong with a release of a terminology. Codes and file names are no patient content, so messages name them."""

from __future__ import annotations


class ReleaseError(ValueError):
    """A release cannot be read or made. The message says what to do."""


class MissingFileError(ReleaseError):
    """A folder does not hold a file that the release format requires."""

    def __init__(self, folder: str, pattern: str, format_: str) -> None:
        super().__init__(f"{folder}: no file like {pattern}; name the folder that a {format_} release was unpacked to")
        self.folder = folder
        self.pattern = pattern


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


class NoSuchReleaseError(ReleaseError):
    """No release of that name has been loaded."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no release {name}; loaded are {', '.join(known)} (load one with `mainstem terms load`)")
        self.name = name
        self.known = known


class ReleaseDiffersError(ReleaseError):
    """What is loaded under a name is not what the control record activated."""

    def __init__(self, name: str, activated: str, loaded: str) -> None:
        super().__init__(f"release {name} is loaded with content {loaded[:12]}, and {activated[:12]} was activated; load the files that "
                         "were activated with `mainstem terms load`, or activate what is loaded")
        self.name = name
        self.activated = activated
        self.loaded = loaded
