"""Mainstem's own processes on one machine: what they are, and a supervisor that keeps them running."""
