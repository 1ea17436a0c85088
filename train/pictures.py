"""Draws the pictures in the README from `data/samples`: `python -m train.pictures`, in a checkout."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from PIL import Image
from rich.console import Console
from rich.text import Text

from mnistcls.errors import MnistclsError
from train.script import run

SAMPLES = "data/samples"  # in a checkout
CHROMIUM = "chromium", "chromium-browser", "google-chrome"  # names of the program, by system
WIDTH = 80  # characters of the terminal
PAGE_WIDTH = 1180  # CSS pixels
PAGE_HEIGHT = 1024  # CSS pixels: two rows of images
SCALE = 1.25  # pixels of the picture for each CSS pixel

_SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
  <style>
    .{unique_id}-matrix {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
      font-size: {char_height}px; line-height: {line_height}px; }}
    .{unique_id}-title {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
      font-size: 18px; }}
    {styles}
  </style>
  <defs>
    <clipPath id="{unique_id}-clip-terminal">
      <rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
    </clipPath>
    {lines}
  </defs>
  {chrome}
  <g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
    {backgrounds}
    <g class="{unique_id}-matrix">
    {matrix}
    </g>
  </g>
</svg>
"""
"""The template of `rich`, with fonts that viewers have: an SVG in a page may load none."""


def table_svg() -> str:
    """The SVG of what `mnistcls classify` prints on a terminal of 80 columns."""
    command = ["classify", SAMPLES]
    printed = _mnistcls(*command, "--format", "table", "--quiet", FORCE_COLOR="1", COLUMNS=str(WIDTH))
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text.from_ansi(printed.strip("\n")))
    return console.export_svg(title=" ".join(["mnistcls", *command]), code_format=_SVG, unique_id="table")


def _mnistcls(*arguments: str, **environment: str) -> str:
    """Run `mnistcls` with these arguments, and return what it writes to standard output."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"NO_COLOR", "COLORTERM"}}
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "mnistcls", *arguments],
        env={**inherited, "TERM": "xterm-256color", **environment},
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise MnistclsError(f"mnistcls {' '.join(arguments)} ended with {done.returncode}")
    return done.stdout


def find_chromium() -> str | None:
    """The path of the system's Chromium; None if there is none."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def write_report(folder: Path) -> None:
    """Write `report.png`, the page of `--report`, and `enlarged.png`, an image of it enlarged.

    Raises:
        MnistclsError: there is no browser.
    """
    chromium = find_chromium()
    if chromium is None:
        raise MnistclsError("no chromium to draw the report with; apt-get install chromium")
    from playwright.sync_api import ViewportSize, sync_playwright  # noqa: PLC0415 - a part of the test extra

    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        report = Path(temporary, "report.html")
        _mnistcls("classify", SAMPLES, "--quiet", "--report", str(report))
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        size = ViewportSize(width=PAGE_WIDTH, height=PAGE_HEIGHT)
        page = browser.new_page(viewport=size, device_scale_factor=SCALE, color_scheme="light")
        page.goto(report.as_uri())
        page.locator(".card").first.wait_for()
        _save(page.screenshot(), folder / "report.png")
        page.get_by_role("button", name="phone-photo-lined-9").click()
        _save(page.locator("dialog").screenshot(), folder / "enlarged.png")
        browser.close()


def _save(screenshot: bytes, path: Path) -> None:
    """Save a browser's PNG in fewer bytes."""
    with Image.open(io.BytesIO(screenshot)) as shot:
        shot.convert("RGB").save(path, optimize=True)


def main(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")] = Path("data/pictures"),
) -> None:
    """Draw the pictures in the README: the results as a terminal shows them, and the report."""
    output.mkdir(parents=True, exist_ok=True)
    (output / "table.svg").write_text(table_svg(), encoding="utf-8")
    write_report(output)


if __name__ == "__main__":
    run(main)
