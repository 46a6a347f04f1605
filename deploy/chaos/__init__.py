"""Chaos: a whole Mainstem under load, faults drawn from a seed, and the proof afterwards (docs/chaos.md).

`home` is where it may; `plan` draws what happens, purely;
`proxy`, `inject` make it happen; `registers` writes what must not be lost; `run` is the whole.
"""
