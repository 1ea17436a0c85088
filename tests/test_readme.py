"""The README says what the commands are, and says it as they do."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from running import CHECKOUT, ENVIRONMENT, README, run
from typer.main import get_command

from mnistcls.cli import app

COMMANDS = list(get_command(app).commands)


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


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_in_an_example_exists(command: str) -> None:
    examples = re.findall(rf"^mnistcls {command}\b(.*?)(?:#|$)", README, re.MULTILINE)
    options = {option for example in examples for option in re.findall(r"(?<!\S)--?[a-z][\w-]*", example)}
    known = {name for parameter in get_command(app).commands[command].params for name in parameter.opts}

    assert options <= known


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
