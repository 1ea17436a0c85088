"""The same rows from a Ray cluster: files are listed by a task, and answered and written by a pool of actors.

Needs the extra `ray`; it is imported, and Ray with it, only where `--engine ray` asks for it.

What travels: paths from the `listing` to the actors of `stage`, and counts from there to the command (`job`). Images
and rows do not; an actor writes the rows of a chunk of files as one part of the `folder`, all at once.
"""
