"""The pictures in the README show what the tool does today."""

from __future__ import annotations

import os
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from train import pictures
from train.pictures import PAGE_HEIGHT, PAGE_WIDTH, SCALE, find_chromium, table_svg, write_report
from train.script import app

CHECKOUT = Path(__file__).parents[1]
KEPT = CHECKOUT / "data" / "pictures"
PAGE = (246, 247, 249)
"""The page's background in light colours."""


@pytest.fixture(autouse=True)
def _in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CHECKOUT)


def lines(svg: str) -> list[str]:
    """What stands in a picture of a terminal, less the confidences, which another processor may round otherwise."""
    parts: dict[str, str] = {}
    for text in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):  # noqa: S314 - our own file
        key = text.get("y", "title")
        parts[key] = parts.get(key, "") + "".join(text.itertext())
    return [re.sub(r"[━·]+\s+[\d.]+%", "", line.replace("\xa0", " ")).rstrip() for line in parts.values()]


def test_the_picture_of_the_table_shows_what_the_command_prints() -> None:
    kept, drawn = lines((KEPT / "table.svg").read_text(encoding="utf-8")), lines(table_svg())

    assert kept == drawn, "renew it with `python -m train.pictures`"
    assert "mnistcls classify data/samples" in drawn
    assert len([line for line in drawn if re.match(r" *data/samples/\S+ +[0-9-] +(ok|no_digit)$", line)]) == 32


def test_the_picture_of_the_table_asks_nothing_of_a_network() -> None:
    svg = (KEPT / "table.svg").read_text(encoding="utf-8")

    assert set(re.findall(r"https?://[^\s\"')]+", svg)) == {"http://www.w3.org/2000/svg"}


def test_the_pictures_of_the_report_show_the_page_in_light_colours(tmp_path: Path) -> None:
    if find_chromium() is None:
        reason = "no chromium: apt-get install chromium"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'mnistcls[test]'")

    write_report(tmp_path)

    for folder in (tmp_path, KEPT):
        page, enlarged = (Image.open(folder / name).convert("RGB") for name in ("report.png", "enlarged.png"))
        assert page.size == (SCALE * PAGE_WIDTH, SCALE * PAGE_HEIGHT)
        assert page.getpixel((5, 5)) == PAGE
        assert min(enlarged.size) > 400
        assert np.mean(np.asarray(enlarged) == 255) > 0.4


def test_the_pictures_are_light_and_stand_in_the_readme_with_a_text() -> None:
    readme = Path("README.md").read_text(encoding="utf-8")
    shown = re.findall(r'<img src="(data/pictures/[^"]+)" alt="[^"]{20,}"', readme)
    limits = {"table.svg": 150_000, "report.png": 250_000, "enlarged.png": 250_000}

    assert set(shown) == {f"data/pictures/{name}" for name in limits}
    assert {path.name for path in KEPT.iterdir()} == set(limits)
    for name, limit in limits.items():
        assert (KEPT / name).stat().st_size < limit


def test_without_a_browser_the_command_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "CHROMIUM", ("no-such-browser",))

    result = CliRunner().invoke(app(pictures.main), ["-o", str(tmp_path)])

    assert result.exit_code == 2
    assert "apt-get install chromium" in result.output
    assert (tmp_path / "table.svg").exists()
