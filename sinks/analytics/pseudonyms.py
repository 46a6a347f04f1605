"""Names for secondary use: keyed hashes that say nothing without the key, and seals that only the key opens."""

from __future__ import annotations

import hashlib
import hmac
from functools import lru_cache

_CONTEXT = b"mainstem secondary use v1"
"""Apart from the context of person ids, so that a pseudonym cannot be compared with them."""


class Pseudonyms:
    """Of one installation. Persons and facts are hashed apart; a fact id alone could be guessed from local record numbers."""

    def __init__(self, person_key: bytes) -> None:
        self._key = hmac.digest(person_key, _CONTEXT, "sha256")
        self.person = lru_cache(maxsize=200_000)(self._person)

    def _person(self, person: str) -> str:
        return self._hash(b"person|", person)

    def fact(self, fact: str) -> str:
        return self._hash(b"fact|", fact)

    def token(self, use: str) -> str:
        """A secret that holders of the key share."""
        return hmac.digest(self._key, b"token|" + use.encode(), "sha256").hex()

    def seal(self, pseudonym: str, fact: str, version: int, text: str) -> str:
        """Hex of the text under a key stream of its own (SHAKE-256 over key and place): opened by `unseal` with the same place."""
        data = text.encode()
        return _xor(data, self._stream(pseudonym, fact, version, len(data))).hex()

    def unseal(self, pseudonym: str, fact: str, version: int, sealed: str) -> str:
        """Raises UnicodeDecodeError (a ValueError) with another key or place."""
        data = bytes.fromhex(sealed)
        return _xor(data, self._stream(pseudonym, fact, version, len(data))).decode()

    def _hash(self, what: bytes, text: str) -> str:
        return hmac.digest(self._key, what + text.encode(), "sha256").hex()[:32]

    def _stream(self, pseudonym: str, fact: str, version: int, length: int) -> bytes:
        return hashlib.shake_256(self._key + f"seal|{pseudonym}|{fact}|{version}".encode()).digest(length)


def _xor(data: bytes, stream: bytes) -> bytes:
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")
