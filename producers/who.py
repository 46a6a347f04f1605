"""The body of a `demographics` claim (docs/identity.md): who a patient record says someone is, with former names and homes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from mainstem.kinds.patient import PatientContent, identifying

FORMER = frozenset({"old", "maiden"})
"""Uses of a name (FHIR name-use) that it had once: by them it may be found, they are not who it is now."""


def demographics(content: PatientContent, homes: Iterable[tuple[str | None, Sequence[str]]] = ()) -> dict[str, Any]:
    """`homes`: postcode and lines of earlier ones. A key for each thing that is said."""
    names = content.names if isinstance(content.names, tuple) else ()
    former_names = [{"family": name.family or "", "given": list(name.given)} for name in names if name.use in FORMER]
    former_homes = [{"postcode": postcode or "", "address": list(lines)} for postcode, lines in homes if postcode or lines]
    said = identifying(content) | {"former_names": former_names, "former_homes": former_homes}
    return {field: value for field, value in said.items() if value}


def elsewhere(content: PatientContent) -> dict[str, Any]:
    """Of someone who has left: the address is where they lived then."""
    lines = content.address if isinstance(content.address, tuple) else ()
    postcode = content.postcode if isinstance(content.postcode, str) else None
    return demographics(replace(content, address=UNSET, postcode=UNSET), [(postcode, [line for line in lines if line])])
