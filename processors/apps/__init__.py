"""Thin shells: the worker process that runs the stages on the lane."""
