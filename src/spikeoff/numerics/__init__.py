"""The arithmetic that results depend on: the system's by default, our own in strict mode."""
