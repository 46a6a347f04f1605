"""Synthetic trusts: invented lives, told by three record systems, each in its own way."""
