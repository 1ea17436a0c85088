"""Classifies on a Ray cluster: a task lists the files, and a pool of actors answers them and writes the rows.

The rows are those of the local engine.

Needs the extra `ray`; imported, and Ray with it, only for `--engine ray`.

Paths travel from the `listing` to the actors of `stage`, and counts from there to the command (`job`). Images and rows
do not; an actor writes the rows of a chunk of files as one part of the `folder`, all at once.
"""
