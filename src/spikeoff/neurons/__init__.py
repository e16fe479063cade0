"""Neuron models: equations, parameters, units."""
