"""Files that hold messages: which of a folder, and their bytes, unzipped, within a limit."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterable
from pathlib import Path

LIMIT = 256 * 1024 * 1024
"""Bytes of a file once decompressed: a gzip bomb is refused before it fills memory."""
_GZIP = b"\x1f\x8b"


class FileError(OSError):
    """A file that the operator named cannot be read, or is too large. Names the file, never what is in it."""

    def __init__(self, path: str, why: str, todo: str) -> None:
        super().__init__(f"{path}: {why}; {todo}")
        self.path = path
        self.why = why
        self.todo = todo


def plain(path: Path) -> bytes:
    """Raises FileError."""
    try:
        with path.open("rb") as file:
            data = file.read(LIMIT + 1)
        if data.startswith(_GZIP):
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as zipped:
                data = zipped.read(LIMIT + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise FileError(str(path), "the gzip is damaged or cut short", "export or copy it again") from None
    except OSError as fault:
        raise FileError(str(path), fault.strerror or type(fault).__name__, "see that it may be read") from None
    if len(data) > LIMIT:
        raise FileError(str(path), f"it is larger than {LIMIT >> 20} MiB", "split it")
    return data


def listed(paths: Iterable[Path], suffixes: tuple[str, ...]) -> list[Path]:
    """The files of files and folders (searched through for the suffixes), each once, in order of path. Raises FileError."""
    found: set[Path] = set()
    for path in paths:
        if path.is_dir():
            inside = [each for each in path.rglob("*") if each.is_file() and each.name.lower().removesuffix(".gz").endswith(suffixes)]
            if not inside:
                raise FileError(str(path), "the folder holds no such files", f"name files, or folders with {', '.join(suffixes)}")
            found.update(inside)
        elif path.exists():
            found.add(path)
        else:
            raise FileError(str(path), "there is no such file or folder", "name files or folders")
    return sorted(found)
