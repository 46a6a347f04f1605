"""What the rooms of Mainstem share: the domain model, the kinds, the command line, the web application."""

from mainstem import compiled

__version__ = "0.1.0"

compiled.use()
