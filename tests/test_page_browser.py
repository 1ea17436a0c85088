"""The page in a real browser, by click and by key."""

from __future__ import annotations

import csv
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from batches import batch_of
from numpy.typing import NDArray
from PIL import Image
from running import one_of_each_status, run
from toy_model import doubtful, glyph, save

from mnistcls.classifier import Classifier
from mnistcls.inspection import seen
from mnistcls.page import Page as Report
from mnistcls.page import pictures
from mnistcls.page.cards import Card
from mnistcls.page.html import Content, render
from mnistcls.page.sample import LIMIT, Sample
from mnistcls.results import Prediction, Status
from mnistcls.text import confidence_text
from train.pictures import find_chromium

sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install 'mnistcls[test]'")

from playwright.sync_api import Browser, Page  # noqa: E402 - without it these tests are skipped

UNNAMED = {"button", "textbox", "searchbox", "spinbutton", "combobox", "img", "dialog"}
"""Roles that must have a name, as a snapshot shows them if they have none."""

HOSTILE = [
    b"<script>window.hacked=1</script>.png",  # the slash makes a folder
    b'"><img src=x onerror=window.hacked=1>.png',
    b"<!--<script>.png",
    b"{{7*7}}.png",
    b"&lt;b&gt;'.png",
    b'comma, "quote".png',
    b"a\nline.png",
    b"a\rreturn.png",
    b"latin-\xe9\xff.png",
    "rtl-\u202egnp.3.png".encode(),
    b"=1+1.png",
    b"__proto__.png",
    "七 \U0001f600.png".encode(),
    b"\\u0041.png",
]
"""File names; none may run, vanish or come back changed."""


pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium as the system has it; without it the test is skipped, but in CI it fails."""
    chromium = find_chromium()
    if chromium is None:
        reason = "no chromium: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield launched
        launched.close()


Open = Callable[..., Page]


# What a card shows is asked for as its text content: the text that is rendered is none while the browser has not got
# to a card yet.


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Opens a file in a window of its own; nothing may go wrong in there, nor be asked of a network."""
    wrong: list[str] = []
    contexts = []

    def open_(path: Path, width: int = 1280, height: int = 900, **options: str) -> Page:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda message: wrong.append(message.text))
        page.on("request", lambda asked: None if is_local(asked.url) else wrong.append(asked.url))
        page.goto(path.resolve().as_uri())
        page.locator(".card").first.wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not wrong


def is_local(url: str) -> bool:
    return url.startswith(("file:", "data:", "blob:"))


@pytest.fixture(scope="module")
def mixed(toy_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of one image of each status and 70 more, sevens and threes in turn."""
    folder = tmp_path_factory.mktemp("mixed")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        one_of_each_status()
        for i in range(70):
            save(Path(f"d/more/{i:02}.png"), 3 if i % 2 else 7)
        run([sys.executable, "-m", "mnistcls", "classify", "--model", str(toy_model)], "d", "--report", "page.html")
    return folder / "page.html"


@pytest.fixture(scope="module")
def hostile(toy_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of images with hostile names, and the results beside it."""
    folder = tmp_path_factory.mktemp("hostile")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        picture = save(folder / "plain.png", 4).read_bytes()
        for name in HOSTILE:
            path = Path(os.fsdecode(name))
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(picture)
        command = [sys.executable, "-m", "mnistcls", "classify", "--model", str(toy_model)]
        run(command, ".", "-o", "results.csv", "--report", "page.html")
    return folder / "page.html"


@pytest.fixture(scope="module")
def evaluated(toy_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page of 3s and 5s, two of which are read as 3, of what is no digit, and of what cannot be read."""
    folder = tmp_path_factory.mktemp("evaluated")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for name, shown in {"3/a": 3, "3/b": 3, "5/a": 5, "5/b": 3, "5/c": 3}.items():
            save(Path(f"labelled/{name}.png"), shown)
        Image.fromarray(np.full((30, 30), 255, np.uint8)).save("labelled/5/blank.png")
        shutil.copy("labelled/5/blank.png", "labelled/blank.png")
        labels = "3/a,3 3/b,3 5/a,5 5/b,5 5/c,5 5/blank,5 blank, gone,3".replace(",", ".png,").split()
        Path("labels.csv").write_text("\n".join(["path,digit", *labels]))
        command = [sys.executable, "-m", "mnistcls", "evaluate", "--model", str(toy_model)]
        run(command, "labelled", "--labels", "labels.csv", "--report", "page.html")
    return folder / "page.html"


def names(page: Page) -> list[str]:
    return [title or "" for title in page.locator(".card .path").evaluate_all("all => all.map((one) => one.title)")]


def downloaded(page: Page) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.get_by_role("button", name="Download corrections.csv").click()
    assert download.value.suggested_filename == "corrections.csv"
    with open(download.value.path(), encoding="utf-8", errors="surrogateescape", newline="") as file:
        assert file.readline() == "path,digit\n"
        file.seek(0)
        return list(csv.DictReader(file))


# --- looking


def test_doubtful_images_come_first_and_filters_narrow_them_down(open_page: Open, mixed: Path, toy_model: Path) -> None:
    page = open_page(mixed)
    count = page.locator("#count")
    threes = 35 + (Classifier(toy_model).predict([doubtful()])[0].digit == 3)

    assert names(page)[:3] == ["d/doubtful.png", "d/blank.png", "d/8.png"]
    assert count.inner_text() == "74 images"
    page.locator(".tile.unreadable").click()
    assert names(page) == ["d/8.png"]
    assert "not an image" in (page.locator(".card").text_content() or "")
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("combobox", name="Digit").select_option("7")
    assert count.inner_text() == "36 of 74 images"
    page.get_by_label("Path").fill("MORE/0")
    assert names(page) == [f"d/more/0{i}.png" for i in (0, 2, 4, 6, 8)]
    page.get_by_role("button", name="Clear").click()
    page.get_by_label("Confidence to, percent").fill("90")
    assert names(page) == ["d/doubtful.png"]
    page.get_by_label("Path").fill("no such")
    assert page.get_by_text("No image is like that.").is_visible()
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("button", name=f"Digit 3: {threes} images").click()
    assert count.inner_text() == f"{threes} of 74 images"
    page.get_by_role("button", name=f"Digit 3: {threes} images").click()
    assert count.inner_text() == "74 images"


def test_confidences_read_as_they_do_in_the_table(open_page: Open, tmp_path: Path) -> None:
    confidences = {"a.png": 1.0, "b.png": 0.99999, "c.png": 0.9995, "d.png": 0.9990000009, "e.png": 0.29}
    sample = Sample()
    for path, confidence in confidences.items():
        sample.add(Prediction(path, Status.OK, 1, confidence))
    cards = [Card(row, row.prediction.path, row.prediction.path, None) for row in sample.rows()]
    (tmp_path / "page.html").write_text(render(Content("toy 1", 0.8, 0, sample), cards), encoding="utf-8")

    page = open_page(tmp_path / "page.html")

    shown = dict(zip(names(page), page.locator(".card .confidence").all_text_contents(), strict=True))
    assert shown == {path: confidence_text(confidence) for path, confidence in confidences.items()}


def test_an_image_opens_large_with_all_ten_probabilities(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    viewer = page.locator("dialog#viewer")

    page.locator(".card").nth(3).click()

    assert viewer.locator("#viewer-bars li").count() == 10
    assert (
        viewer.locator("#viewer-bars .likeliest b").inner_text() == viewer.locator("#viewer-answer .digit").inner_text()
    )
    for image in viewer.locator("img").all():
        assert image.evaluate("(image) => image.decode().then(() => image.naturalWidth)") in {20, 28}
    for key in ("ArrowLeft", "ArrowLeft", "ArrowLeft", "ArrowLeft"):
        page.keyboard.press(key)
    assert viewer.locator("#viewer-path").inner_text() == "d/doubtful.png"
    assert viewer.get_by_role("button", name="Previous image").is_disabled()
    viewer.get_by_role("button", name="Next image").click()
    page.keyboard.press("ArrowRight")
    assert viewer.locator("#viewer-error").inner_text().startswith("not_an_image: ")
    assert viewer.locator("img:visible").count() == 0
    page.keyboard.press("Escape")
    assert not viewer.is_visible()
    # the browser gives the focus back to the card that was clicked, and says only then that the viewer has closed
    page.wait_for_function("document.activeElement.querySelector('.path')?.title === 'd/8.png'")


def test_cards_are_reached_with_the_arrows(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    focused = "document.activeElement.dataset.index"
    page.get_by_label("Confidence to, percent").focus()
    page.keyboard.press("Tab")  # Clear and Download are disabled
    assert page.evaluate(focused) == "0"
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        page.keyboard.press(key)
    columns = "getComputedStyle(document.querySelector('ul.grid')).gridTemplateColumns.split(' ').length"
    assert page.evaluate(focused) == str(page.evaluate(columns))
    page.keyboard.press("End")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Home")
    assert page.evaluate(focused) == "0"
    assert page.locator(".card[tabindex='0']").count() == 1
    page.keyboard.press("Enter")
    assert page.locator("dialog#viewer").is_visible()


# --- correcting


def test_corrections_by_key_are_downloaded_and_outlive_a_reload(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator(".card").first.focus()
    for key in ("5", "ArrowRight", "8", "ArrowRight", "x", "ArrowRight", "1", "u"):
        page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.locator("dialog#viewer [data-key='9']").click()
    assert page.locator("#viewer-said").inner_text() == "corrected to 9"
    page.keyboard.press("Escape")
    fifth = names(page)[4]
    expected = {"d/doubtful.png": "5", "d/blank.png": "8", "d/8.png": "", fifth: "9"}
    assert page.locator("#reviewed").inner_text() == "4 reviewed, 3 corrected"  # "" is what 8.png has already

    page.reload()

    assert page.locator("#reviewed").inner_text() == "4 reviewed, 3 corrected"
    assert page.locator(".card .correction").first.text_content() == "→ 5"
    assert {row["path"]: row["digit"] for row in downloaded(page)} == expected
    page.get_by_role("combobox", name="Status").select_option("reviewed")
    assert sorted(names(page)) == sorted(expected)
    page.locator(".card").first.focus()
    page.keyboard.press("Backspace")
    assert page.locator("#reviewed").inner_text() == "3 reviewed, 2 corrected"


def test_leaving_with_corrections_that_were_not_downloaded_asks_first(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    asked: list[str] = []
    page.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    page.locator(".card").first.focus()
    page.keyboard.press("5")
    page.reload()
    assert asked == ["beforeunload"]
    page.locator(".card").first.click()
    page.keyboard.press("Escape")
    downloaded(page)
    page.reload()
    assert asked == ["beforeunload"]


def test_digits_typed_into_the_filter_correct_nothing(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed)
    page.get_by_label("Path").press_sequentially("d/more/07x")
    page.get_by_label("Confidence from, percent").press_sequentially("5")
    assert page.locator("#reviewed").inner_text() == ""


# --- hostile names


def test_no_name_runs_and_every_path_comes_back_as_it_was(open_page: Open, hostile: Path) -> None:
    with open(hostile.with_name("results.csv"), encoding="utf-8", errors="surrogateescape", newline="") as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    assert len(paths) == len(HOSTILE) + 1
    page = open_page(hostile)
    shown = names(page)
    assert len(shown) == len(paths)
    assert not [name for name in shown if not name.isprintable()]

    page.locator(".card").first.click()
    for _ in paths:
        page.keyboard.press("6")
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    rows = downloaded(page)

    assert page.evaluate("window.hacked") is None
    assert page.locator("script").count() == 2
    assert sorted(row["path"] for row in rows) == sorted(paths)
    assert {row["digit"] for row in rows} == {"6"}
    assert "./=1+1.png" in paths


def test_the_policy_lets_no_other_script_run_and_nothing_be_asked(browser: Browser, mixed: Path) -> None:
    page = browser.new_page()
    page.goto(mixed.as_uri())
    page.evaluate(
        """() => {
          window.refused = [];
          addEventListener("securitypolicyviolation", (event) => refused.push(event.effectiveDirective));
          document.body.append(Object.assign(document.createElement("script"), { textContent: "window.hacked = 1" }));
          document.body.append(Object.assign(document.createElement("img"), { src: "https://example.invalid/x.png" }));
          return fetch("https://example.invalid/").catch(() => null);
        }"""
    )
    assert page.evaluate("window.hacked") is None
    assert sorted(page.evaluate("refused")) == ["connect-src", "img-src", "script-src-elem"]
    page.context.close()


# --- evaluate


def test_a_cell_of_the_confusion_matrix_opens_its_images(open_page: Open, evaluated: Path) -> None:
    page = open_page(evaluated)

    assert page.get_by_role("heading", level=1).inner_text() == "50.00% right"
    page.get_by_role("button", name="True 5, answered 3: 2 images").click()
    assert names(page) == ["labelled/5/b.png", "labelled/5/c.png"]
    assert page.locator(".card .truth").all_text_contents() == ["true 5", "true 5"]
    page.get_by_role("button", name="True 5, answered none: 1 image").click()
    assert names(page) == ["labelled/5/blank.png"]
    page.get_by_role("button", name="True none, answered none: 1 image").click()
    assert names(page) == ["labelled/blank.png"]
    assert page.locator(".card .truth").count() == 0
    page.get_by_role("button", name="True 3, answered unreadable: 1 image").click()
    assert names(page) == ["gone.png"]
    assert page.locator(".card .truth").text_content() == "true 3"
    page.get_by_role("button", name="True 3, answered 3: 2 images").click()
    assert names(page) == ["labelled/3/a.png", "labelled/3/b.png"]
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("combobox", name="True digit").select_option("none")
    assert names(page) == ["labelled/blank.png"]
    page.get_by_role("button", name="Clear").click()
    page.get_by_role("combobox", name="Status").select_option("wrong")
    assert sorted(names(page)) == ["gone.png", "labelled/5/b.png", "labelled/5/blank.png", "labelled/5/c.png"]
    diagram = page.get_by_role("img", name="Reliability diagram")
    assert "60.00% of 5 are right" in (diagram.get_attribute("aria-label") or "")


# --- for everyone


@pytest.mark.parametrize("of", ["mixed", "evaluated"])
def test_everything_that_can_be_used_or_seen_has_a_name(
    open_page: Open, of: str, request: pytest.FixtureRequest
) -> None:
    page = open_page(request.getfixturevalue(of))
    page.locator(".card").first.click()
    in_dialog = page.locator("body").aria_snapshot()
    page.keyboard.press("Escape")
    seen = page.locator("body").aria_snapshot() + in_dialog

    nameless = [line for line in seen.splitlines() if line.strip(" -:") in UNNAMED]
    assert not nameless
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("h1").count() == 1
    assert page.locator("img:not([alt])").count() == 0
    assert "d/blank.png" in seen or of == "evaluated"


CONTRAST = """() => {
  const rgba = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((value, i) => a * value + (1 - a) * below[i]);
  const ground = (one) => {
    if (!one) return [255, 255, 255];
    return over(rgba(getComputedStyle(one).backgroundColor), ground(one.parentElement));
  };
  const linear = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const luminance = (colour) => colour.map((c) => linear(c / 255))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const low = [];
  for (const one of document.body.querySelectorAll("*:not(script, option, svg *)")) {
    const own = [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !one.checkVisibility() || one.closest(":disabled, .hidden, .skip, .missing")) continue;
    const [below, text] = [ground(one), getComputedStyle(one).color];
    const [a, b] = [luminance(below), luminance(over(rgba(text), below))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.push(`${one.className} ${one.textContent.trim()} ${ratio.toFixed(2)}`);
  }
  return low;
}"""
"""Text with less contrast than WCAG 2.2 AA asks for."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(open_page: Open, mixed: Path, evaluated: Path, scheme: str) -> None:
    for file in (mixed, evaluated):
        page = open_page(file, color_scheme=scheme)
        page.locator(".card").first.focus()
        page.keyboard.press("4")
        assert page.evaluate(CONTRAST) == []
        page.keyboard.press("Enter")
        assert page.evaluate(CONTRAST) == []
    brightness = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/)[0]")
    assert (int(brightness) < 60) == (scheme == "dark")


@pytest.mark.parametrize("width", [320, 390, 761, 1101, 1280, 1920])
def test_no_figure_is_wider_than_its_frame(open_page: Open, evaluated: Path, width: int) -> None:
    page = open_page(evaluated, width)

    assert page.locator("figure:visible").count() == 5
    too_wide = "all => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.textContent)"
    assert page.locator("figure:visible").evaluate_all(too_wide) == []


def test_it_fits_a_phone(open_page: Open, mixed: Path, evaluated: Path) -> None:
    for file in (mixed, evaluated):
        page = open_page(file, 390, 844)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.locator(".card").first.click()
        box = page.locator("dialog#viewer").bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
        page.locator("dialog#viewer [data-key='7']").click()
        assert page.locator("#viewer-said").inner_text() in {"confirmed", "corrected to 7"}


def test_it_prints_without_its_tools_and_with_images_not_scrolled_to(open_page: Open, mixed: Path) -> None:
    page = open_page(mixed, 390, 600, color_scheme="dark")
    assert page.locator(".card").count() < 74

    page.emulate_media(media="print")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    tools = page.locator("#filter").is_visible()
    pdf = page.pdf(format="A4")

    assert (paper, tools) == ("rgb(255, 255, 255)", False)
    assert page.locator(".card").count() == 74
    assert pdf.startswith(b"%PDF")


# --- many


@pytest.fixture
def each_photo_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the pictures of each photo once, however many names it has: time is not measured before the page opens."""

    def remembered(function: Callable[..., Any], pixels: Callable[[Any], NDArray[np.generic]]) -> Callable[..., Any]:
        results: dict[tuple[Any, ...], Any] = {}

        def call(image: Any, *rest: int) -> Any:
            key = (pixels(image).tobytes(), *rest)
            if key not in results:
                results[key] = function(image, *rest)
            return results[key]

        return call

    monkeypatch.setattr(seen, "canonicalize", remembered(seen.canonicalize, lambda image: image))
    monkeypatch.setattr(pictures, "draw", remembered(pictures.draw, lambda image: image.decoded))


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.usefixtures("each_photo_once")
def test_ten_thousand_images_open_in_three_seconds(open_page: Open, toy_model: Path, tmp_path: Path) -> None:
    batch = batch_of(*many(tmp_path / "scans", LIMIT))
    classifier, report = Classifier(toy_model), Report(tmp_path / "page.html", overwrite=False)
    assert [len(batch) for batch in report.follow([batch])] == [LIMIT]
    report.write(classifier)
    assert (tmp_path / "page.html").stat().st_size < 25_000_000

    started = time.perf_counter()
    page = open_page(tmp_path / "page.html")
    seconds = time.perf_counter() - started

    assert page.locator("#count").inner_text() == "10,000 images"
    assert page.locator(".card").count() < 500
    assert seconds < 3


def many(folder: Path, count: int) -> Iterator[Prediction]:
    """Predictions of so many noisy photos, of which there are a hundred under all these names."""
    folder.mkdir()
    noise = np.random.default_rng(0)
    for i in range(100):
        photo = glyph(i % 10, scale=10) * 0.6 + noise.normal(60, 12, (280, 200))
        Image.fromarray(photo.clip(0, 255).astype(np.uint8)).convert("RGB").save(folder / f"{i}.jpg")
    for i in range(count):
        path = folder / f"scan-of-page-{i:06}.jpg"
        os.link(folder / f"{i % 100}.jpg", path)
        rest = [0.001 * (1 + (i + k) % 7) for k in range(10)]
        rest[i % 10] = confidence = 1 - sum(rest) + rest[i % 10]
        status = Status.OK if i % 20 else Status.UNCERTAIN
        yield Prediction(str(path), status, i % 10, confidence, 0.99, tuple(rest))
