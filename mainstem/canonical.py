"""Canonical JSON and digests: equal meaning, equal bytes."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="deterministic")
_sha256 = hashlib.sha256()
"""Copied for each digest: to begin one anew has OpenSSL look the algorithm up, a fourth of what a short digest costs."""
MODULUS = 1 << 256


def encode(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, UTF-8. Structs leave out fields at their default (`omit_defaults`)."""
    return _encoder.encode(value)


def decode(data: bytes) -> Any:
    return msgspec.json.decode(data)


def digest(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    begun = _sha256.copy()
    begun.update(data)
    return begun.digest()


def entry_digest(fact: str, content: bytes) -> int:
    """One entry's share of its record's digest: SHA-256 over the fact id, a zero byte and the content, as an integer."""
    return int.from_bytes(digest(fact.encode() + b"\0" + content), "big")


def record_digest(shares: int) -> str:
    """The sum of shares as 64 hex digits (design.md, "How convergence is had")."""
    return f"{shares % MODULUS:064x}"
