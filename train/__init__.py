"""Train the digit networks on MNIST and export them to ONNX."""
