"""CamemBERT for PyTorch and TensorFlow from one checkpoint file."""
