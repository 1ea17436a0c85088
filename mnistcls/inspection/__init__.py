"""What the tool shows of itself: what the network saw, what a model file is, how fast each step is."""
