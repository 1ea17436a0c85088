from __future__ import annotations

import shutil
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from typer.testing import CliRunner

from mnistcls.classifier import Classifier
from mnistcls.errors import DataError
from mnistcls.model import bundled_model
from train.script import app
from train.typefaces import HEIGHT, MARGIN, main, picture, read, typefaces

FONTS = Path(mpl.get_data_path(), "fonts", "ttf")


def test_only_fonts_with_digits_are_found_at_any_depth(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    shutil.copy(FONTS / "DejaVuSans.ttf", tmp_path / "deep" / "a.TTF")
    shutil.copy(FONTS / "STIXSizOneSymReg.ttf", tmp_path / "b.ttf")  # brackets alone
    (tmp_path / "c.ttf").write_bytes(b"no font")
    (tmp_path / "d.txt").write_text("no font")
    assert typefaces(tmp_path) == [tmp_path / "deep" / "a.TTF"]
    with pytest.raises(DataError, match="no font file with digits in"):
        typefaces(FONTS / "nothing")


@pytest.mark.parametrize("digit", range(10))
def test_a_digit_has_its_height_and_a_margin(digit: int) -> None:
    pixels = picture(FONTS / "DejaVuSerif.ttf", digit)
    inked = pixels < 128
    rows, columns = np.flatnonzero(inked.any(axis=1)), np.flatnonzero(inked.any(axis=0))
    assert abs(np.ptp(rows) + 1 - HEIGHT) <= 3
    assert abs(rows[0] - MARGIN) <= 1
    assert columns[0] >= MARGIN - 1  # and the space that the typeface leaves beside it
    assert columns[-1] < pixels.shape[1] - MARGIN + 1


def test_the_shipped_model_reads_common_typefaces() -> None:
    names = (
        "DejaVuSans",
        "DejaVuSans-Bold",
        "DejaVuSerif",
        "DejaVuSansMono",
        "STIXGeneral",
        "STIXGeneralBol",
        "cmss10",
    )
    readings = read([FONTS / f"{name}.ttf" for name in names], Classifier())
    assert sum(len(reading.wrong) for reading in readings) <= 1


def test_the_command_prints_a_table_and_the_worst(tmp_path: Path) -> None:
    shutil.copy(FONTS / "DejaVuSans.ttf", tmp_path / "sans.ttf")
    shutil.copy(FONTS / "LastResortHE-Regular.ttf", tmp_path / "signs.ttf")  # a box for every character
    result = CliRunner().invoke(app(main), [str(bundled_model("default")), str(tmp_path)])
    assert result.exit_code == 0
    assert "| all 20 | 50.0% |" in result.stdout
    assert result.stdout.endswith("- signs.ttf: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9\n")
