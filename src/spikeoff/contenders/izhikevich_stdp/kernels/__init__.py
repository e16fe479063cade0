"""Numba kernels of the STDP network."""
