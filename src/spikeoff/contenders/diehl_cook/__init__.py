"""The network of Diehl & Cook: spiking neurons that learn without labels, by STDP."""
