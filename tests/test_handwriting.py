from __future__ import annotations

import pytest
from PIL import Image
from typer.testing import CliRunner

from train import handwriting, typeset
from train.contact_sheet import CELL
from train.forms import FORMS, TYPEFACES
from train.script import app


@pytest.mark.parametrize(
    ("module", "name", "forms"), [(handwriting, "FORMS", FORMS[:2]), (typeset, "TYPEFACES", TYPEFACES[:2])]
)
def test_the_command_shows_a_row_for_each_form(tmp_path, monkeypatch, module, name, forms):
    monkeypatch.setattr(module, name, forms)
    result = CliRunner().invoke(app(module.main), [str(tmp_path / "forms.png")])
    assert (result.exit_code, result.stdout) == (0, "")
    with Image.open(tmp_path / "forms.png") as image:
        assert image.height == 2 * CELL
