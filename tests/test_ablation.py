from __future__ import annotations

import subprocess
import sys

import pytest

from mnistcls.classifier import Classifier
from train.ablation import Effect, Sets, effect, markdown, measure
from train.everyday import EMPTY_KINDS, KINDS, draw
from train.rules import choose


@pytest.fixture(scope="module")
def sets(validation_digits):
    """Rings and thick brushes as everyday pictures, rings as a stress set, and pairs of digits as what is none."""
    kinds = {kind.name: kind for kind in (*KINDS, *EMPTY_KINDS)}
    ringed, brushed, twice = (
        draw(kinds[name], validation_digits, count=4, seed=0) for name in ("red ring", "thick brush", "twice")
    )
    return Sets(everyday=[ringed, brushed], stress=[ringed], empty=[twice])


def test_an_effect_is_the_change_of_each_share_without_a_rule(sets):
    classifier = Classifier()
    whole = measure(sets, classifier)
    assert [found.right.count for found in (*whole.everyday.values(), *whole.stress.values())] == [4, 4, 4]
    (ring,) = choose(["ring"])
    found = effect(ring, sets, classifier, whole)
    lost = -found.stress_right
    assert lost > 0
    assert found.right == -lost / 2  # of one kind of two
    assert found.worst == f"red ring {-lost:+.1%}"
    assert found.read_into_empty == 0
    assert found.harm == pytest.approx(found.wrong_and_ok + found.stress_wrong_and_ok + 1.5 * lost)
    assert measure(sets, classifier) == whole  # the rule is back


def test_a_rule_that_keeps_several_digits_apart_from_one_is_for_what_is_no_digit(sets):
    classifier = Classifier()
    (alike,) = choose(["several alike"])
    found = effect(alike, sets, classifier, measure(sets, classifier))
    assert (found.right, found.worst, found.stress_right) == (0, "", 0)
    assert found.read_into_empty > 0.5


def test_the_table_has_what_does_the_most_harm_first():
    ring, specks = choose(["ring", "specks"])
    small = Effect(ring, -0.01, -1e-17, "red ring -50.0%", 0.0, 0.0, 0.0)
    large = Effect(specks, 0.0, 0.0025, "", -0.01, 0.0, 0.1)
    assert markdown([small, large]).splitlines()[2:] == [
        "| specks | +0.00% | +0.25% |  | -1.00% | +0.00% | +10.00% |",
        "| ring | -1.00% | +0.00% | red ring -50.0% | +0.00% | +0.00% | +0.00% |",
    ]


def test_the_command_measures_the_chosen_rules(toy_model, mnist_dir):
    options = ("--count", "1", "--stress-count", "1", "--rules", "ring,specks", "--data-dir", str(mnist_dir))
    command = [sys.executable, "-m", "train.ablation", str(toy_model), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0].startswith("| without | right |")
    assert sorted(line.split(" | ")[0] for line in lines[2:]) == ["| ring", "| specks"]
    assert all(line.count("%") >= 5 for line in lines[2:])


def test_an_unknown_rule_is_one_line_and_exit_code_2(toy_model):
    command = [sys.executable, "-m", "train.ablation", str(toy_model), "--rules", "luck"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("Error: there is no rule luck; choose from")
