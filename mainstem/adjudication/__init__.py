"""Humans deciding who is who: what waits for them, why source patients are one person or several, what a decision would change, its
recording, and what a wrong join did.

Shared by the command line and the web application.
"""
