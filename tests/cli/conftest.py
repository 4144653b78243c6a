"""What tests of commands share: a made run folder, a key and marked texts, a small model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from tests.cli.proving import KEY, lines
from tests.prove.audit.schemes import Gumbel, marked
from tests.scripts import load

from revenuer.records import Campaign


@pytest.fixture(scope="module")
def made() -> ModuleType:
    """Return the builders of a run folder."""
    return load(Path(__file__).parents[1] / "report" / "conftest.py")


@pytest.fixture
def write_run(made: ModuleType) -> Callable[..., Path]:
    """Return the function that writes a run folder."""
    write: Callable[..., Path] = made.write_run
    return write


@pytest.fixture
def made_campaign(made: ModuleType) -> Campaign:
    """Return a campaign of 60 accounts."""
    campaign: Campaign = made.campaign()
    return campaign


@pytest.fixture
def hostile(made: ModuleType) -> str:
    """Return what a hostile client would send."""
    return str(made.HOSTILE)


@pytest.fixture
def run_folder(write_run: Callable[..., Path], tmp_path: Path) -> Path:
    """Return a run with one campaign and two groups that are not accused."""
    return write_run(tmp_path / "run")


@pytest.fixture
def key(tmp_path: Path) -> Path:
    KEY.save(tmp_path / "key")
    return tmp_path / "key"


@pytest.fixture
def texts(tmp_path: Path) -> Path:
    rows = [marked(KEY.seed, 150, Gumbel(), np.random.default_rng(n)) for n in range(3)]
    return lines(
        tmp_path / "texts.jsonl", [{"tokens": row, "prompt_tokens": [1, 2]} for row in rows]
    )


@pytest.fixture
def suspect(tmp_path: Path) -> Path:
    """A model that was never trained, with a tokeniser of fifty words."""
    from tokenizers import Tokenizer, pre_tokenizers
    from tokenizers.models import WordLevel

    from revenuer.models import small

    folder = tmp_path / "suspect"
    small.save(small.SmallModel(small.Size(50, 16, 1, 2, 64)), folder)
    words = Tokenizer(WordLevel({f"w{n}": n for n in range(50)}, unk_token="w1"))  # noqa: S106
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.save(str(folder / "tokenizer.json"))
    return folder
