"""How alike two source patients are, in bits: levels, weights frozen in a model release, candidates. Pure; nothing here decides."""
