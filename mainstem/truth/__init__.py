"""How much of the truth the rules find: synthetic people, whose facts are known, told by their trusts and put together again.

`people` gives each person's assertions with the fact that each tells; `score` counts pairs and names every class of miss.
"""

from mainstem.truth.score import Score, Tally, score
from mainstem.truth.told import Person, people

__all__ = ["Person", "Score", "Tally", "people", "score"]
