"""Tests of revenuer.prove.marks.antidistillation."""

from __future__ import annotations

import itertools
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional

from revenuer.errors import InputError
from revenuer.models import small
from revenuer.models.small import Size, SmallModel, Tokens
from revenuer.prove.marks.antidistillation import (
    Proxies,
    Reader,
    downstream_loss,
    moved,
    proxy_gradient,
    sampler,
)

VOCABULARY = 12
SIZE = Size(VOCABULARY, width=16, layers=2, heads=2, context=16)


def made(seed: int, size: Size = SIZE) -> SmallModel:
    """Return a model whose blocks do something: fresh ones are the identity."""
    model = SmallModel(size, seed=seed).eval()
    random = torch.Generator().manual_seed(seed + 50)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(torch.randn(weight.shape, generator=random) * 0.2)
    return model


def asked(rows: int, rng: np.random.Generator) -> Tokens:
    return rng.integers(VOCABULARY, size=(rows, 3))


def answered(teacher: SmallModel, prompts: Tokens, choose: small.Chooser) -> Tokens:
    return np.concatenate((prompts, small.generate(teacher, prompts, 10, choose)), 1)


class Cast(NamedTuple):
    """Who plays, and what is to be learnt."""

    teacher: SmallModel
    proxy: SmallModel
    held: Tokens
    gradient: dict[str, torch.Tensor]
    proxies: Proxies


@pytest.fixture(scope="module")
def cast() -> Cast:
    rng = np.random.default_rng(0)
    teacher, proxy = made(1), made(2)
    # Not a multiple of the rows of a batch.
    held = answered(teacher, asked(70, rng), small.sampler(rng))
    gradient = proxy_gradient(proxy, held)
    return Cast(teacher, proxy, held, gradient, Proxies.around(proxy, gradient))


def exact(cast: Cast, texts: Tokens) -> NDArray[np.float64]:
    """Return the derivative of each log probability along the gradient, by back-propagation."""
    weights = list(cast.proxy.parameters())
    rows = cast.proxy(torch.from_numpy(texts))[:, -1].log_softmax(-1)

    def along(told: torch.Tensor) -> float:
        slopes = torch.autograd.grad(told, weights, retain_graph=True)
        pairs = zip(slopes, cast.gradient.values(), strict=True)
        return sum((one.double() * other.double()).sum().item() for one, other in pairs)

    return np.array([[along(told) for told in row] for row in rows])


def test_the_gradient_is_that_of_the_mean_loss(cast: Cast) -> None:
    tokens = torch.from_numpy(cast.held)
    loss = functional.cross_entropy(
        cast.proxy(tokens[:, :-1]).flatten(0, 1), tokens[:, 1:].flatten()
    )
    slopes = torch.autograd.grad(loss, list(cast.proxy.parameters()))

    assert downstream_loss(cast.proxy, cast.held) == pytest.approx(loss.item(), rel=1e-6)
    assert list(cast.gradient) == [name for name, _ in cast.proxy.named_parameters()]
    for found, slope in zip(cast.gradient.values(), slopes, strict=True):
        torch.testing.assert_close(found, slope, atol=1e-6, rtol=1e-4)


def test_only_what_is_counted_is_asked_for(cast: Cast) -> None:
    counted = np.zeros(cast.held.shape, np.bool_)
    counted[:, 0], counted[:2, 5] = True, True
    tokens = torch.from_numpy(cast.held[:2])
    logits = cast.proxy(tokens[:, :5])[:, 4]
    loss = functional.cross_entropy(logits, tokens[:, 5])
    slope = torch.autograd.grad(loss, cast.proxy.embed.weight)[0]

    assert downstream_loss(cast.proxy, cast.held, counted) == pytest.approx(loss.item(), rel=1e-6)
    assert downstream_loss(cast.proxy, cast.held[:, 4:6]) > 0
    found = proxy_gradient(cast.proxy, cast.held, counted)["embed.weight"]
    torch.testing.assert_close(found, slope, atol=1e-6, rtol=1e-4)


def test_a_moved_copy_leaves_the_model_alone(cast: Cast) -> None:
    before = [weight.clone() for weight in cast.proxy.parameters()]

    copy = moved(cast.proxy, cast.gradient, -0.5)

    slopes = cast.gradient.values()
    for old, same, new, slope in zip(
        before, cast.proxy.parameters(), copy.parameters(), slopes, strict=True
    ):
        assert torch.equal(old, same)
        torch.testing.assert_close(new, old - 0.5 * slope)
    assert all(weight.requires_grad for weight in cast.proxy.parameters())
    # Down the gradient the loss is smaller.
    assert downstream_loss(copy, cast.held) < downstream_loss(cast.proxy, cast.held)


def test_the_copies_stand_as_far_as_said_on_either_side(cast: Cast) -> None:
    proxies = Proxies.around(cast.proxy, cast.gradient, reach=0.01)

    def flat(model: SmallModel) -> torch.Tensor:
        return torch.cat([weight.detach().flatten().double() for weight in model.parameters()])

    middle = flat(cast.proxy)
    ahead, behind = flat(proxies.ahead) - middle, flat(proxies.behind) - middle
    assert (ahead.norm() / middle.norm()).item() == pytest.approx(0.01, rel=1e-3)
    torch.testing.assert_close(ahead, -behind, atol=1e-6, rtol=1e-3)
    slope = torch.cat([part.flatten().double() for part in cast.gradient.values()])
    torch.testing.assert_close(ahead, proxies.step * slope, atol=1e-6, rtol=1e-3)


def test_the_penalty_is_the_derivative_along_the_gradient(cast: Cast) -> None:
    texts = cast.held[:4, :6]
    true = exact(cast, texts)

    found = Reader(cast.proxies).read(texts)

    assert found.dtype == np.float32
    assert found.shape == (4, VOCABULARY)
    np.testing.assert_allclose(found, true, atol=1e-3 * np.abs(true).max())


def test_the_penalty_says_how_much_one_step_on_a_token_harms(cast: Cast) -> None:
    text, rate = cast.held[:1, :6], 1e-3
    before = downstream_loss(cast.proxy, cast.held)
    counted = np.zeros((1, 7), np.bool_)
    counted[:, -1] = True
    rises = []
    for token in range(VOCABULARY):
        lesson = np.concatenate((text, [[token]]), 1)
        student = moved(cast.proxy, proxy_gradient(cast.proxy, lesson, counted), -rate)
        rises.append((downstream_loss(student, cast.held) - before) / rate)

    penalty = Reader(cast.proxies).read(text)[0]

    # The first-order statement of the module, up to the curvature of the loss.
    np.testing.assert_allclose(penalty, rises, atol=0.05 * float(np.abs(rises).max()))


def test_a_text_read_token_by_token_is_penalised_as_one_read_at_once(cast: Cast) -> None:
    texts, reader = cast.held[:5], Reader(cast.proxies)

    reader.read(texts[:, :3])
    for place in range(3, 8):
        found = reader.read(texts[:, place : place + 1])
        at_once = Reader(cast.proxies).read(texts[:, : place + 1])
        np.testing.assert_allclose(found, at_once, atol=0.01)


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.0])
def test_without_strength_it_is_plain_sampling_bit_for_bit(cast: Cast, temperature: float) -> None:
    prompts = asked(150, np.random.default_rng(3))
    plain = small.sampler(np.random.default_rng(5), temperature=temperature)
    ours = sampler(
        cast.proxies, prompts, np.random.default_rng(5), strength=0, temperature=temperature
    )

    assert np.array_equal(
        answered(cast.teacher, prompts, ours), answered(cast.teacher, prompts, plain)
    )


@pytest.mark.parametrize(("strength", "temperature"), [(0.5, 1.0), (1.5, 0.5)])
def test_tokens_are_drawn_from_the_distribution_of_the_paper(
    cast: Cast, strength: float, temperature: float
) -> None:
    rows = 4_000
    prompts = np.repeat(cast.held[:1, :3], rows, 0)
    choose = sampler(
        cast.proxies,
        prompts,
        np.random.default_rng(9),
        strength=strength,
        temperature=temperature,
    )
    written = small.generate(cast.teacher, prompts, 2, choose)

    def expected(text: Tokens) -> NDArray[np.float64]:
        with torch.inference_mode():
            logits = cast.teacher(torch.from_numpy(text))[0, -1].double().numpy()
        scores = logits / temperature + strength * exact(cast, text)[0]
        weights: NDArray[np.float64] = np.exp(scores - scores.max())
        return weights / weights.sum()

    first = expected(prompts[:1])
    second = sum(
        chance * expected(np.concatenate((prompts[:1], [[token]]), 1))
        for token, chance in enumerate(first)
    )
    for place, chances in enumerate((first, second)):
        seen = np.bincount(written[:, place], minlength=VOCABULARY) / rows
        # Five standard errors and what the difference is off.
        assert (np.abs(seen - chances) < 5 * np.sqrt(chances / rows) + 1e-3).all()


def test_what_was_sampled_with_a_penalty_teaches_worse(cast: Cast) -> None:
    """Ten harvests of 32 answers each, and one step of gradient descent on each."""

    def loss_after(seed: int, strength: float) -> float:
        rng = np.random.default_rng(seed)
        prompts = asked(32, rng)
        harvest = answered(
            cast.teacher, prompts, sampler(cast.proxies, prompts, rng, strength=strength)
        )
        student = moved(cast.proxy, proxy_gradient(cast.proxy, harvest), -0.05)
        return downstream_loss(student, cast.held)

    losses = np.array([[loss_after(n, strength) for n in range(10)] for strength in (0, 0.5, 2)])

    for weaker, stronger in itertools.pairwise(losses):
        harm = stronger - weaker
        # A one-sided t of 5 with nine degrees of freedom has p < 0.0004.
        assert harm.mean() > 5 * harm.std(ddof=1) / np.sqrt(10)
    # Plain samples help a student; those with the stronger penalty harm it.
    untaught = downstream_loss(cast.proxy, cast.held)
    assert losses[0].mean() < untaught < losses[2].mean()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"strength": -1.0}, "a strength of -1 at a temperature of 1 defends nothing"),
        ({"strength": np.inf}, "a strength of inf at a temperature of 1 defends nothing"),
        ({"strength": np.nan}, "a strength of nan at a temperature of 1 defends nothing"),
        (
            {"strength": 1.0, "temperature": 0.0},
            "a strength of 1 at a temperature of 0 defends nothing",
        ),
    ],
)
def test_what_would_defend_nothing_is_refused(
    cast: Cast, settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError) as told:
        sampler(cast.proxies, cast.held, np.random.default_rng(1), **settings)

    assert (told.value.message, told.value.hint) == (message, "give both above 0")


def test_proxies_that_do_not_fit_are_refused(cast: Cast) -> None:
    def run(teacher: SmallModel, prompts: Tokens, made_for: Tokens, steps: int = 2) -> None:
        choose = sampler(cast.proxies, made_for, np.random.default_rng(1), strength=1)
        small.generate(teacher, prompts, steps, choose)

    three = cast.held[:3, :3]
    with pytest.raises(InputError, match="the teacher's 13 tokens are not the proxy's 12"):
        run(made(1, Size(13, width=16, layers=1, heads=2, context=16)), three, three)
    with pytest.raises(InputError, match="17 tokens do not fit the proxy's context of 16"):
        run(made(1, Size(12, width=16, layers=1, heads=2, context=20)), three, three, 15)
    with pytest.raises(InputError, match="this chooser was made for 2 prompts"):
        run(cast.teacher, three, three[:2])
    run(made(1, Size(12, width=16, layers=1, heads=2, context=20)), three, three, 14)


def test_a_gradient_of_nothing_leads_nowhere(cast: Cast) -> None:
    flat = {name: torch.zeros_like(weight) for name, weight in cast.proxy.named_parameters()}
    endless = {name: weight + torch.inf for name, weight in flat.items()}

    for gradient, reach, told in (
        (flat, 0.1, "norm 0 with a reach of 0.1"),
        (endless, 0.1, "norm inf with a reach of 0.1"),
        (cast.gradient, 0.0, "with a reach of 0"),
    ):
        with pytest.raises(InputError, match=f"no step can be taken along a gradient of .*{told}"):
            Proxies.around(cast.proxy, gradient, reach=reach)
    with pytest.raises(InputError, match="a downstream loss needs a token to predict"):
        proxy_gradient(cast.proxy, cast.held, np.zeros(cast.held.shape, np.bool_))
    with pytest.raises(InputError, match="a downstream loss needs a token to predict"):
        downstream_loss(cast.proxy, cast.held[:, :1])
