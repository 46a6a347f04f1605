"""How a coded concept is shown in one line."""

from __future__ import annotations


def named(concept: dict | None, otherwise: str) -> str:
    """The source's text, else the first display, else the first code; `otherwise` where there is nothing."""
    if not concept:
        return otherwise
    if concept.get("text"):
        return concept["text"]
    codes = concept.get("codes") or ()
    for code in codes:
        if code.get("display"):
            return code["display"]
    return codes[0]["code"] if codes else otherwise
