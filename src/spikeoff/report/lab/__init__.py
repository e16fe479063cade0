"""The live page: draw a digit, and trained networks answer in the browser."""
