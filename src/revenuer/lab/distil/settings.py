"""What can be set of an experiment, and what each setting says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

METHODS = ("traces", "answers", "logits", "top-k", "on-policy")


@dataclass(frozen=True)
class TeacherSettings:
    """The model that answers.

    Attributes:
        model: Folder, GGUF file, `llamacpp:FILE` or URL; empty trains a small one on the task. A
            server's token is read from the variable REVENUER_TEACHER_TOKEN.
        name: Which of a server's models; its first if empty.
        layers, width, heads, steps, rows, rate, seed: Of the small one.
        system: System message, for a model that is chatted with.
        chats: Whether a transformers model gets problems in its chat template, or as they are.
        active_parameters: Of a model that cannot be looked into; 0 is unknown.
        requests_per_second: Most requests a second to a server; 0 is no limit.
        workers: Requests at a time to a server.
    """

    model: str = ""
    name: str = ""
    layers: int = 4
    width: int = 128
    heads: int = 4
    steps: int = 400
    rows: int = 64
    rate: float = 3e-3
    seed: int = 0
    system: str = ""
    chats: bool = True
    active_parameters: int = 0
    requests_per_second: float = 0.0
    workers: int = 4


@dataclass(frozen=True)
class HarvestSettings:
    """What is asked of the teacher.

    Attributes:
        queries: How many problems.
        temperature: 0 takes the likeliest token.
        max_tokens: Most tokens of a response; 0 takes the task's limit.
        max_usd: Stops before a request that could cost more in all, those of the test included; 0
            is no cap. A server that bills requests it did not answer may charge more.
        seed: Of the sampling.
    """

    queries: int = 4_000
    temperature: float = 1.0
    max_tokens: int = 0
    max_usd: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class StudentSettings:
    """A model that learns.

    Attributes:
        name: In tables and curves, and of a folder.
        method: `traces`, `answers`, `logits`, `top-k` or `on-policy`.
        base: A transformers folder or GGUF file to train further; empty starts a small model.
        queries: How many responses it learns from, one training each; empty takes all.
        seeds: One training each.
        layers, width, heads: Of a small model.
        steps, rows, rate: Of the training.
        temperature: Of distributions, for `logits` and `top-k`.
        top_k: Alternatives of a token, for `top-k`.
    """

    name: str = "student"
    method: str = "traces"
    base: str = ""
    queries: tuple[int, ...] = ()
    seeds: tuple[int, ...] = (0,)
    layers: int = 1
    width: int = 24
    heads: int = 2
    steps: int = 2_400
    rows: int = 64
    rate: float = 5e-3
    temperature: float = 1.0
    top_k: int = 8


@dataclass(frozen=True)
class FidelitySettings:
    """How students are measured.

    Attributes:
        problems: Held-out problems that teacher and students answer.
    """

    problems: int = 500


@dataclass(frozen=True)
class PriceSettings:
    """What things are assumed to cost.

    Attributes:
        usd_per_million_asked: Tokens sent to a served teacher.
        usd_per_million_written: Tokens it writes.
        usd_per_exaflop: 10^18 operations of own hardware; 1.4 is an accelerator of 10^15 a second
            at 40 % use for 2 USD an hour.
    """

    usd_per_million_asked: float = 0.0
    usd_per_million_written: float = 0.0
    usd_per_exaflop: float = 1.4


@dataclass(frozen=True)
class Experiment:
    """One distillation.

    Attributes:
        task: Name and settings of a task.
        defence: What is done to responses before the student sees them, `none` or a transform.
        student: At least one.
        teacher, harvest, fidelity, prices: As their tables say.
    """

    task: Mapping[str, Any] = field(default_factory=lambda: {"name": "chain"})
    teacher: TeacherSettings = TeacherSettings()
    harvest: HarvestSettings = HarvestSettings()
    defence: str = "none"
    student: tuple[StudentSettings, ...] = (StudentSettings(),)
    fidelity: FidelitySettings = FidelitySettings()
    prices: PriceSettings = PriceSettings()
