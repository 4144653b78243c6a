"""What TRL is told: a trainer for each way of learning, fed with token ids in a given order.

* `texts`: cross-entropy on what the teacher wrote (`SFTTrainer`).
* `distributions`: forward divergence from the teacher at each token that it wrote (Hinton et al.
  2015, https://arxiv.org/abs/1503.02531). `DistillationTrainer` learns from the student's own texts
  only; here it is handed the teacher's. Unlike `losses.soft` it does not scale the gradient by the
  square of the temperature.
* `own texts`: reverse divergence from the teacher on what the student writes (Agarwal et al. 2024,
  https://arxiv.org/abs/2306.13649; `DistillationTrainer` as it is).

A trainer sees to a cosine of the rate, to checkpoints and to going on from the last whole one. All
weights are trained, as float32 and on the CPU; adapters (LoRA) are not.
"""

from __future__ import annotations

import json
import random  # noqa: TID251 - to put back what the trainers draw from
import shutil
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from huggingface_hub import constants
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import PrinterCallback, TrainerCallback
from transformers.utils import logging
from trl import DistillationConfig, DistillationTrainer, SFTConfig, SFTTrainer

from revenuer.lab.distil.chats import Row
from revenuer.lab.distil.settings import StudentSettings
from revenuer.models.pretrained import PretrainedModel

#: Steps between two checkpoints: each holds the weights three times.
EVERY = 50
#: What a loss does not look at.
UNSEEN = -100


@dataclass(frozen=True)
class Course:
    """How a student learns.

    Attributes:
        kind: `texts`, `distributions` or `own texts`.
        settings: Rows a step, rate and temperature.
        seed: Of what a student writes.
        folder: Of checkpoints.
    """

    kind: str
    settings: StudentSettings
    seed: int
    folder: Path


def fit(
    student: PretrainedModel, teacher: Any, steps: Sequence[Sequence[Row]], course: Course
) -> list[float]:
    """Train a student in place, going on from the last checkpoint of the same course.

    Args:
        student: What learns; its tokeniser has an end of text.
        teacher: A transformers model over the same vocabulary; not looked at by `texts`.
        steps: The rows of each step, equally many.
        course: How.

    Returns:
        The loss of each step, in nats a token.
    """
    with contained():
        trainer = _trainer(student, teacher, steps, course)
        # It prints to stdout, which is for data.
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(_Kept())
        trainer.train(resume_from_checkpoint=last_whole(course.folder))
        student.model.eval()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def _trainer(
    student: PretrainedModel, teacher: Any, steps: Sequence[Sequence[Row]], course: Course
) -> Any:
    rows = [row for step in steps for row in step]
    common = _common(course, len(steps))
    model, tokeniser = student.model, student.tokeniser
    if course.kind == "texts":
        told = SFTConfig(
            **common,
            max_length=None,
            train_sampling_strategy="sequential",
            dataset_kwargs={"skip_prepare_dataset": True},
        )
        texts = [
            {"input_ids": row.asked + row.said, "labels": [UNSEEN] * len(row.asked) + row.said}
            for row in rows
        ]
        data = Dataset.from_list(texts)
        return _Texts(model, told, train_dataset=data, processing_class=tokeniser)
    is_own = course.kind == "own texts"
    told = DistillationConfig(
        **common,
        shuffle_dataset=False,
        beta=1.0 if is_own else 0.0,
        temperature=1.0 if is_own else course.settings.temperature,
        max_completion_length=max(len(row.said) for row in rows),
    )
    data = Dataset.from_list(
        [{"prompt": row.messages, "asked": row.asked, "said": row.said} for row in rows]
    )
    kind = _OwnTexts if is_own else _Distributions
    return kind(model, teacher, told, train_dataset=data, processing_class=tokeniser)


def _common(course: Course, steps: int) -> dict[str, Any]:
    """Return settings that say what we mean where TRL's own defaults say something else."""
    return {
        "output_dir": str(course.folder),
        "max_steps": steps,
        "per_device_train_batch_size": course.settings.rows,
        "learning_rate": course.settings.rate,
        "lr_scheduler_type": "cosine",
        "warmup_steps": 0.05,
        "weight_decay": 0.01,
        "seed": course.seed,
        "use_cpu": True,
        "bf16": False,
        # The compute account counts no activation twice.
        "activation_checkpointing": False,
        "dataloader_pin_memory": False,
        "remove_unused_columns": False,
        "save_steps": EVERY,
        "save_total_limit": 1,
        "logging_steps": 1,
        "disable_tqdm": True,
        "report_to": "none",
    }


class _Texts(SFTTrainer):
    """Learns from texts."""

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write none: a checkpoint is not for others."""


class _OwnTexts(DistillationTrainer):
    """Learns from its own texts, after requests whose ids are given."""

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """Write none: a checkpoint is not for others."""


class _Distributions(_OwnTexts):
    """Learns from texts that are given instead of written."""

    def _prepare_inputs(self, generation_batch: list[dict[str, Any]]) -> dict[str, Tensor]:
        asked = [torch.tensor(row["asked"]) for row in generation_batch]
        said = [torch.tensor(row["said"]) for row in generation_batch]
        seen = _padded([torch.ones_like(ids) for ids in said], "right")
        return {
            "prompt_ids": _padded(asked, "left"),
            "prompt_mask": _padded([torch.ones_like(ids) for ids in asked], "left"),
            "completion_ids": _padded(said, "right"),
            "completion_mask": seen,
            "num_items_in_batch": seen.sum(),
        }


def _padded(rows: list[Tensor], side: str) -> Tensor:
    return pad_sequence(rows, batch_first=True, padding_side=side)


class _Kept(TrainerCallback):
    """Keeps no checkpoint of the end: who trains saves what came of it."""

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        """Take back what the trainer asked for at its last step."""
        if state.global_step >= state.max_steps:
            control.should_save = False


def last_whole(folder: Path) -> str | None:
    """Return the newest checkpoint that was written to its end; delete those that were not."""
    found: dict[int, Path] = {}
    for place in folder.glob("checkpoint-*"):
        try:
            # Written last.
            told = json.loads((place / "trainer_state.json").read_text(encoding="utf-8"))
            found[int(told["global_step"])] = place
        except (OSError, ValueError, KeyError, TypeError):
            shutil.rmtree(place)
    return str(found[max(found)]) if found else None


@contextmanager
def contained() -> Iterator[None]:
    """Keep to oneself what trainers do to their process.

    They seed its own random streams, which others may draw from, draw bars while they read and
    write, and tell their maker what is trained, unless the hub is switched off.
    """
    numbers, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the one they seed
    was_offline, has_bars = constants.HF_HUB_OFFLINE, logging.is_progress_bar_enabled()
    constants.HF_HUB_OFFLINE = True
    logging.disable_progress_bar()
    try:
        with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
            # TRL asks transformers by a name that is going away.
            warnings.filterwarnings("ignore", "`(is_)?gradient_checkpointing", FutureWarning)
            yield
    finally:
        constants.HF_HUB_OFFLINE = was_offline
        if has_bars:
            logging.enable_progress_bar()
        random.setstate(numbers)
        np.random.set_state(legacy)  # noqa: NPY002 - the one they seed
