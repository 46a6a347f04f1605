"""Canonical JSON and digests: equal meaning, equal bytes."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(order="deterministic")
MODULUS = 1 << 256


def encode(value: Any) -> bytes:
    """JSON with sorted keys and no spaces, UTF-8. Structs leave out fields at their default (`omit_defaults`)."""
    return _encoder.encode(value)


def decode(data: bytes) -> Any:
    return msgspec.json.decode(data)


def digest(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


def entry_digest(fact: str, content: bytes) -> int:
    """One entry's share of its record's digest: SHA-256 over the fact id, a zero byte and the content, as an integer."""
    return int.from_bytes(hashlib.sha256(fact.encode() + b"\0" + content).digest(), "big")


def record_digest(shares: int) -> str:
    """The sum of shares as 64 hex digits (design.md, "How convergence is had")."""
    return f"{shares % MODULUS:064x}"
