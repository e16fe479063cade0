"""The conventional networks in Keras 3 on TensorFlow: a second engine, and a way in and out."""
