"""The workload player: makes life happen in three loaded trusts, at a set rate."""

from seeds.workload.player import Report, play

__all__ = ["Report", "play"]
