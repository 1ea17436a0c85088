from __future__ import annotations

import pytest

from train.networks import NETWORKS
from train.recipes import FULL, QUICK, TEACHER, Recipe

RECIPES = [*FULL.values(), *QUICK.values(), TEACHER]


def test_every_network_has_both_recipes_and_every_recipe_its_network() -> None:
    assert set(FULL) == set(QUICK) == set(NETWORKS)
    assert TEACHER.teachers == 0
    for recipes in (FULL, QUICK):
        assert {name: recipe.network for name, recipe in recipes.items()} == {name: name for name in recipes}


def test_quick_is_quicker() -> None:
    for name, quick in QUICK.items():
        assert quick.epochs < FULL[name].epochs


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: f"{recipe.network}-{recipe.epochs}")
def test_figures_are_within_what_they_mean(recipe: Recipe) -> None:
    assert recipe.version
    assert recipe.epochs >= 1
    assert recipe.batch_size >= 1
    assert 0 < recipe.lr < 1
    assert 0 <= recipe.weight_decay < 1
    assert 0 < recipe.warmup < 1
    assert 0 <= recipe.ema_decay < 1
    assert 0 <= recipe.synthetic_share <= 1
    assert 0 <= recipe.pictured_share <= 1
    assert 0 <= recipe.outlier_share <= 1
    assert recipe.teachers >= 0
    assert recipe.augmentation is None or all(reach >= 0 for reach in vars(recipe.augmentation).values())
