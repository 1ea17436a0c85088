from __future__ import annotations

import inspect

import numpy as np
import pytest

from mnistcls.canonical import canonicalize, canonicalize_all
from mnistcls.decode.pixels import image_to_array
from mnistcls.errors import OutputError
from train.everyday import EMPTY_KINDS, KINDS, draw
from train.rules import RULES, choose, switched_off

NEEDED = {
    "MNIST's form is left as it is": ("own pixels", 0),
    "colour": ("red ring", 0),
    "transparent rim": ("turned with alpha", 0),
    "ink in alpha": ("sticker", 0),
    "tiny pictures enlarged": ("thumbnail", 0),
    "even margin": ("printed circle", 0),
    "wide window": ("desk lamp", 0),
    "fine window": ("page edge", 1),
    "paper lit evenly": ("red ring", 0),
    "smoothing": ("red ring", 0),
    "noise": ("blank page", 2),
    "slope in the light": ("blank in shadow", 1),
    "shape of what is bright": ("flash", 0),
    "tight crop": ("turned scan", 2),
    "faint ink": ("red ring", 0),
    "rulings": ("table cell", 1),
    "straight strokes are no rulings": ("comb field", 0),
    "printed frame": ("empty box", 0),
    "printed box": ("score box", 7),
    "ring": ("red ring", 0),
    "border weight": ("page edge", 10),
    "along the border": ("scanner edge", 2),
    "one of too many": ("noisy page", 1),
    "parts": ("underlined", 0),
    "several alike": ("twice", 0),
    "small parts": ("full stop", 0),
    "faint parts": ("printed circle", 1),
    "specks": ("spattered", 7),
    "bars": ("underlined", 1),
    "beside the digit": ("full stop", 7),
    "texture": ("white rim", 0),
    "shade": ("flash", 0),
    "full shape": ("disc", 0),
    "wide edges of coarse pixels": ("eight pixels", 2),
    "coloured in": ("coloured outline", 0),
    "plain outline": ("plain outline", 1),
    "the other way round": ("flash", 2),
    "fine pen": ("flecked page", 2),
    "close-up": ("letterbox", 0),
    "a line that runs on": ("ruled page", 1),
    "sheet": ("sticky note", 0),
    "round or torn sheet": ("badge", 0),
    "loop on a sheet": ("badge", 11),
    "what hangs on to a sheet": ("torn scrap", 0),
    "rim": ("white rim", 0),
    "usual strokes": ("red ring", 0),
}
"""A picture that has another form without the rule, by its kind and number."""


@pytest.fixture(scope="module")
def picture(validation_digits):
    kinds = {kind.name: kind for kind in (*KINDS, *EMPTY_KINDS)}
    return lambda name, number: image_to_array(
        draw(kinds[name], validation_digits, count=number + 1, seed=0).images[number]
    )


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_form_of_some_picture_is_another_without_a_rule(picture, rule):
    assert inspect.getsource(rule.module).count(rule.attribute) >= 2  # it is defined or imported there, and looked up
    pixels = picture(*NEEDED[rule.name])
    whole = canonicalize_all([pixels])
    with switched_off(rule):
        assert not np.array_equal(canonicalize_all([pixels]), whole)
    np.testing.assert_array_equal(canonicalize_all([pixels]), whole)


def test_a_rule_is_back_after_an_error():
    (ring,) = choose(["ring"])
    before = getattr(ring.module, ring.attribute)
    with switched_off(ring):
        assert getattr(ring.module, ring.attribute) is ring.without
    with pytest.raises(AttributeError), switched_off(ring):
        canonicalize(None)
    assert getattr(ring.module, ring.attribute) is before


def test_without_the_ring_rule_nobody_speaks_of_a_ring(picture):
    pixels = picture("red ring", 0)
    assert "ring removed" in canonicalize(pixels).steps
    with switched_off(*choose(["ring"])):
        assert "ring removed" not in canonicalize(pixels).steps


def test_rules_have_names_of_their_own_and_are_chosen_by_them():
    assert len({rule.name for rule in RULES}) == len({(rule.module, rule.attribute) for rule in RULES}) == len(RULES)
    assert choose([]) == list(RULES)
    assert [rule.name for rule in choose(["specks", "ring"])] == ["ring", "specks"]
    with pytest.raises(OutputError, match="no rule luck; choose from MNIST's form is left as it is, colour,"):
        choose(["luck"])
