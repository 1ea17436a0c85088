from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from mnistcls.model import Model, bundled_model
from train.networks import NETWORKS
from train.recipes import FULL, QUICK, TEACHER


def test_every_network_has_both_recipes_and_every_recipe_its_network() -> None:
    assert set(FULL) == set(QUICK) == set(NETWORKS)
    assert TEACHER.teachers == 0
    for recipes in (FULL, QUICK):
        assert {name: recipe.network for name, recipe in recipes.items()} == {name: name for name in recipes}


@pytest.mark.parametrize("name", FULL)
def test_released_model_was_made_by_its_recipe(name: str) -> None:
    provenance = Model(bundled_model(name)).metadata.provenance
    assert json.loads(provenance["recipe"]) == asdict(FULL[name])
