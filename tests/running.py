"""Runs the command as a user does, in a pipe or on a terminal, on images made for it."""

from __future__ import annotations

import csv
import io
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toy_model import doubtful, save

CHECKOUT = Path(__file__).parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")

HEADER = "path,digit,confidence,status,error"
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "FORCE_COLOR", "TERM", "COLUMNS"}
}

Result = subprocess.CompletedProcess[str]


def run(command: list[str], *arguments: str | Path, **environment: str) -> Result:
    result = subprocess.run(
        [*command, *map(str, arguments)],
        capture_output=True,
        check=False,
        encoding="utf-8",
        errors="surrogateescape",
        env={**ENVIRONMENT, **environment},
        timeout=300,
    )
    assert "Traceback" not in result.stdout + result.stderr, result.stderr
    return result


def digits(text: str) -> dict[str, str]:
    return {row["path"]: row["digit"] for row in csv.DictReader(io.StringIO(text, newline=""))}


def one_of_each_status() -> None:
    save(Path("d/7.png"), 7)
    Path("d/8.png").write_bytes(b"hello")
    Image.fromarray(np.full((30, 30), 255, np.uint8)).save("d/blank.png")
    Image.fromarray(doubtful()).save("d/doubtful.png")
    Path("d/notes.txt").touch()


def on_a_terminal(command: list[str], **environment: str) -> tuple[str, int]:
    """What a terminal of 80 columns gets, stdout and stderr in one, and the exit code."""
    fcntl, pty, struct, termios = (pytest.importorskip(name) for name in ("fcntl", "pty", "struct", "termios"))
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    environment = {**ENVIRONMENT, "TERM": "xterm", **environment}
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment) as process:
        os.close(terminal)
        received = b""
        try:
            while block := os.read(controller, 65536):
                received += block
        except OSError:  # Linux's way to say that the other side is closed
            pass
    os.close(controller)
    assert b"Traceback" not in received
    return received.decode(), process.returncode


def screen(received: str) -> list[str]:
    """The lines that remain visible, of the few control sequences that are in use."""
    lines, row, column = [""], 0, 0
    position = 0
    while position < len(received):
        if received.startswith("\x1b[", position):
            end = next(i for i in range(position + 2, len(received)) if received[i].isalpha())
            argument, action = received[position + 2 : end], received[end]
            if action == "A":
                row = max(0, row - int(argument or 1))
            elif action == "K":
                lines[row] = "" if argument == "2" else lines[row][:column]
            position = end + 1
            continue
        letter, position = received[position], position + 1
        if letter == "\r":
            column = 0
        elif letter == "\n":
            row += 1
        else:
            lines[row] = lines[row][:column].ljust(column) + letter + lines[row][column + 1 :]
            column += 1
        lines += [""] * (row + 1 - len(lines))
    return [line.rstrip() for line in lines]
