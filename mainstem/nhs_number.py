"""When an NHS number is good enough to link by itself."""

from __future__ import annotations

from functools import lru_cache

import nhs_number as standard

VERIFIED = "01"
"""Number present and verified (UKCore-NHSNumberVerificationStatusEngland); no other status may link."""


@lru_cache(maxsize=1 << 15)
def verified(number: str | None, verification: str | None) -> str | None:
    """The ten digits, where the check digit is right and the status is 01; else None.

    Ten equal digits are refused although some pass the check: they are what forms are filled with when no number is known.
    """
    if not number or verification != VERIFIED:
        return None
    digits = number.replace(" ", "").replace("-", "")
    if len(digits) != 10 or not (digits.isascii() and digits.isdigit()) or len(set(digits)) == 1:
        return None
    return digits if standard.is_valid(digits) else None
