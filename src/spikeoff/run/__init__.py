"""Training: the loop over epochs, and the run around it."""
