"""Numba kernels: what must be fast on the CPU, held by tests to its plain counterpart."""
