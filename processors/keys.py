"""State keys: texts put one after another, so that no two lists of texts give one key and none is the beginning of another."""

from __future__ import annotations

END = b"\xff"
"""Never occurs in UTF-8."""


def pack(*texts: str) -> bytes:
    return END.join([text.encode() for text in texts]) + END if texts else b""


def unpack(key: bytes) -> list[str]:
    """The texts of a key made by `pack`."""
    return [text.decode() for text in key.split(END)[:-1]]
