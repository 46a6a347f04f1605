"""Canonical synthetic lives: who the people are and what is clinically true of them, before any trust has told it."""

from seeds.life.model import Person, Truth, When

__all__ = ["Person", "Truth", "When"]
