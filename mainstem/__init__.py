"""What the rooms of Mainstem share: the domain model, the kinds, the command line, the web application."""

__version__ = "0.1.0"
