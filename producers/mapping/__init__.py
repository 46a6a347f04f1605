"""Declarative mappings: a trust's tables as assertions and claims, read from one YAML file and compiled at load (docs/mappings.md)."""
