"""A tree of files, and what patterns match in it: the same on disk as in object storage."""

from __future__ import annotations

TREE = ("d/b.png", "d/a.png", "d/n.txt", "d/.h.png", "d/s/1.png", "d/s/t/2.png", "d/.git/3.png", "e/a.png")

MATCHES = [
    ("d/*.png", ["d/a.png", "d/b.png"]),
    ("?/a.png", ["d/a.png", "e/a.png"]),
    ("d/[!a].*", ["d/b.png", "d/n.txt"]),
    ("d/.*.png", ["d/.h.png"]),
    ("d/*/1.png", ["d/s/1.png"]),
    ("d/s*", ["d/s/1.png", "d/s/t/2.png"]),  # a folder is walked
    ("**/a.png", ["d/a.png", "e/a.png"]),
    ("d/**/*.png", ["d/a.png", "d/b.png", "d/s/1.png", "d/s/t/2.png"]),
    ("d/**", ["d/a.png", "d/b.png", "d/n.txt", "d/s/1.png", "d/s/t/2.png"]),
    ("d/**/t/*", ["d/s/t/2.png"]),
    ("d/**/s/**/*.png", ["d/s/1.png", "d/s/t/2.png"]),
    ("*/**/2.png", ["d/s/t/2.png"]),
    ("d/*/", ["d/s/1.png", "d/s/t/2.png"]),
    ("*/s/*.png", ["d/s/1.png"]),
]
