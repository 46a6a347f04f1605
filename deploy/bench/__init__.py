"""`make bench`: what Mainstem costs and how that compares, measured in one run (docs/bench.md)."""
