"""A82038/gp: the general practice."""
