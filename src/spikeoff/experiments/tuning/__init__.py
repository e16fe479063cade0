"""Equal tuning: every contender gets as many trials, on the same images and epochs."""
