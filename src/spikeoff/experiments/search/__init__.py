"""Better settings of a contender: a search over a space, on validation images alone."""
