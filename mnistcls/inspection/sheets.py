"""Contact sheets: each image beside what the network sees of it, with the answer below."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mnistcls.canonical import SIZE, to_uint8
from mnistcls.inspection.seen import Seen
from mnistcls.results import Prediction, Status
from mnistcls.tables import shorten
from mnistcls.text import confidence_text, printable

COLUMNS, ROWS = 6, 10

SIDE = 3 * SIZE
"""Side of a picture, in pixels: the canonical form enlarged three times."""

GAP = 4
"""Gap between a cell's two pictures, in pixels; three times that between cells."""

LINE = 16
"""Height of a line of text, in pixels; a cell has two."""

CELL_WIDTH = 2 * SIDE + 4 * GAP
CELL_HEIGHT = SIDE + 2 * LINE + 3 * GAP

PAGE, TEXT = (232, 235, 240), (40, 40, 40)
CHECK, CHECKS = 8, (150, 110)
"""Side in pixels, and grey levels, of the squares of the board that transparent images lie on."""

_COLOURS = {
    Status.OK: (0, 110, 50),
    Status.UNCERTAIN: (165, 90, 0),
    Status.NO_DIGIT: (140, 30, 150),
    Status.UNREADABLE: (190, 20, 20),
}


class Sheet:
    """One page of 60 cells, filled from left to right and from top to bottom."""

    def __init__(self) -> None:
        self.cells = 0
        """Number of filled cells."""
        self._page = Image.new("RGB", (COLUMNS * CELL_WIDTH + GAP, ROWS * CELL_HEIGHT + GAP), PAGE)

    @property
    def is_full(self) -> bool:
        """Whether there is no room for another cell."""
        return self.cells == COLUMNS * ROWS

    def add(self, number: int, prediction: Prediction, seen: Seen | str) -> None:
        """Fill the next cell.

        Args:
            number: shown beside its path.
            prediction: the answer.
            seen: the pictures, or why there are none.
        """
        row, column = divmod(self.cells, COLUMNS)
        x, y = column * CELL_WIDTH + GAP, row * CELL_HEIGHT + GAP
        if isinstance(seen, Seen):
            canonical = Image.fromarray(seen.canonical.image)
            self._picture(thumbnail(seen.decoded), x, y)
            self._picture(canonical.resize((SIDE, SIDE), Image.Resampling.NEAREST), x + SIDE + GAP, y)
        answer = _answer(prediction) if isinstance(seen, Seen) else f"{prediction.status}: {seen.partition(':')[0]}"
        self._page.paste(_line(f"{number} {printable(prediction.path)}", TEXT), (x, y + SIDE))
        self._page.paste(_line(answer, _COLOURS[prediction.status]), (x, y + SIDE + LINE))
        self.cells += 1

    def image(self) -> Image.Image:
        """The page, RGB, without its empty rows."""
        rows = -(-self.cells // COLUMNS)
        return self._page.crop((0, 0, self._page.width, rows * CELL_HEIGHT + GAP))

    def _picture(self, picture: Image.Image, x: int, y: int) -> None:
        self._page.paste(picture, (x + (SIDE - picture.width) // 2, y + (SIDE - picture.height) // 2))


def thumbnail(decoded: NDArray[np.generic], longer: int = SIDE) -> Image.Image:
    """A decoded image scaled to a longer side of `longer` pixels, RGB; see `on_board`."""
    image = Image.fromarray(np.ascontiguousarray(to_uint8(decoded)))
    scale = longer / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    return on_board(image.resize((width, height), Image.Resampling.BOX))


def on_board(image: Image.Image) -> Image.Image:
    """An image as a viewer shows it, RGB: what is transparent lies on a grey chequerboard."""
    if not image.has_transparency_data:
        return image.convert("RGB")
    y, x = np.indices((image.height, image.width)) // CHECK
    board = Image.fromarray(np.where((x + y) % 2, *CHECKS).astype(np.uint8)).convert("RGBA")
    return Image.alpha_composite(board, image.convert("RGBA")).convert("RGB")


def _answer(prediction: Prediction) -> str:
    if prediction.digit is None or prediction.confidence is None:
        return prediction.status.value
    return f"{prediction.digit}  {confidence_text(prediction.confidence)}  {prediction.status}"


def _line(text: str, colour: tuple[int, int, int]) -> Image.Image:
    """A line of text as wide as a cell's pictures; a longer one loses its middle."""
    font, room = _font(), 2 * SIDE + GAP
    width = room // 5
    while font.getlength(shown := shorten(text, width)) > room and width > 1:
        width -= 1
    line = Image.new("RGB", (room, LINE), PAGE)
    ImageDraw.Draw(line).text((0, 0), shown, colour, font)
    return line


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(12)
