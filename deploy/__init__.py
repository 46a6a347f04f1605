"""How Mainstem runs: the native stack, and the processes of one machine."""
