"""Weights: a copy is kin, two independent models of one architecture are not."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.typing import NDArray

from revenuer.errors import InputError
from revenuer.prove.audit.evidence import FLAG, Verdict
from revenuer.prove.audit.weight_lineage import renumbered_units, same_units

Weights = NDArray[np.float64]
UNITS, INPUTS = 120, 32


def trained(rng: np.random.Generator, data: np.random.Generator) -> tuple[Weights, Weights]:
    """Train a small network on inputs with a meaning: (units, inputs), (units, outputs) weights.

    Independent networks learn alike units from the same data, in an order of their own.
    """
    inputs = data.normal(size=(256, INPUTS)) * np.linspace(2, 0.2, INPUTS)
    wanted = np.tanh(inputs @ data.normal(size=(INPUTS, 3)) / 3)
    into = rng.normal(size=(UNITS, INPUTS)) / math.sqrt(INPUTS)
    out = rng.normal(size=(UNITS, 3)) / math.sqrt(UNITS)
    for _ in range(100):
        hidden = np.maximum(inputs @ into.T, 0)
        error = (hidden @ out - wanted) / len(inputs)
        back = (error @ out.T) * (hidden > 0)
        out -= 0.05 * hidden.T @ error
        into -= 0.05 * back.T @ inputs
    return into, out


def test_independent_models_trained_on_the_same_data_are_not_kin() -> None:
    models = [
        trained(np.random.default_rng([1, seed]), np.random.default_rng(7)) for seed in range(8)
    ]
    rng = np.random.default_rng(2)

    logs = [
        same_units([ours], [theirs], rng=rng).log10_p
        for (ours, _), (theirs, _) in itertools.combinations(models, 2)
    ]

    assert np.mean(np.array(logs) <= -1) <= 0.1 + 4 * math.sqrt(0.09 / len(logs))
    assert min(logs) > FLAG


def test_random_models_of_many_layers_are_kin_no_more_often_than_promised() -> None:
    rng = np.random.default_rng(3)
    logs = []
    for _ in range(1_000):
        ours, theirs = ([rng.normal(size=(40, 16)) for _ in range(3)] for _ in range(2))
        logs.append(same_units(ours, theirs, rng=rng).log10_p)

    for level in (0.1, 0.01):
        error = math.sqrt(level * (1 - level) / len(logs))
        assert np.mean(np.array(logs) <= math.log10(level)) <= level + 4 * error


def test_a_fine_tuned_copy_is_kin() -> None:
    rng = np.random.default_rng(4)
    layers = [rng.normal(size=(200, 64)) for _ in range(4)]
    tuned = [3 * layer + rng.normal(size=layer.shape) for layer in layers]

    for one, two in ((layers[:1], tuned[:1]), (layers, tuned)):
        evidence = same_units(one, two, rng=rng)
        assert evidence.verdict is Verdict.STRONG
        assert evidence.log10_p < -100
        assert evidence.smallest_log10_p is not None
        assert evidence.log10_p >= evidence.smallest_log10_p


def test_units_that_are_all_alike_prove_nothing() -> None:
    rng = np.random.default_rng(5)
    logs = [same_units([np.ones((30, 8))], [np.ones((30, 8))], rng=rng).log10_p for _ in range(300)]
    dead = [rng.normal(size=(30, 8)) * (np.arange(30) < 3)[:, None] for _ in range(2)]

    assert np.mean(np.array(logs) <= -1) <= 0.1 + 4 * math.sqrt(0.09 / 300)
    assert same_units([dead[0]], [dead[1]], rng=rng).log10_p > FLAG


def test_renumbering_hides_a_copy_from_the_first_test_and_not_from_the_second() -> None:
    rng = np.random.default_rng(6)
    gate, up = rng.normal(size=(2, 200, 48))
    numbering = rng.permutation(200)
    copy = tuple((matrix + 0.3 * rng.normal(size=matrix.shape))[numbering] for matrix in (gate, up))

    assert same_units([gate], [copy[0]], rng=rng).log10_p > -3
    evidence = renumbered_units((gate, up), (copy[0], copy[1]), rng=rng, draws=99)
    assert evidence.log10_p == evidence.smallest_log10_p == -2
    assert evidence.statistic > 150
    assert evidence.verdict is Verdict.NONE


def test_the_second_test_never_flags_alone_and_keeps_its_promise() -> None:
    rng = np.random.default_rng(7)
    logs = []
    for _ in range(400):
        ours, theirs = rng.normal(size=(2, 2, 24, 12))
        # Units with large gates have large up-projections, as trained ones do.
        ours, theirs = (pair * np.exp(rng.normal(size=(24, 1))) for pair in (ours, theirs))
        logs.append(renumbered_units(tuple(ours), tuple(theirs), rng=rng, draws=19).log10_p)
    for level in (0.5, 0.1, 0.05):
        error = math.sqrt(level * (1 - level) / len(logs))
        assert np.mean(np.array(logs) <= math.log10(level) + 1e-12) <= level + 4 * error
    small = rng.normal(size=(2, 2, 3))
    many = renumbered_units(tuple(small), tuple(small), rng=rng, draws=10_001)
    assert many.log10_p > FLAG


def test_matches_do_not_depend_on_how_many_units_are_looked_at_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(8)
    layer = rng.normal(size=(90, 20))
    other = layer + rng.normal(size=layer.shape)
    whole = same_units([layer], [other], rng=np.random.default_rng(1))
    monkeypatch.setattr("revenuer.prove.audit.weight_lineage._CHUNK", 7)

    assert same_units([layer], [other], rng=np.random.default_rng(1)) == whole


def test_what_cannot_be_compared_is_refused() -> None:
    rng = np.random.default_rng(9)
    square = np.eye(3)
    with pytest.raises(InputError, match="0 layers of ours"):
        same_units([], [], rng=rng)
    with pytest.raises(InputError, match=r"layer 0: weights of shape \(3, 3\) and \(2, 3\)"):
        same_units([square], [square[:2]], rng=rng)
    with pytest.raises(InputError, match="not finite"):
        same_units([square], [square + np.inf], rng=rng)
    with pytest.raises(InputError, match="at least one draw"):
        renumbered_units((square, square), (square, square), rng=rng, draws=0)
    with pytest.raises(InputError, match="two rows of one unit"):
        renumbered_units((square, square[:2]), (square, square[:2]), rng=rng)
