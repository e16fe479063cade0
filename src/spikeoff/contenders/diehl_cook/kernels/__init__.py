"""Numba kernels of the Diehl & Cook network."""
