"""The order of versions: makes the greatest one the same, whatever the order of arrival."""

from __future__ import annotations

import struct

from mainstem import canonical
from mainstem.model import Assertion, Claim, Known, Status, Version

DIGEST_BYTES = 17
_INCARNATION = struct.Struct(">Q")
_SHIFT = 1 << 63


def of_assertion(assertion: Assertion) -> Version:
    return Version(assertion.incarnation, assertion.position, _digest(assertion))


def of_claim(claim: Claim) -> Version:
    return Version(claim.incarnation, claim.position, _rank(claim.status) + canonical.digest(claim.body)[:16])


def packed(version: Version) -> bytes:
    """As bytes that sort as the version does. The last `DIGEST_BYTES` are the digest; those before are the place in the source's order."""
    return _packed(version.incarnation, version.position, version.digest)


def packed_of(assertion: Assertion) -> bytes:
    """`packed(of_assertion(assertion))`."""
    return _packed(assertion.incarnation, assertion.position, _digest(assertion))


def place(version: bytes) -> bytes:
    """The incarnation and position of a packed version: what manifests compare."""
    return version[:-DIGEST_BYTES]


def earlier(one: Known, other: Known) -> Known:
    """Of two copies of one assertion the one known first; for equal times, by where the raw message lies."""
    return min(one, other, key=_age)


def _packed(incarnation: int, position: str, digest: bytes) -> bytes:
    return _INCARNATION.pack(incarnation + _SHIFT) + position.encode().replace(b"\0", b"\0\xff") + b"\0\0" + digest


def _digest(assertion: Assertion) -> bytes:
    """At one position what is asserted beats what is withdrawn: shown twice is safe, hidden is not. Then the content's digest."""
    labels = ",".join(sorted(assertion.labels)) if assertion.labels else ""
    said = f"{assertion.kind}\0{labels}\0".encode() + assertion.content
    return _rank(assertion.status) + canonical.digest(said)[:16]


def _rank(status: Status) -> bytes:
    return b"\2" if status is Status.ASSERTED else b"\1" if status is Status.RETRACTED else b"\0"


def _age(known: Known) -> tuple[int, str, int, int, str, int, int]:
    raw = known.assertion.raw
    return known.known, raw.topic, raw.partition, raw.offset, raw.item, known.partition, known.offset
