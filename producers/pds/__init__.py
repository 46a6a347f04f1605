"""The Personal Demographics Service: signals that a number changed, and what it answers when asked."""
