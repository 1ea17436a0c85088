"""Looks inside the tool: what the network saw, what a model file is, how fast each step is."""
