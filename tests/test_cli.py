from __future__ import annotations

import csv
import errno
import io
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from running import ENVIRONMENT, HEADER, digits, on_a_terminal, one_of_each_status, run, screen
from toy_model import save

import mnistcls
from mnistcls.limits import BATCH_SIZE

pytestmark = pytest.mark.usefixtures("here")


# --- results


def test_a_pipe_gets_csv_on_stdout_and_the_summary_on_stderr(command: list[str]) -> None:
    one_of_each_status()

    result = run(command, "d")

    rows = list(csv.DictReader(io.StringIO(result.stdout, newline="")))
    assert result.stdout.startswith(HEADER + "\n")
    assert "\r" not in result.stdout
    assert [(row["path"], row["status"]) for row in rows] == [
        ("d/7.png", "ok"),
        ("d/8.png", "unreadable"),
        ("d/blank.png", "no_digit"),
        ("d/doubtful.png", "uncertain"),
    ]
    assert rows[0]["digit"] == "7"
    assert rows[1]["error"].startswith("not_an_image: ")
    first, second, third = result.stderr.splitlines()
    assert first.startswith("4 images in ")
    assert first.endswith(" images/s), skipped 1 other file")
    assert second == "4 inputs, 4 rows: 1 ok, 1 uncertain, 1 no_digit, 1 unreadable"
    assert third.startswith("Digits: ")
    assert result.returncode == 1


def test_what_a_file_says_of_the_first_unreadable_image_is_on_stderr_too(command: list[str]) -> None:
    result = run(command, "scnas/", "gone.png", "-o", "out.csv")
    assert result.stderr.splitlines()[-1] == "First unreadable: scnas: no such file; check the spelling"
    assert (result.returncode, result.stdout) == (1, "")
    assert "First unreadable" not in run(command, "scnas/").stderr


def test_uncertain_and_no_digit_are_no_failure(command: list[str]) -> None:
    one_of_each_status()

    result = run(command, "d/7.png", "d/blank.png", "d/doubtful.png")

    rows = csv.DictReader(io.StringIO(result.stdout, newline=""))
    assert [row["status"] for row in rows] == ["ok", "no_digit", "uncertain"]
    assert result.returncode == 0


def test_all_options_of_columns_reach_the_file_and_stdout_stays_empty(command: list[str]) -> None:
    save(Path("7.png"), 7)

    result = run(command, "7.png", "-o", "out.csv", "--top-k", "2", "--probabilities", "--scores")

    header, row, end = Path("out.csv").read_text(encoding="utf-8").split("\n")
    assert header == f"{HEADER},digit_2,confidence_2,{','.join(f'p{n}' for n in range(10))},digit_score"
    assert row.startswith("7.png,7,")
    assert row.count(",") == header.count(",")
    assert (end, result.stdout, result.returncode) == ("", "", 0)
    assert not Path("out.csv.part").exists()


def test_overwrite_is_asked_for(command: list[str]) -> None:
    save(Path("7.png"), 7)
    Path("out.csv").write_text("mine")

    refused = run(command, "7.png", "-o", "out.csv")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr == "Error: out.csv exists; use --resume, --overwrite, or another -o\n"
    assert Path("out.csv").read_text() == "mine"

    assert run(command, "7.png", "-o", "out.csv", "--overwrite").returncode == 0
    assert digits(Path("out.csv").read_text()) == {"7.png": "7"}


def test_min_confidence_and_no_recursive_and_max_pixels(command: list[str]) -> None:
    save(Path("d/7.png"), 7)
    save(Path("d/sub/1.png"), 1)
    Image.new("L", (200, 200)).save("d/large.png")

    result = run(command, "d", "--no-recursive", "--min-confidence", "1", "--max-pixels", "1000")

    statuses = [line.split(",")[::3][:2] for line in result.stdout.splitlines()[1:]]
    assert statuses[0] in (["d/7.png", "uncertain"], ["d/7.png", "ok"])
    assert statuses[1] == ["d/large.png", "unreadable"]
    assert len(statuses) == 2
    assert "too_large: 200x200 is more than 1,000 pixels" in result.stdout


def test_names_that_are_not_utf8_or_hold_newlines_pass_through_the_pipe(command: list[str]) -> None:
    names = [b"a\nb.png", b"c\xff.png", b"=1+1.png"]
    content = save(Path("7.png"), 7).read_bytes()
    for name in names:
        Path(os.fsdecode(name)).write_bytes(content)

    result = run(command, *(os.fsdecode(name) for name in names), LC_ALL="C")

    shown = {os.fsencode(path): digit for path, digit in digits(result.stdout).items()}
    assert shown == {b"a\nb.png": "7", b"c\xff.png": "7", b"./=1+1.png": "7"}


def test_the_same_input_gives_the_same_bytes(command: list[str]) -> None:
    one_of_each_status()

    assert run(command, "d", "--probabilities").stdout == run(command, "d", "--probabilities").stdout


# --- what is said


def test_quiet_says_nothing_but_results(command: list[str]) -> None:
    save(Path("7.png"), 7)

    result = run(command, "7.png", "--quiet")

    assert digits(result.stdout) == {"7.png": "7"}
    assert result.stderr == ""


def test_quiet_says_no_warnings(command: list[str]) -> None:
    black, white = Image.new("L", (28, 28), 0), Image.new("L", (28, 28), 255)
    black.save("two.gif", save_all=True, append_images=[white])

    assert "two.gif has several frames" in run(command, "two.gif").stderr
    assert run(command, "two.gif", "--quiet").stderr == ""


def test_quiet_still_says_errors(command: list[str]) -> None:
    assert run(command, "-q", "-o", "no/out.csv", "missing.png").stderr.startswith("Error: cannot write no")


def test_verbose_names_the_model(command: list[str], toy_model: Path) -> None:
    save(Path("7.png"), 7)

    first = run(command, "7.png", "--verbose").stderr.splitlines()[0]

    assert first == f"Model toy 1 ({toy_model})"


@pytest.mark.parametrize(
    ("environment", "coloured"),
    [({}, False), ({"FORCE_COLOR": "1"}, True), ({"FORCE_COLOR": "1", "TERM": "dumb"}, False)],
    ids=["a pipe", "FORCE_COLOR", "TERM=dumb"],
)
def test_a_table_in_a_pipe_is_coloured_only_by_force(
    command: list[str], environment: dict[str, str], coloured: bool
) -> None:
    save(Path("7.png"), 7)

    table = run(command, "7.png", "--format", "table", **environment).stdout

    assert "7.png" in table
    assert "Confidence" in table
    assert ("\x1b[" in table) is coloured


# --- errors


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["empty"],
            "no image found, but 1 file without an image's suffix, such as .png; give them one",
        ),
        (["7.png", "-o", "out.json"], "out.json: its suffix names no known format; use .csv"),
        (["7.png", "-o", "no/out.csv"], "cannot write no/out.csv: there is no folder no; make it"),
        (["7.png", "-o", "empty", "--format", "csv"], "empty is a folder; name a file in it with -o"),
        (["7.png", "-o", ""], ". is a folder; name a file in it with -o\n"),
        (["7.png", "-o", "."], ". is a folder; name a file in it with -o\n"),
        (["7.png", "-o", "/"], "/ is a folder; name a file in it with -o\n"),
        (["7.png", "--report", "."], ". is a folder; name a file in it with --report\n"),
        (["--files-from", ""], "the path for --files-from is empty; name one\n"),
        (["7.png", "--report", ""], "the path for --report is empty; name one\n"),
        (["7.png", "--debug-dir", ""], "the path for --debug-dir is empty; name one\n"),
        (["7.png", "--model", "no.onnx"], "no.onnx: no such model file"),
        (["7.png", "--model", "7.png"], "7.png: not a readable ONNX model"),
        (["7.png", "--top-k", "11"], "Invalid value for '--top-k'"),
        (["7.png", "-o", "a.csv", "--resume", "--overwrite"], "--resume keeps what --overwrite replaces; use one of"),
        (["7.png", "-o", "a.csv", "--resume", "--debug-dir", "d"], "--debug-dir shows all images of a run, --resume "),
        (["7.png", "--min-confidence", "nan"], "Invalid value for '--min-confidence': must be a finite number"),
        (["7.png", "--min-confidence", "1.5"], "Invalid value for '--min-confidence'"),
        (["7.png", "--format", "json"], "Invalid value for '--format'"),
        (["7.png", "--nonsense"], "No such option: --nonsense"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_an_error_is_said_on_stderr_and_ends_with_2(command: list[str], arguments: list[str], says: str) -> None:
    save(Path("7.png"), 7)
    Path("empty").mkdir()
    Path("empty/notes.txt").touch()

    result = run(command, *arguments)

    assert f"Error: {says}" in result.stderr
    assert (result.returncode, result.stdout) == (2, "")
    assert sorted(entry.name for entry in Path().iterdir()) == ["7.png", "empty"]


NO_MODEL_NAME = "no name for a model; name a .onnx file with -o, its card goes beside it as .md"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["evaluate", "d", "--report", "/"], "/ is a folder; name a file in it with --report"),
        (["export", "-o", ""], "the path for -o is empty; name one"),
        (["export", "7.png", "-o", "/"], f"/ is {NO_MODEL_NAME}"),
        (["export", "7.png", "-o", "."], f". is {NO_MODEL_NAME}"),
        (["export", ""], "the path for CHECKPOINT is empty; name one"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_path_without_a_name_is_one_line(arguments: list[str], error: str) -> None:
    result = run([sys.executable, "-m", "mnistcls"], *arguments)

    assert (result.returncode, result.stdout, result.stderr) == (2, "", f"Error: {error}\n")


def test_a_missing_path_is_a_row_and_not_an_error(command: list[str]) -> None:
    result = run(command, "missing.png")

    assert result.stdout.splitlines()[1] == "missing.png,,,unreadable,not_found: no such file; check the spelling"
    assert result.returncode == 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_full_disk_behind_stdout_is_an_error(command: list[str]) -> None:
    save(Path("7.png"), 7)

    with open("/dev/full", "wb") as full:
        result = subprocess.run([*command, "7.png"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    problem = "cannot write standard output: No space left on device"
    assert result.stderr == f"Error: {problem}; write to a file with -o elsewhere\n"
    assert result.returncode == 2


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_reader_that_goes_away_is_no_error(command: list[str], workers: str) -> None:
    save(Path("7.png"), 7)
    many = ["7.png"] * 3000  # more than a pipe holds

    with subprocess.Popen([*command, "-j", workers, *many], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().decode() == HEADER + "\n"
        process.stdout.close()
        said = process.stderr.read().decode()

    assert process.returncode == 0
    assert said.startswith("Standard output was closed before all rows were written\n")
    inputs, rows = re.findall(r"([\d,]+) (?:inputs|rows)", said)
    assert inputs == rows
    assert "Error" not in said
    assert "Traceback" not in said


def test_a_reader_that_is_gone_from_the_start_is_no_error_either(command: list[str]) -> None:
    save(Path("7.png"), 7)
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "wb") as pipe:
        done = subprocess.run([*command, "7.png"], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.startswith("Standard output was closed before all rows were written\n")


def test_a_report_of_all_images_is_not_replaced_by_one_of_those_that_were_read(command: list[str]) -> None:
    save(Path("7.png"), 7)
    assert run(command, *["7.png"] * 3, "--report", "all.html").returncode == 0
    before = Path("all.html").read_bytes()
    again = [*command, *["7.png"] * 3000, "--report", "all.html", "--overwrite"]  # more rows than a pipe holds

    with subprocess.Popen(again, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        said = process.stderr.readline()
        process.stderr.read()

    assert said == "Standard output was closed before all rows were written, so all.html is not\n"
    assert process.returncode == 0
    assert Path("all.html").read_bytes() == before


# --- outputs that would take the place of something


@pytest.mark.parametrize(
    ("arguments", "refusal"),
    [
        (["d", "-o", "r.html", "--format", "csv", "--report", "./r.html"], "--report"),
        (["--files-from", "list.csv", "-o", "list.csv"], "-o"),
        (["--files-from", "list.csv", "--files-from", "d/7.png", "-o", "list.csv"], "-o"),
        (["--files-from", "list.csv", "--report", "list.csv"], "--report"),
        (["d/7.png", "-o", "d/7.png", "--format", "csv"], "-o"),
    ],
)
def test_no_output_takes_the_place_of_another_or_of_what_is_read(
    command: list[str], arguments: list[str], refusal: str
) -> None:
    save(Path("d/7.png"), 7)
    Path("list.csv").write_text("d/7.png\n")
    before = {path: path.read_bytes() for path in (Path("list.csv"), Path("d/7.png"))}

    result = run(command, *arguments, "--overwrite")

    assert result.returncode == 2
    assert result.stderr.endswith(f"; choose another file with {refusal}\n")
    assert {path: path.read_bytes() for path in before} == before
    assert sorted(os.listdir()) == ["d", "list.csv"]


@pytest.mark.parametrize("scheme", ["file", "local"])
@pytest.mark.parametrize("name", ["7%20.png", "7.png"])
def test_the_url_of_a_local_file_is_read_as_what_writes_it_does(
    here: Path, command: list[str], scheme: str, name: str
) -> None:
    pytest.importorskip("fsspec")
    save(Path(name), 7)
    before, url = Path(name).read_bytes(), f"{scheme}://{here}/{name}"

    for named in (name, f"file://{here}/{name}", "*.png", f"local://{here}/"):
        result = run(command, named, "-o", url, "--overwrite", "--format", "csv")
        assert result.stderr.endswith(f"{name} is an input of this run; choose another file with -o\n")
        assert result.returncode == 2
    assert Path(name).read_bytes() == before


@pytest.mark.parametrize(
    "folder", ["w/a.csv", "w/a.csv.manifest.json", "w/a.csv.part", "w/r.html", "w/r.html.part", "linked/a.csv/seen"]
)
def test_the_folder_for_what_was_seen_is_no_other_output(command: list[str], folder: str) -> None:
    save(Path("7.png"), 7)
    Path("w").mkdir()
    Path("linked").symlink_to("w")
    outputs = ["-o", "w/a.csv", "--report", "w/r.html", "--debug-dir", folder]

    result = run(command, "7.png", *outputs)

    option = "--report" if "r.html" in folder else "-o"
    problem = f"{folder} is already the output of {option}; choose another folder with --debug-dir"
    assert (result.returncode, result.stderr) == (2, f"Error: {problem}\n")
    assert not os.listdir("w")


def test_the_model_at_work_is_not_overwritten(toy_model: Path) -> None:
    save(Path("7.png"), 7)
    Path("my.onnx").write_bytes(toy_model.read_bytes())
    command = [sys.executable, "-m", "mnistcls", "classify", "7.png", "--model", "my.onnx"]

    result = run(command, "-o", "my.onnx", "--format", "csv", "--overwrite")

    assert (result.returncode, result.stderr) == (
        2,
        "Error: my.onnx is an input of this run; choose another file with -o\n",
    )
    assert Path("my.onnx").read_bytes() == toy_model.read_bytes()


def test_a_path_of_results_that_is_no_file_says_what_to_name(command: list[str]) -> None:
    save(Path("pages.tif"), 7)

    rows = csv.DictReader(io.StringIO(run(command, "-", "pages.tif#2", "pages.tif/in/7.png", "gone#1.png").stdout))

    assert [row["error"] for row in rows] == [
        "not_found: no such file; for a list of paths on standard input, use --files-from -",
        "not_found: no such file; name pages.tif, which contains it",
        "not_found: no such file; name pages.tif, which contains it",
        "not_found: no such file; check the spelling",
    ]


def test_a_dash_is_no_output_file(command: list[str]) -> None:
    save(Path("7.png"), 7)

    result = run(command, "7.png", "-o", "-", "--format", "csv")

    assert result.returncode == 2
    assert result.stderr == "Error: - is not a file name for -o; without -o, results go to standard output\n"
    assert os.listdir() == ["7.png"]


@pytest.mark.parametrize("seconds", ["inf", "nan", "-1"])
def test_a_timeout_is_a_finite_time(command: list[str], seconds: str) -> None:
    save(Path("7.png"), 7)

    result = run(command, "7.png", "-o", "out.csv", f"--timeout={seconds}")

    assert result.returncode == 2
    assert "Error: Invalid value for '--timeout'" in result.stderr
    assert os.listdir() == ["7.png"]


def test_the_manifest_has_the_time_that_the_summary_has(command: list[str]) -> None:
    save(Path("7.png"), 7)

    said = run(command, "7.png", "-o", "out.csv").stderr

    seconds = json.loads(Path("out.csv.manifest.json").read_text())["timings"]["seconds"]
    (shown,) = re.findall(r"1 image in ([0-9.]+) s", said)
    assert seconds == pytest.approx(float(shown), abs=0.15)
    assert seconds > 0.05, "a process takes longer to load the model"


@pytest.mark.parametrize("unread", ["closed", "/dev/full"])
def test_a_run_whose_messages_nobody_reads_ends_as_any_other(command: list[str], unread: str) -> None:
    frames = [Image.fromarray(np.full((30, 30), level, np.uint8)) for level in (255, 254)]
    save(Path("d/1.png"), 1)
    save(Path("d/7.png"), 7)
    frames[0].save("d/2.gif", save_all=True, append_images=frames[1:])  # of which there is a warning
    if unread == "closed":
        reader, writer = os.pipe()
        os.close(reader)
    else:
        writer = os.open(unread, os.O_WRONLY) if os.path.exists(unread) else pytest.skip("no /dev/full here")

    done = subprocess.run([*command, "d", "-o", "out.csv", "-j", "0"], stderr=writer, check=False)
    refused = subprocess.run([*command, "d", "-o", "out.csv"], stderr=writer, check=False)
    os.close(writer)

    assert done.returncode == 0
    assert digits(Path("out.csv").read_text()) == {"d/1.png": "1", "d/2.gif": "", "d/7.png": "7"}
    assert refused.returncode == 2


def damaged_tiff() -> bytes:
    """A file of which libtiff complains."""
    file = io.BytesIO()
    Image.fromarray(np.tile(np.arange(200, dtype=np.uint8), (200, 1))).save(file, "TIFF", compression="tiff_lzw")
    content = bytearray(file.getvalue())
    content[8:1000] = b"\xff" * 992  # the start of the pixels
    return bytes(content)


@pytest.mark.parametrize("workers", ["0", "1"])
def test_damaged_images_are_rows_and_print_nothing(command: list[str], workers: str) -> None:
    Path("damaged.tif").write_bytes(damaged_tiff())
    sound = io.BytesIO()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(sound, "TIFF")
    many = struct.pack("<HHIH", 277, 3, 1, 9999)  # channels: too many, of which Pillow complains
    Path("many.tif").write_bytes(sound.getvalue().replace(struct.pack("<HHIH", 277, 3, 1, 3), many))

    result = run(command, "damaged.tif", "many.tif", "-q", "-j", workers)

    assert (result.returncode, result.stderr) == (1, "")
    assert [line.split(",")[3] for line in result.stdout.splitlines()[1:]] == ["unreadable"] * 2


def test_the_library_leaves_standard_error_to_its_user(toy_model: Path) -> None:
    Path("damaged.tif").write_bytes(damaged_tiff())
    script = f"import mnistcls; print(*mnistcls.Classifier({str(toy_model)!r}).predict(['damaged.tif']))"

    result = run([sys.executable, "-c", script])

    assert "unreadable" in result.stdout
    assert result.stderr  # of libtiff


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
@pytest.mark.parametrize("workers", ["0", "1"])
def test_without_standard_error_messages_of_c_libraries_do_not_reach_the_results(
    command: list[str], workers: str
) -> None:
    save(Path("7.png"), 7)
    Path("8.tif").write_bytes(damaged_tiff())
    closed = ["/bin/sh", "-c", 'exec "$@" 2>&-', "sh", *command]

    result = run(closed, *["7.png"] * BATCH_SIZE, "8.tif", "-o", "out.csv", "-j", workers)  # open from the second batch

    assert result.returncode == 1
    *rows, last = Path("out.csv").read_text().splitlines()
    assert rows == [HEADER, *["7.png,7,1.000000,ok,"] * BATCH_SIZE]
    assert last == "8.tif,,,unreadable,truncated: the image is cut short or damaged; copy or save it again"


@pytest.mark.skipif(os.name == "nt", reason="a POSIX shell")
def test_a_closed_standard_output_is_one_line(command: list[str]) -> None:
    save(Path("7.png"), 7)

    closed = ["/bin/sh", "-c", 'exec "$@" >&-', "sh"]

    result = run([*closed, *command], "7.png", "-q")
    info = run([*closed, sys.executable, "-m", "mnistcls", "info"])

    assert (result.returncode, result.stderr) == (2, "Error: standard output is closed; write to a file with -o\n")
    assert (info.returncode, info.stderr) == (2, "Error: standard output is closed; redirect it to a file\n")


# --- interruption


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(
    ("number", "code", "word"),
    [
        (signal.SIGINT, 130, "interrupted"),
        (signal.SIGTERM, 143, "terminated"),
        (signal.SIGHUP, 129, "the terminal is gone"),
    ],
)
def test_a_signal_keeps_finished_rows(command: list[str], number: signal.Signals, code: int, word: str) -> None:
    save(Path("7.png"), 7)
    part = Path("out.csv.part")

    with subprocess.Popen(
        [*command, *["7.png"] * 20_000, "-o", "out.csv"], stderr=subprocess.PIPE, text=True
    ) as process:
        deadline = time.monotonic() + 250
        while not (part.exists() and part.stat().st_size > 1000) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        _, said = process.communicate(timeout=250)

    assert said == f"Error: {word}; finished rows are in out.csv.part; resume with --resume\n"
    assert process.returncode == code
    lines = part.read_text().split("\n")
    assert lines[0] == HEADER
    assert {line.partition(",")[0] for line in lines[1:-1]} == {"7.png"}
    assert {line.count(",") for line in lines[:-1]} == {4}
    assert lines[-1] == ""
    assert not Path("out.csv").exists()


@pytest.mark.skipif(os.name == "nt", reason="a terminal of its own")
def test_a_terminal_that_is_closed_keeps_finished_rows(command: list[str]) -> None:
    """Whose messages and progress bar have nowhere to go any more."""
    save(Path("7.png"), 7)
    part = Path("out.csv.part")
    ours, theirs = os.openpty()
    script = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
    process = subprocess.Popen(
        [sys.executable, "-c", script, *command, *["7.png"] * 20_000, "-o", "out.csv"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    deadline = time.monotonic() + 60
    while not (part.exists() and part.stat().st_size > 1000) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.close(ours)

    assert process.wait(60) == 128 + signal.SIGHUP
    lines = part.read_text().split("\n")
    assert (lines[0], lines[-1]) == (HEADER, "")
    assert {line.partition(",")[0] for line in lines[1:-1]} == {"7.png"}


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_signals_that_are_ignored_where_it_starts_stay_ignored() -> None:
    """As SIGHUP is under nohup, and SIGINT of a script's job in the background."""
    script = (
        "import signal; from mnistcls import __main__, cli\n"
        "for number in cli.STOP_SIGNALS: signal.signal(number, signal.SIG_IGN)\n"
        "cli.app = lambda: print([signal.getsignal(n) is signal.SIG_IGN for n in cli.STOP_SIGNALS])\n"
        "__main__.main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert done.stdout == "[True, True, True]\n"


def test_a_fault_of_its_own_is_no_finished_run() -> None:
    script = "from mnistcls import cli\ndef fail(): raise KeyError('x')\ncli.app = fail; cli.main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith("\nError: unexpected: KeyError('x'); please report it with the lines above\n")


@pytest.mark.parametrize(
    ("number", "fix"), [("EIO", "check the disk and its permissions"), ("EMFILE", "raise the limit of open files")]
)
def test_a_fault_of_the_machine_says_what_to_do_and_where_finished_rows_are(number: str, fix: str) -> None:
    script = (
        "import errno, os; from mnistcls import cli\n"
        f"error = OSError(errno.{number}, os.strerror(errno.{number}))\n"
        "error.add_note('finished rows are in a.csv.part; resume with --resume')\n"
        "def fail(): raise error\n"
        "cli.app = fail; cli.main()"
    )
    result = run([sys.executable, "-c", script])
    assert result.returncode == 2
    assert result.stderr.startswith(f"Error: {os.strerror(getattr(errno, number))}; {fix}")
    assert result.stderr.endswith("; finished rows are in a.csv.part; resume with --resume\n")


def test_too_little_memory_for_onnxruntime_is_one_line(tmp_path: Path, command: list[str]) -> None:
    Path("onnxruntime.py").write_text(
        "raise ImportError('libonnxruntime.so: failed to map segment from shared object')"
    )
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}{os.pathsep}{Path(mnistcls.__file__).parents[1]}"

    result = run(command, "7.png", PYTHONPATH=path)

    says = "Error: not enough memory; free some, or raise its limit (ulimit -v)\n"
    assert (result.returncode, result.stderr) == (2, says)


@pytest.mark.parametrize("length", [233, 237, 300])
def test_a_name_that_is_too_long_is_refused_with_its_option(command: list[str], length: int) -> None:
    save(Path("7.png"), 7)
    name = "a" * length + ".csv"
    result = run(command, "7.png", "-o", name)
    says = f"Error: cannot write {name}: its name is too long; choose a shorter one with -o\n"
    assert (result.returncode, result.stderr) == (2, says)


def test_an_interruption_while_it_loads_says_nothing(tmp_path: Path) -> None:
    Path("typer.py").write_text("import time\nprint('loading', flush=True)\ntime.sleep(100)\n")
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}{os.pathsep}{Path(mnistcls.__file__).parents[1]}"
    command = [sys.executable, "-c", "from mnistcls.__main__ import main; main()"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**ENVIRONMENT, "PYTHONPATH": path}
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "loading\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=100)

    assert (process.returncode, said) == (-signal.SIGINT, "")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize(
    ("name", "code", "message"),
    [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated"), ("SIGHUP", 129, "the terminal is gone")],
)
def test_a_signal_while_a_c_extension_loads_is_one_line(
    tmp_path: Path, command: list[str], name: str, code: int, message: str
) -> None:
    """As onnxruntime's: what is raised in its initialisation becomes an ImportError."""
    Path("onnxruntime.py").write_text(
        "import os, signal, time\n"
        f"try: os.kill(os.getpid(), signal.{name}); time.sleep(100)\n"
        "except BaseException as error: raise ImportError('initialization failed') from error\n"
    )
    path = f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}{os.pathsep}{Path(mnistcls.__file__).parents[1]}"

    result = run(command, "7.png", PYTHONPATH=path)

    assert (result.returncode, result.stderr) == (code, f"Error: {message}\n")


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_two_signals_at_once_are_one_line() -> None:
    script = (
        "import os, signal; from mnistcls import cli\n"
        "def both():\n"
        "    signal.pthread_sigmask(signal.SIG_BLOCK, cli.STOP_SIGNALS)\n"
        "    for number in (signal.SIGINT, signal.SIGTERM): os.kill(os.getpid(), number)\n"
        "    signal.pthread_sigmask(signal.SIG_UNBLOCK, cli.STOP_SIGNALS)\n"
        "cli.app = both; cli.main()"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert (done.returncode, done.stderr) == (130, "Error: interrupted\n")


# --- help and version


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["classify", "--help"]], ids=" ".join)
def test_help_and_version_are_quick(arguments: list[str]) -> None:
    heavy = {"numpy", "onnxruntime", "PIL", "torch", "train"}
    program = (
        "import sys; from mnistcls.cli import app\n"
        f"try: app({arguments!r})\n"
        f"finally: print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )

    result = run([sys.executable, "-c", program])

    assert result.stderr == "[]\n"
    assert result.returncode == 0
    assert ("Usage: " in result.stdout) or result.stdout == f"mnistcls {mnistcls.__version__}\n"


def test_a_quiet_run_loads_nothing_that_draws_nor_reads_other_formats(command: list[str]) -> None:
    save(Path("7.png"), 7)
    program = (
        "import sys; from mnistcls.cli import main\n"
        "try: main()\n"
        "finally: print(sorted({'rich', 'PIL.TiffImagePlugin', 'PIL.PngImagePlugin'} & set(sys.modules)))"
    )

    result = run([sys.executable, "-c", program, *command[3:]], "7.png", "--quiet", "-o", "out.csv")

    assert result.stdout == "[]\n"
    assert digits(Path("out.csv").read_text()) == {"7.png": "7"}


def test_no_arguments_show_the_help() -> None:
    result = run([sys.executable, "-m", "mnistcls"])

    assert "Usage: " in result.stdout + result.stderr
    assert result.returncode == 2


# --- on a terminal


def test_a_terminal_shows_a_table_and_the_bar_is_gone(command: list[str]) -> None:
    one_of_each_status()
    save(Path("a folder with quite a long name/and another one inside of it, long as well/page 17.png"), 1)

    received, code = on_a_terminal([*command, "a folder with quite a long name", "d"])

    assert code == 1
    assert "Classifying" in received
    lines = screen(received)
    assert max(map(len, lines)) <= 80
    assert not any("Classifying" in line for line in lines)
    table = [line.split() for line in lines if line.strip()]
    assert table[0] == ["Image", "Digit", "Confidence", "Status"]
    assert table[2][0] == "a"
    assert table[2][-1] == "ok"
    assert next(row for row in table if row[0] == "d/7.png")[1] == "7"
    assert sum(line.startswith("5 images in ") for line in lines) == 1


def test_colours_that_are_forced_animate_no_log(command: list[str]) -> None:
    save(Path("7.png"), 7)

    result = run(command, "7.png", "-o", "out.csv", FORCE_COLOR="1")

    assert "\x1b[32m" in result.stderr  # the summary's green
    assert "Classifying" not in result.stderr


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}], ids=lambda value: next(iter(value)))
def test_a_terminal_without_colours_gets_none(command: list[str], environment: dict[str, str]) -> None:
    save(Path("7.png"), 7)

    received, _ = on_a_terminal([*command, "7.png"], **environment)

    assert "7.png" in received
    assert "\x1b[3" not in received  # no foreground colour
    if environment.get("TERM") == "dumb":
        assert "\x1b" not in received


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            "classify d --debug-dir s3://b/seen",
            "--debug-dir writes only local files; name a local path",
        ),
        ("classify d --report s3://b/seen", "--report writes only local files; name a local path"),
        ("classify d --model s3://b/seen", "--model reads only local files; download it"),
        ("classify --files-from s3://b/seen", "--files-from reads only local files; download it, or pipe it to -"),
        ("evaluate d --labels s3://b/seen", "--labels reads only local files; download it"),
        ("evaluate d -o s3://b/seen", "-o writes only local files; name a local path"),
    ],
)
def test_a_url_where_only_a_path_will_do_is_said(arguments: str, says: str) -> None:
    result = run([sys.executable, "-m", "mnistcls"], *arguments.split())

    assert result.stderr.startswith(f"Error: s3://b/seen: {says}")
    assert (result.returncode, result.stderr.count("\n"), os.listdir()) == (2, 1, [])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_name_in_an_error_cannot_colour_the_terminal() -> None:
    result = run([sys.executable, "-m", "mnistcls"], "classify", "a.png", "-o", "no\x1b[31m\udcff/out.csv")

    named = r"no\x1b[31m\xff"
    assert result.stderr == (
        f"Error: cannot write {named}/out.csv: there is no folder {named}; make it, or choose another with -o\n"
    )
    assert result.returncode == 2


def test_a_list_that_cannot_be_counted_has_a_bar_without_an_end(command: list[str]) -> None:
    save(Path("7.png"), 7)
    Path("list").write_text("7.png\n" * 400 + "nosuch://bucket/x.bin\n")

    received, code = on_a_terminal([*command, "--files-from", "list", "-o", "out.csv"])

    assert code == 2
    assert "Error: " in received
    assert "Traceback" not in received


@pytest.mark.parametrize("paths", [["d"], ["d/*.png"], ["--files-from", "list.txt"]])
def test_an_output_never_replaces_an_image_that_a_folder_a_pattern_or_a_list_holds(
    command: list[str], paths: list[str]
) -> None:
    for digit in (1, 2, 3):
        save(Path(f"d/{digit}.png"), digit)
    Path("list.txt").write_text("d/1.png\nd/2.png\nd/3.png\n")
    before = Path("d/2.png").read_bytes()

    result = run(command, *paths, "-o", "d/2.png", "--format", "csv", "--overwrite")

    assert (result.returncode, "d/2.png is an input of this run; choose another file with -o" in result.stderr) == (
        2,
        True,
    )
    assert Path("d/2.png").read_bytes() == before


def test_a_run_does_not_replace_what_a_shorter_one_has_finished_meanwhile(command: list[str]) -> None:
    for digit in (1, 2):
        save(Path(f"{digit}.png"), digit)
    slow = [*command, "--files-from", "-", "-v", "-j", "0", "-o", "same.csv"]
    with subprocess.Popen(slow, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT) as first:
        assert first.stderr
        assert first.stderr.readline().startswith("Model ")  # it has looked for same.csv by now, and waits for the list
        assert run(command, "2.png", "-q", "-o", "same.csv").returncode == 0
        _, said = first.communicate("1.png\n")

    says = "Error: same.csv was changed during the run and is left as it is; start this run again\n"
    assert (first.returncode, said) == (2, says)
    assert list(digits(Path("same.csv").read_text())) == ["2.png"]
    assert json.loads(Path("same.csv.manifest.json").read_text())["inputs"]["paths"] == ["2.png"]
    assert sorted(os.listdir()) == ["1.png", "2.png", "same.csv", "same.csv.manifest.json"]


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="file names are text here")
@pytest.mark.parametrize("locale", [{"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}], ids=str)
def test_names_are_the_same_bytes_in_any_locale(command: list[str], locale: dict[str, str]) -> None:
    save(Path("d/\xe9.png"), 7)
    save(Path(os.fsdecode(b"d/\xff.png")), 7)

    for again in ([], ["--resume"]):
        result = run(command, "d", "-o", "out.csv", *again, **locale)
        assert result.returncode == 0, result.stderr

    assert Path("out.csv").read_bytes().splitlines()[1:] == [
        b"d/\xc3\xa9.png,7,1.000000,ok,",
        b"d/\xff.png,7,1.000000,ok,",
    ]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
@pytest.mark.parametrize("asked", ["--version", "--help"])
def test_a_full_disk_is_one_line(asked: str) -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        command = [sys.executable, "-m", "mnistcls", asked]
        result = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False, env=ENVIRONMENT)
    assert (result.returncode, result.stderr) == (
        2,
        "Error: No space left on device; check the disk and its permissions\n",
    )


@pytest.mark.skipif(os.name == "nt", reason="a folder in use stays here")
def test_a_working_folder_that_is_gone_is_one_line(here: Path, toy_model: Path) -> None:
    gone = here / "gone"
    gone.mkdir()
    script = f"rmdir {gone}; exec {sys.executable} -m mnistcls classify x.png -o out.csv --model {toy_model}"
    command = ["/bin/sh", "-c", script]
    result = subprocess.run(command, cwd=gone, capture_output=True, text=True, check=False, env=ENVIRONMENT)
    assert (result.returncode, len(result.stderr.splitlines())) == (2, 1)


@pytest.mark.skipif(os.name == "nt", reason="a folder in use stays here")
def test_workers_need_a_working_folder_and_the_error_says_so(here: Path, toy_model: Path) -> None:
    gone = here / "gone"
    gone.mkdir()
    save(here / "7.png", 7)
    script = f"rmdir {gone}; exec {sys.executable} -m mnistcls classify {here}/7.png -j 1 --model {toy_model}"

    result = run(["/bin/sh", "-c", f"cd {gone}; {script}"])

    reason = "the working folder is gone"
    assert result.stderr == f"Error: cannot start a worker process ({reason}); use -j 0\n"
    assert result.returncode == 2


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="Linux")
@pytest.mark.parametrize("files", range(10, 16))
def test_too_few_open_files_for_workers_are_one_line(command: list[str], files: int) -> None:
    save(Path("7.png"), 7)

    result = run(["/bin/sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command], "7.png", "-j", "2")

    assert result.stderr == "Error: cannot start a worker process (Too many open files); use -j 0\n"
    assert result.returncode == 2


@pytest.mark.parametrize("columns", ["0", "40"])
def test_a_terminal_of_hardly_any_columns_loses_none_of_the_tables(command: list[str], columns: str) -> None:
    one_of_each_status()

    result = run(command, "d", "--format", "table", "--scores", COLUMNS=columns)

    for word in ("Image", "Digit", "Confidence", "Score", "Status", "uncertain", "no_digit", "d/7.png"):
        assert word in result.stdout
