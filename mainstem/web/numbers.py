"""NHS numbers, and the numbers of one source, as people type them."""

from __future__ import annotations

import re

from nhs_number.validate import is_valid

from mainstem.web.errors import NotNHSNumberError

_BETWEEN = r"[-.\s\u2010-\u2015\u2212\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
"""Spaces, dashes and dots, also as text programs turn them round, and what is invisible and copied along."""
_LOOKS_LIKE = re.compile(rf"{_BETWEEN}(?:\d{_BETWEEN}){{9,11}}")
_SOURCE_PATIENT = re.compile(r"[^\s/|]+/[^\s/|]+\|\S+")


def looks_like_number(text: str) -> bool:
    """True where somebody seems to be giving an NHS number: nine to eleven digits, and what stands between. Fewer are some other number."""
    return _LOOKS_LIKE.fullmatch(text.strip()) is not None


def looks_like_source_patient(text: str) -> bool:
    """True where somebody names a patient as one source knows them: `RXA/epr|1000001`. A local number alone could be any system's."""
    return _SOURCE_PATIENT.fullmatch(text.strip()) is not None


def parse(text: str) -> str:
    """The ten digits. Raises NotNHSNumberError (NHS Data Dictionary: weights 10 to 2, modulus 11)."""
    digits = re.sub(_BETWEEN, "", text)
    if not digits.isascii() or not digits.isdigit():
        raise NotNHSNumberError("it has characters other than digits, spaces and dashes")
    if len(digits) != 10:
        raise NotNHSNumberError(f"it has {len(digits)} digits")
    if len(set(digits)) == 1:
        raise NotNHSNumberError("it is one digit ten times, which forms are filled with when no number is known")
    if not is_valid(digits):
        raise NotNHSNumberError("its check digit does not fit, so a digit is mistyped or two are swapped")
    return digits


def spaced(digits: str) -> str:
    """As the NHS writes it: 999 000 0018."""
    return f"{digits[:3]} {digits[3:6]} {digits[6:]}" if len(digits) == 10 else digits
