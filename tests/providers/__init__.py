"""Where tests get real servers from: one contract, two providers."""
