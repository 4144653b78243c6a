"""Tests of revenuer.lab.distil.flops."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

from revenuer.errors import InputError
from revenuer.lab.distil.flops import (
    LIKE_LLAMA,
    Decoder,
    Estimate,
    Flops,
    Operations,
    of_config,
    of_size,
)
from revenuer.models import small
from revenuer.models.small import Size, SmallModel

SIZES = [
    Size(13, width=24, layers=1, heads=2, context=24),
    Size(20, width=128, layers=4, heads=4, context=24),
    Size(300, width=32, layers=2, heads=1, context=50, learns_places=True),
]
#: One block two numbers wide that knows three tokens.
TINY = of_size(Size(3, width=2, layers=1, heads=1))


def measured(work: Callable[[], object]) -> int:
    """Return what torch counts; the kernel that a CPU would take, it does not know."""
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        work()
    return int(counter.get_total_flops())


def test_a_token_is_what_a_hand_count_says() -> None:
    queries_keys_values = 2 * (2 * 6)
    out = 2 * (2 * 2)
    wide = 2 * (2 * 8)
    back = 2 * (8 * 2)
    head = 2 * (2 * 3)
    matrices = queries_keys_values + out + wide + back + head
    assert matrices == 108
    # Each of 5 keys times the query, and each of 5 values times its weight.
    attention = 2 * (5 * 2) + 2 * (5 * 2)

    assert TINY.token(0) == Flops(108)
    assert TINY.token(5) == Flops(108 + attention) == Flops(148)


def test_reading_writing_and_learning_are_what_a_hand_count_says() -> None:
    # Two texts of five tokens, each token against all five.
    assert TINY.forward(2, 5) == Flops(2 * 5 * 148)
    # Three read against three, then the first written against four and the second against five.
    assert TINY.generation(2, 3, 3) == Flops(2 * (3 * (108 + 24) + (108 + 32) + (108 + 40)))
    assert TINY.generation(2, 3, 1) == TINY.forward(2, 3)
    assert TINY.generation(2, 3, 0) == Flops(0)
    assert TINY.training(2, 5) == Flops(3 * 2 * 5 * 148)
    # Again all but the head and the last product of the block.
    assert TINY.training(2, 5, recomputes=True) == Flops(2 * 5 * (3 * 148 + 148 - 12 - 32))


def test_grouped_attention_and_gates_are_what_a_hand_count_says() -> None:
    config = SimpleNamespace(
        model_type="llama",
        num_hidden_layers=1,
        hidden_size=4,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=3,
        intermediate_size=5,
        vocab_size=7,
    )
    queries, keys, values, out = 4 * 6, 4 * 3, 4 * 3, 6 * 4
    gate, up, down, head = 4 * 5, 4 * 5, 5 * 4, 4 * 7
    matrices = 2 * (queries + keys + values + out + gate + up + down + head)

    model = of_config(config)

    assert model is not None
    assert model.token(0) == Flops(matrices) == Flops(320)
    # Both heads look at both places, whoever shares keys.
    assert model.token(2) == Flops(320 + 2 * (2 * 6) + 2 * (2 * 6))
    # Of a prompt of three only the last token is predicted from.
    assert model.generation(1, 3, 1) == Flops(3 * (320 + 72) - 2 * 56)


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_torch_counts_the_same_for_a_small_model(size: Size) -> None:
    model, counted = SmallModel(size), of_size(size)
    tokens = torch.zeros((3, size.context - 1), dtype=torch.int64)
    prompts = np.zeros((3, 9), np.int64)
    choose = small.sampler(np.random.default_rng(0))

    assert measured(lambda: model(tokens)) == counted.forward(*tokens.shape).number
    learnt = measured(lambda: model(tokens).sum().backward())
    assert learnt == counted.training(*tokens.shape).number
    written = measured(lambda: small.generate(model, prompts, 7, choose))
    assert written == counted.generation(3, 9, 7).number


def test_torch_counts_the_same_where_activations_are_computed_again() -> None:
    size = SIZES[1]
    model = SmallModel(size)
    tokens = torch.zeros((3, 20), dtype=torch.int64)
    turn = model.cos[:20], model.sin[:20]

    def learn() -> None:
        x = model.embed(tokens)
        for block in model.blocks:
            x, _ = checkpoint(block, x, turn, None, use_reentrant=False)
        (x @ model.embed.weight.T).sum().backward()

    found = measured(learn)

    assert found == of_size(size).training(3, 20, recomputes=True).number
    assert 3.6 < found / of_size(size).forward(3, 20).number < 4


@pytest.mark.slow
@pytest.mark.parametrize("is_tied", [True, False])
@pytest.mark.parametrize("kind", LIKE_LLAMA)
@pytest.mark.filterwarnings("ignore::UserWarning")  # of transformers, about checkpoints
def test_torch_counts_the_same_for_models_like_llama(kind: str, is_tied: bool) -> None:
    # Some seconds, which the other tests need not wait for.
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        kind,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        intermediate_size=56,
        vocab_size=40,
        tie_word_embeddings=is_tied,
        max_position_embeddings=64,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        **({"head_dim": 12} if kind in ("llama", "mistral", "qwen3") else {}),
    )
    model = AutoModelForCausalLM.from_config(config).eval()
    tokens = torch.full((3, 17), 3)
    counted = of_config(config)
    assert counted is not None

    def learn() -> None:
        model(tokens, labels=tokens).loss.backward()

    def write() -> None:
        mask = torch.ones_like(tokens)
        model.generate(tokens, attention_mask=mask, min_new_tokens=6, max_new_tokens=6)

    assert measured(lambda: model(tokens)) == counted.forward(3, 17).number
    assert measured(learn) == counted.training(3, 17).number
    assert measured(write) == counted.generation(3, 17, 6).number
    model.activation_checkpointing_enable()
    model.train()
    assert measured(learn) == counted.training(3, 17, recomputes=True).number


def test_a_config_without_the_newer_fields_has_as_many_keys_as_queries() -> None:
    told = {"num_hidden_layers": 2, "hidden_size": 12, "intermediate_size": 5, "vocab_size": 7}
    config = SimpleNamespace(model_type="llama", num_attention_heads=3, head_dim=None, **told)

    assert of_config(config) == Decoder(2, 12, 12, 12, 5, 3, 7, predicts_prompt=False)


def test_another_architecture_is_not_guessed_at() -> None:
    assert of_config(SimpleNamespace(model_type="mamba")) is None
    assert of_config(SimpleNamespace()) is None


def test_a_number_of_parameters_gives_an_estimate_and_says_so() -> None:
    estimate = Estimate(1_000)

    assert estimate.token(50) == Flops(2_000, counted=False)
    assert estimate.forward(2, 5) == Flops(20_000, counted=False)
    assert estimate.generation(2, 5, 3) == Flops(2 * 7 * 2_000, counted=False)
    assert estimate.generation(2, 5, 1) == estimate.forward(2, 5)
    assert estimate.generation(2, 5, 0) == Flops(0, counted=False)
    assert estimate.training(2, 5) == Flops(60_000, counted=False)
    assert estimate.training(2, 5, recomputes=True) == Flops(80_000, counted=False)
    assert Estimate(1).token(1) == Flops(2, counted=False)
    with pytest.raises(InputError, match="no model has 0 active parameters") as refused:
        Estimate(0)
    assert refused.value.hint == (
        "give what its maker says: for a mixture of experts, those of one token"
    )


@pytest.mark.parametrize("size", SIZES[1:], ids=str)
def test_the_estimate_is_near_where_the_context_is_short(size: Size) -> None:
    blocks = SmallModel(size).blocks
    parameters = sum(weight.numel() for weight in blocks.parameters())
    head = size.width * size.vocabulary

    estimated = Estimate(parameters + head).token(1).number

    assert estimated == of_size(size).token(0).number
    assert of_size(size).token(size.context).number < 1.5 * estimated


@given(st.integers(1, 50), st.integers(1, 50), st.integers(1, 9))
def test_writing_is_reading_with_what_was_read_kept(prompt: int, written: int, rows: int) -> None:
    model: Operations = TINY
    whole = model.forward(rows, prompt + written - 1).number

    kept = model.generation(rows, prompt, written).number

    assert kept <= whole
    assert kept >= rows * (prompt + written - 1) * model.token(0).number
    assert model.generation(rows, prompt, written) == model.generation(1, prompt, written) * rows


def test_a_sum_with_an_estimate_is_an_estimate() -> None:
    counted, estimated = Flops(2), Flops(3, counted=False)

    assert counted + counted == Flops(4)
    assert counted + estimated == estimated + counted == Flops(5, counted=False)
    assert counted * 3 == Flops(6)
    assert estimated * 3 == Flops(9, counted=False)


def test_the_student_of_the_default_experiment_is_ninety_times_cheaper_a_token() -> None:
    teacher = of_size(Size(13, width=128, layers=4, heads=4))
    student = of_size(Size(13, width=24, layers=1, heads=2))

    # Prompts of 14 characters after the start, nine tokens written.
    ratios = [teacher.token(n).number / student.token(n).number for n in (12, 19, 24)]
    served = teacher.generation(1, 15, 9).number / student.generation(1, 15, 9).number

    assert [round(ratio, 1) for ratio in [*ratios, served]] == [102.6, 99.3, 97.0, 100.4]
