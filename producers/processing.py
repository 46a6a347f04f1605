"""Whether a feed is of production or of training, and which marks say that an item is no production's.

Senders mark what is of no real patient: HL7 v2 in MSH-11, processing id (table 0103), FHIR with the tag or label HTEST. A receiver takes
in what is appropriate to it (HL7 v2 chapter 2, message processing rules: MSH-11 is looked at before the rest). Production takes in nothing
that is marked so; training takes in everything.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

PROCESSING_HEADER = "mainstem-processing"
"""Raw message header: what the feed is of that it came by. It lies with the message, so that who reads it again decides the same."""
REASON = "not-production"
"""Why production ignores what is so marked, in any format."""
TESTING = frozenset((*"DNTV", "DEBUG", "DEBUGGING", "TEST", "TESTING", "TRAINING"))
"""HL7 table 0103: debugging, non-production testing, training, validation; beside them it has P, production. And words by which nobody can
mean production."""


class Processing(StrEnum):
    """What a feed is of."""

    PRODUCTION = "production"
    TRAINING = "training"

    @property
    def headers(self) -> dict[str, bytes]:
        """Of the feed's raw messages: none for production, which is what a message is of that says nothing."""
        return {} if self is Processing.PRODUCTION else {PROCESSING_HEADER: self.value.encode()}

    @classmethod
    def of(cls, headers: Mapping[str, bytes]) -> Self:
        """Of a raw message. A value that is none counts as production: a slip of the pen gives nobody an invented allergy."""
        return cls.TRAINING if headers.get(PROCESSING_HEADER) == cls.TRAINING.value.encode() else cls.PRODUCTION
