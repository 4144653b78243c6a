"""Two models of one family over one vocabulary, for methods that compare their distributions.

Models of one family often differ in rows at the end of their embeddings that stand for no token:
152,064 rows here, 151,936 there, for one tokeniser. What both have is compared, and the rest is cut
off: of the student for good, of the teacher for the comparison.
"""

from __future__ import annotations

import copy
from typing import Any

from torch import nn

from revenuer.errors import InputError
from revenuer.lab.distil import methods
from revenuer.models.pretrained import PretrainedModel


def shared(student: PretrainedModel, teacher: PretrainedModel, sample: str) -> Any:
    """Return the teacher's model over the student's tokens; cut the student's rows to fit.

    Args:
        student: Loses rows that stand for no token.
        teacher: Stays as it is; what is returned looks at its weights.
        sample: A text that both must cut alike.

    Raises:
        InputError: An id means one token to the student and another to the teacher, or none.
    """
    methods.check_tokeniser(teacher, student.encode(sample), sample)
    size = min(_rows(student.model), _rows(teacher.model))
    its = {number: token for token, number in teacher.tokeniser.get_vocab().items()}
    for token, number in student.tokeniser.get_vocab().items():
        if number >= size or its.get(number, token) != token:
            raise InputError(
                f"the student's token {token!r} is another one, or none, to {teacher.name}",
                hint="learn from `traces`, or take a teacher of the student's family",
            )
    if _rows(student.model) > size:
        student.model.resize_token_embeddings(size)
    return teacher.model if _rows(teacher.model) == size else _narrowed(teacher.model, size)


def _rows(model: Any) -> int:
    return int(model.config.get_text_config().vocab_size)


def _narrowed(model: Any, size: int) -> Any:
    """Return a view of a model that predicts its first tokens only."""
    narrow = copy.copy(model)
    # The copy shares the table of its parts with the original.
    narrow._modules = dict(model._modules)
    narrow.config = copy.deepcopy(model.config)
    narrow.config.get_text_config().vocab_size = size
    whole = model.get_output_embeddings()
    head = nn.Linear(whole.in_features, size, bias=whole.bias is not None, device="meta")
    head.weight = nn.Parameter(whole.weight[:size], requires_grad=False)
    if whole.bias is not None:
        head.bias = nn.Parameter(whole.bias[:size], requires_grad=False)
    narrow.set_output_embeddings(head)
    return narrow
