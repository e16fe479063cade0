"""Networks trained by gradient: spiking and conventional."""
