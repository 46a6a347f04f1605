"""Stores that hold what was published: search, analytics, live cache. One module a store, one contract for all."""
