"""Computes on images, masks and histograms, without any rule about digits."""
