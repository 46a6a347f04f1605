"""Humans deciding who is who: what waits for them, what a decision would change, its recording, and what a wrong join did.

Shared by the command line and the web application.
"""
