"""The README says what the commands are, and says it as they do."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import pytest
from running import CHECKOUT, ENVIRONMENT, README, run
from typer.main import get_command

from mnistcls.cli import app
from train import script

COMMANDS = list(get_command(app).commands)
FOREIGN = {"--psm", "-n", "-m"}
"""Options of Tesseract and pytest that the pages name alone."""


def test_help_in_the_readme_is_current() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "cogapp", "--check", "--diff", "README.md"],
        cwd=CHECKOUT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 0, f"renew it with `cog -r README.md`:\n{result.stdout}{result.stderr}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"Usage: mnistcls {command} [OPTIONS]" in README


def code_in(text: str) -> Iterator[str]:
    """The commands in code spans and blocks of a page, without their comments; the help texts are checked above."""
    text = re.sub(r"\[\[\[cog.*?\]\]\]", "", text, flags=re.DOTALL)
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            yield from re.split(r" \| | && ", line.partition("#")[0])
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    yield from (" ".join(span.split()) for span in re.findall(r"`([^`]+)`", prose))
    yield from re.findall(r"^<!-- [a-z]+: (.*) -->", prose, re.MULTILINE)


def options_in(code: str) -> Iterator[tuple[str, str]]:
    """Each option in a command of ours, with the command; with "" where the code begins with an option."""
    ours = re.match(r"(?:\.venv/bin/)?(mnistcls(?: [a-z]+)?|python -m train[.\w]*)(?!\S)|(?=-)", code)
    if ours:
        for option in re.findall(r"(?<!\S)--?\w[\w-]*", code[ours.end() :]):
            yield ours[1] or "", option


def known_options(command: str) -> set[str]:
    """The options of one of our commands."""
    program, _, name = command.removeprefix("python -m ").partition(" ")
    if program == "mnistcls":
        group = get_command(app)
        parser = group.commands[name] if name else group
    else:
        module = import_module("train.__main__" if program == "train" else program)
        parser = get_command(script.app(module.main))
    return {"-h", "--help"} | {option for parameter in parser.params for option in parameter.opts}


def test_every_option_that_the_pages_name_exists() -> None:
    pages = README, (CHECKOUT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {found for page in pages for code in code_in(page) for found in options_in(code)}
    commands = {command for command, _ in named if command} | {f"mnistcls {command}" for command in COMMANDS}
    known = {command: known_options(command) for command in commands}
    known[""] = set().union(*known.values(), FOREIGN)

    assert {
        ("mnistcls classify", "--files-from"),
        ("mnistcls", "--show-completion"),
        ("python -m train", "--quick"),
        ("python -m train.stress", "--picture"),
        ("python -m train.peers", "--readme"),
        ("", "--top-k"),
    } <= named
    assert sorted((command, option) for command, option in named if option not in known[command]) == []


def test_the_example_in_python_runs() -> None:
    (example,) = re.findall(r"### Use from Python\n+```python\n(.*?)```", README, re.DOTALL)
    program = f"{example}\nprint('seven is', seven.digit)"

    result = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, check=True)

    *rows, last = result.stdout.splitlines()
    assert rows[0].split()[:2] == ["data/samples/blank-page.jpg", "None"]
    assert len(rows) == 32
    assert last == "seven is 7"


@pytest.mark.parametrize(
    ("words", "offers"),
    [("mnistcls ev", "evaluate"), ("mnistcls evaluate --lab", "--labels")],
    ids=["command", "option"],
)
def test_completion_offers_commands_and_options(words: str, offers: str) -> None:
    program = "import sys; sys.argv = ['mnistcls']; from mnistcls.cli import main; main()"
    asked = {"_MNISTCLS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}

    assert run([sys.executable, "-c", program], **asked).stdout.split() == [offers]
