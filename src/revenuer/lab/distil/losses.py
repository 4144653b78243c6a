"""What a student minimises, each in nats a token, over the tokens that are learnt.

* `hard`: the tokens that the teacher wrote (sequence-level distillation, Kim and Rush 2016,
  https://arxiv.org/abs/1606.07947).
* `soft`: the teacher's distribution at each token that it wrote (Hinton et al. 2015,
  https://arxiv.org/abs/1503.02531), whole or its likeliest alternatives only.
* `reverse`: the student's divergence from the teacher on what the student itself wrote (Agarwal et
  al. 2024, https://arxiv.org/abs/2306.13649, with beta 1 and all data on-policy).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional


def hard(logits: Tensor, tokens: Tensor, learnt: Tensor) -> Tensor:
    """Return the cross-entropy of the next tokens.

    Args:
        logits: (rows, places, vocabulary) of the token after each place.
        tokens: (rows, places) those tokens.
        learnt: (rows, places) whether they count; at least one does.
    """
    return functional.cross_entropy(logits[learnt], tokens[learnt])


def soft(logits: Tensor, ids: Tensor, logprobs: Tensor, temperature: float) -> Tensor:
    """Return the divergence of the student from the teacher's alternatives.

    Both are taken at the temperature. What the teacher gives beyond its k alternatives is shared
    out among them, so that with k below the vocabulary the student learns to give nothing else.

    Args:
        logits: (tokens, vocabulary) of the student.
        ids: (tokens, k) the teacher's alternatives, each once.
        logprobs: (tokens, k) their natural log probabilities at temperature 1.
        temperature: Above 0; the gradient is scaled by its square, as in the paper.
    """
    wanted = torch.log_softmax(logprobs / temperature, -1)
    told = torch.log_softmax(logits / temperature, -1).gather(1, ids)
    return (wanted.exp() * (wanted - told)).sum(-1).mean() * temperature**2


def reverse(logits: Tensor, teacher: Tensor) -> Tensor:
    """Return the divergence of the student's distribution from the teacher's.

    Args:
        logits: (tokens, vocabulary) of the student.
        teacher: (tokens, vocabulary) the teacher's natural log probabilities.
    """
    told = torch.log_softmax(logits, -1)
    return (told.exp() * (told - teacher)).sum(-1).mean()
