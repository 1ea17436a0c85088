"""Reads digits with Tesseract, the OCR program, to compare with; only where it is installed."""

from __future__ import annotations

import csv
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mnistcls.errors import MnistclsError
from mnistcls.evaluation.label_files import NO_DIGIT

PROGRAM = "tesseract"
OPTIONS = "--psm", "10", "-c", "tessedit_char_whitelist=0123456789"
"""Options by which each image is read as a single character, a digit."""


def version() -> str | None:
    """Tesseract's version, such as `5.3.0`; None where it is not installed."""
    if shutil.which(PROGRAM) is None:
        return None
    done = subprocess.run([PROGRAM, "--version"], capture_output=True, encoding="utf-8", check=True)
    return done.stdout.split()[1]


def read(files: Sequence[Path]) -> list[int]:
    """Read the digit in each file, or `NO_DIGIT` where there is not a single one; one process reads all.

    Raises:
        MnistclsError: Tesseract could not read a file.
    """
    with tempfile.TemporaryDirectory() as folder:
        names = Path(folder, "files.txt")
        names.write_text("".join(f"{path}\n" for path in files), encoding="utf-8", errors="surrogateescape")
        command = [PROGRAM, str(names), "stdout", *OPTIONS, "tsv"]
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
        done = subprocess.run(command, env=environment, capture_output=True, encoding="utf-8", check=False)
    texts = _texts(done.stdout)
    if done.returncode or len(texts) != len(files):
        raise MnistclsError(f"tesseract read {len(texts)} of {len(files)} files: {done.stderr.strip()[-200:]}")
    return [int(text) if re.fullmatch("[0-9]", text) else NO_DIGIT for text in texts]


def _texts(tsv: str) -> list[str]:
    """The text on each page of a table, which has a row for the page and one for each word on it."""
    texts: dict[str, str] = {}
    for row in csv.DictReader(tsv.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE):
        texts[row["page_num"]] = texts.get(row["page_num"], "") + (row["text"] or "").strip()
    return list(texts.values())
