"""Another model release has come into force, said among the claims: so the linker takes it up at one place of its input, which is an epoch.

It is evidence about nobody, and no view of the claims counts it.
"""

from __future__ import annotations

from mainstem import canonical
from mainstem.model import Claim, RawRef, Release
from schemas import topics

ACTIVATED = "activated"
"""The type of such a claim; its `ref` is the activation."""
MATCHING = "matching"
"""`what` of a model release."""
_SOURCE, _PATIENT = "mainstem", "matching"


def event(release: Release) -> Claim:
    """What goes into the claims with the control record. Its raw message is itself, as that of a human decision is."""
    body = canonical.encode({"name": release.name, "digest": release.digest})
    return Claim(source=_SOURCE, patient=_PATIENT, type=ACTIVATED, ref=release.activation, position=release.activation, body=body,
                 raw=RawRef(topics.CLAIMS.name, 0, -1, release.activation))


def release_of(claim: Claim) -> Release | None:
    """The release that comes into force here; None for a claim about somebody. Who activated it and why is in the control record."""
    if claim.type != ACTIVATED:
        return None
    body = canonical.decode(claim.body)
    return Release(activation=claim.ref, what=MATCHING, name=body["name"], digest=body["digest"], actor="", reason="")
