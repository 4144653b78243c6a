"""How many floating-point operations a model takes, worked out from its shape.

Counted: products of matrices, one multiplication with its addition being two operations; attention
as it is computed, every place against every place of the text even where later ones are masked.
Not counted: embeddings looked up, norms, rotations, activations, softmax, the optimiser: together
they grow with the width, and products with its square. torch's `FlopCounterMode` counts the same
[1], if attention runs by the kernel it knows (`SDPBackend.MATH` on a CPU); tests hold both
together.

A backward pass costs two forward passes, one for the gradients of the weights and one for those of
the activations. Where activations are computed again instead of kept, each block runs forward a
second time but for its last product, whose result nobody needs.

Of a model whose shape is not known, two operations a parameter and token is an estimate: it leaves
attention out, and the embeddings in [2].

[1] https://docs.pytorch.org/docs/stable/torch.utils.html (torch.utils.flop_counter)
[2] J. Kaplan et al. Scaling laws for neural language models, section 2.1. arXiv:2001.08361
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from revenuer.errors import InputError

if TYPE_CHECKING:
    from revenuer.models.small import Size

#: Architectures of transformers that are built like Llama: grouped-query attention and a gated
#: feed-forward layer of three matrices, in every block.
LIKE_LLAMA = ("llama", "mistral", "qwen2", "qwen3", "smollm3")


@dataclass(frozen=True)
class Flops:
    """A number of operations.

    Attributes:
        number: At least 0.
        counted: Whether from the shape of the model; if not, it is an estimate.
    """

    number: int
    counted: bool = True

    def __add__(self, other: Flops) -> Flops:
        """Return both together: counted if both are."""
        return Flops(self.number + other.number, self.counted and other.counted)

    def __mul__(self, times: int) -> Flops:
        """Return the same, so many times."""
        return Flops(self.number * times, self.counted)


class Operations(Protocol):
    """What a model's work takes."""

    def forward(self, rows: int, length: int) -> Flops:
        """Return what reading (rows, length) tokens takes, with a prediction at each."""
        ...

    def generation(self, rows: int, prompt: int, written: int) -> Flops:
        """Return what writing so many tokens after each prompt takes, keys and values kept.

        The token written last is not read again. Nothing is taken if nothing is written.
        """
        ...

    def training(self, rows: int, length: int, *, recomputes: bool = False) -> Flops:
        """Return what one step of training on (rows, length) tokens takes.

        Args:
            rows: Texts.
            length: Tokens of each that the model reads.
            recomputes: Whether activations of each block are computed again for the backward pass.
        """
        ...

    def token(self, context: int) -> Flops:
        """Return what one more token takes that looks at `context` tokens, itself among them."""
        ...


@dataclass(frozen=True)
class Decoder:
    """A decoder whose blocks are attention and a feed-forward layer.

    Attributes:
        layers: Blocks.
        width: Of the hidden state.
        query_width: Of all heads' queries together.
        key_width: Of all heads' keys together; values have the same.
        feed_width: Of the feed-forward layer inside.
        feed_matrices: 2, or 3 if it is gated.
        vocabulary: Columns of the head.
        predicts_prompt: Whether generation predicts at each token of the prompt, not at its last
            only.
    """

    layers: int
    width: int
    query_width: int
    key_width: int
    feed_width: int
    feed_matrices: int
    vocabulary: int
    predicts_prompt: bool

    def forward(self, rows: int, length: int) -> Flops:
        """Return what reading (rows, length) tokens takes, with a prediction at each."""
        return Flops(rows * length * self._token(length))

    def generation(self, rows: int, prompt: int, written: int) -> Flops:
        """Return what writing takes; see `Operations`."""
        if written < 1:
            return Flops(0)
        spared = 0 if self.predicts_prompt else 2 * self._head * (prompt - 1)
        further = sum(self._token(prompt + n) for n in range(1, written))
        return self.forward(rows, prompt) + Flops(rows * (further - spared))

    def training(self, rows: int, length: int, *, recomputes: bool = False) -> Flops:
        """Return what one step of training takes; see `Operations`."""
        again = self._token(length) - 2 * self._head - 2 * self.layers * self._last
        return self.forward(rows, length) * 3 + Flops(recomputes * rows * length * again)

    def token(self, context: int) -> Flops:
        """Return what one more token takes."""
        return Flops(self._token(context))

    def _token(self, context: int) -> int:
        projections = 2 * self.width * (self.query_width + self.key_width)
        feed = self.feed_matrices * self.width * self.feed_width
        # Queries with keys, then weights with values.
        attention = 2 * context * self.query_width
        return 2 * (self.layers * (projections + feed + attention) + self._head)

    @property
    def _head(self) -> int:
        return self.width * self.vocabulary

    @property
    def _last(self) -> int:
        return self.width * self.feed_width


@dataclass(frozen=True)
class Estimate:
    """A model of which nothing but its number of parameters is known.

    Attributes:
        active_parameters: Those that a token passes through, at least 1.
    """

    active_parameters: int

    def __post_init__(self) -> None:
        if self.active_parameters < 1:
            raise InputError(
                f"no model has {self.active_parameters} active parameters",
                hint="give what its maker says: for a mixture of experts, those of one token",
            )

    def forward(self, rows: int, length: int) -> Flops:
        """Return about what reading (rows, length) tokens takes."""
        return self.token(length) * (rows * length)

    def generation(self, rows: int, prompt: int, written: int) -> Flops:
        """Return about what writing takes; see `Operations`."""
        return self.token(prompt) * (rows * (prompt + written - 1) if written > 0 else 0)

    def training(self, rows: int, length: int, *, recomputes: bool = False) -> Flops:
        """Return about what one step of training takes; see `Operations`."""
        return self.forward(rows, length) * (4 if recomputes else 3)

    def token(self, context: int) -> Flops:
        """Return about what one more token takes, whatever it looks at."""
        return Flops(2 * self.active_parameters, counted=False)


def of_size(size: Size) -> Decoder:
    """Return the operations of a small model of the project's own."""
    return Decoder(
        layers=size.layers,
        width=size.width,
        query_width=size.width,
        key_width=size.width,
        feed_width=4 * size.width,
        feed_matrices=2,
        vocabulary=size.vocabulary,
        predicts_prompt=True,
    )


def of_config(config: Any) -> Decoder | None:
    """Return the operations of a model of transformers, or None if it is not built like Llama.

    Args:
        config: Its `PretrainedConfig`.
    """
    if getattr(config, "model_type", None) not in LIKE_LLAMA:
        return None
    heads = config.num_attention_heads
    head_width = getattr(config, "head_dim", None) or config.hidden_size // heads
    key_heads = getattr(config, "num_key_value_heads", None) or heads
    return Decoder(
        layers=config.num_hidden_layers,
        width=config.hidden_size,
        query_width=heads * head_width,
        key_width=key_heads * head_width,
        feed_width=config.intermediate_size,
        feed_matrices=3,
        vocabulary=config.vocab_size,
        predicts_prompt=False,
    )
