"""Synthetic NHS numbers: the 999 range, with right check digits, one for each person."""

from __future__ import annotations

LIMIT = 800_000
"""How many persons can have a number: 100,000 stems of eight digits, of each of which at least nine tenth digits are valid."""


def number(index: int) -> str:
    """The NHS number of person `index` (0 up to LIMIT): different for each, scattered over the range."""
    stem, slot = f"999{index * 61_129 % 100_000:05d}", index // 100_000
    valid = [f"{stem}{digit}{check}" for digit in range(10) if (check := check_digit(f"{stem}{digit}")) is not None]
    return valid[slot]


def check_digit(nine: str) -> int | None:
    """Modulus 11 check digit of the first nine digits (NHS Data Dictionary); None where no number can start so."""
    left = 11 - sum(int(digit) * weight for digit, weight in zip(nine, range(10, 1, -1), strict=True)) % 11
    return {11: 0, 10: None}.get(left, left)


def is_valid(number: str) -> bool:
    return len(number) == 10 and number.isdigit() and check_digit(number[:9]) == int(number[9])
