"""Tests of revenuer.cli.prove."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from tests.prove.audit.schemes import Gumbel, marked

from revenuer.cli.main import main
from revenuer.prove.audit.signing import SigningKey
from revenuer.prove.marks.canaries import canaries
from revenuer.prove.marks.keys import WatermarkKey

KEY = WatermarkKey(bytes(range(32)))
PLACE = Path(__file__).parents[2] / "verifier" / "verify_bundle.py"


def run(*words: str | Path) -> Result:
    return CliRunner().invoke(main, ["prove", *map(str, words)])


def lines(place: Path, rows: list[Any]) -> Path:
    place.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return place


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


def test_a_signing_key_is_made_and_its_public_half_printed(tmp_path: Path) -> None:
    said = run("keygen", tmp_path / "k.pem")

    assert said.output == SigningKey.load(tmp_path / "k.pem").public + "\n"
    assert stat.S_IMODE((tmp_path / "k.pem").stat().st_mode) == 0o600
    assert run("keygen", tmp_path / "k.pem").exit_code == 1


def test_marked_text_is_found_and_another_key_finds_nothing(
    tmp_path: Path, key: Path, texts: Path
) -> None:
    KEY.derive("other").save(tmp_path / "other")

    found, none = (
        run("detect", texts, "--key", key),
        run("detect", texts, "--key", tmp_path / "other"),
    )

    assert found.exit_code == none.exit_code == 0
    assert found.output.startswith("Strong evidence against")
    assert "window in a context" in found.output
    assert none.output.startswith("No evidence was found. This does not show innocence")


def test_a_bundle_goes_from_detect_to_both_verifiers(
    tmp_path: Path, key: Path, texts: Path
) -> None:
    (tmp_path / "c.json").write_text(
        json.dumps({"digest": KEY.digest, "at": "2026-11-01T00:00:00+00:00"})
    )
    public = run("keygen", tmp_path / "s.pem").output.strip()
    bundle, ids = tmp_path / "b.json", tmp_path / "ids"

    made = run(
        "detect", texts, "--key", key, "--commitment", tmp_path / "c.json", "--bundle", bundle,
        "--signing-key", tmp_path / "s.pem", "--token-ids", ids, "--picture", tmp_path / "p.svg",
    )  # fmt: skip
    with_all = ["--public-key", public, "--token-ids", str(ids), "--key", str(key)]
    said = run("verify", bundle, *with_all)
    told = json.loads(run("verify", bundle, *with_all, "--json").output)
    single = subprocess.run(  # noqa: S603  # our own file
        [sys.executable, str(PLACE), str(bundle), "--tokens", str(ids), "--key", str(key)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert made.exit_code == 0, made.output
    assert (tmp_path / "p.svg").read_text().startswith("<svg")
    assert "Checked: the signature and every number." in said.output
    assert (told["level"], told["key_is_committed"], told["signed_by"]) == ("key", True, public)
    assert (single.returncode, single.stderr) == (0, "")
    assert told["conclusion"] in single.stdout


def test_a_bundle_is_verified_as_far_as_is_given(tmp_path: Path, key: Path, texts: Path) -> None:
    run("keygen", tmp_path / "s.pem")
    bundle, ids = tmp_path / "b.json", tmp_path / "ids"
    run(
        "detect", texts, "--key", key, "--bundle", bundle, "--signing-key", tmp_path / "s.pem",
        "--token-ids", ids,
    )  # fmt: skip

    assert "no number was computed again" in run("verify", bundle).output
    assert "give --public-key" in run("verify", bundle).output
    assert "No commitment" in run("verify", bundle).output
    assert "p needs the key" in run("verify", bundle, "--token-ids", ids).output
    other = run("verify", bundle, "--public-key", "0" * 64)
    bundle.write_bytes(bundle.read_bytes().replace(b"450", b"451", 1))
    bad, none = run("verify", bundle), run("verify", tmp_path / "none")
    for one, why in ((other, "not by 000"), (bad, "refused"), (none, "cannot read")):
        assert (one.exit_code, one.stdout) == (1, "")
        assert why in one.stderr


def test_what_cannot_be_tested_is_a_sentence(tmp_path: Path, key: Path) -> None:
    (tmp_path / "plain.txt").write_text("Plain words.")
    prompts = lines(tmp_path / "p.jsonl", [{"prompt": "a"}])

    text, asked = (
        run("detect", tmp_path / "plain.txt", "--key", key),
        run("detect", prompts, "--key", key),
    )
    none = run("detect", tmp_path / "none", "--key", key)

    assert "holds text, but a mark lies in token ids" in text.stderr
    assert "try: give --tokenizer DIR" in text.stderr
    assert "prompts only" in asked.stderr
    assert "cannot read" in none.stderr
    assert {text.exit_code, asked.exit_code, none.exit_code} == {1}


def test_the_engine_s_key_comes_from_a_file_only_its_owner_reads(tmp_path: Path) -> None:
    place = tmp_path / "n"
    place.write_text("42\n")
    place.chmod(0o600)
    texts = lines(tmp_path / "t", [marked(42, 300, Gumbel(window=4), np.random.default_rng(1))])

    found = run("detect", texts, "--vllm-key-file", place, "--window", "4", "--json")

    assert json.loads(found.output)["verdict"] == "strong evidence"
    place.chmod(0o644)
    assert "chmod 600" in run("detect", texts, "--vllm-key-file", place).stderr


def test_canaries_point_to_their_campaign(tmp_path: Path) -> None:
    sets = [canaries(KEY, name, 60, choices=4) for name in ("one", "two")]
    places = [tmp_path / one.campaign for one in sets]
    for place, one in zip(places, sets, strict=True):
        place.write_text(json.dumps(one.to_json()))
    said = [{"question": c.question, "answer": c.choices[c.answer]} for c in sets[1].canaries]
    answers = lines(tmp_path / "a", said)
    digests = [word for one in sets for word in ("--commitment", one.digest)]

    found = run("canary", *places, "--answers", answers, *digests, "--json")
    swapped = run("canary", *reversed(places), "--answers", answers, *digests)

    told = json.loads(found.output)
    assert (told["details"]["campaign"], told["verdict"]) == ("two", "strong evidence")
    assert "not the one that was committed to" in swapped.stderr
    assert run("canary", *places).exit_code == 2
    assert run("canary", *places, "--answers", answers, *digests[:2]).exit_code == 2
    assert "no set of canaries" in run("canary", answers, "--answers", answers).stderr


def test_agreement_is_a_rank_among_models(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    ours = rng.integers(0, 50, (20, 10))
    files = [lines(tmp_path / "ours", ours.tolist()), lines(tmp_path / "suspect", ours.tolist())]
    files += [lines(tmp_path / f"c{n}", rng.integers(0, 50, (20, 10)).tolist()) for n in range(24)]

    found = run("agreement", *files, "--json")
    short = run("agreement", files[0], lines(tmp_path / "s", [[1]]), files[2])

    told = json.loads(found.output)
    assert (told["statistic"], told["details"]["controls"]) == (1.0, 24)
    assert told["log10_p"] == pytest.approx(-np.log10(25))
    assert "has 1 outputs" in short.stderr


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


@pytest.mark.slow
@pytest.mark.parametrize("closed", [False, True])
def test_a_model_is_asked_and_the_bundle_comes_out_again(
    tmp_path: Path, key: Path, suspect: Path, closed: bool
) -> None:
    rng = np.random.default_rng(1)
    rows = [
        {"prompt": f"w{n} w{n + 1}", "tokens": rng.integers(0, 50, 40).tolist()} for n in range(12)
    ]
    log = lines(tmp_path / "log.jsonl", rows)
    run("keygen", tmp_path / "s.pem")
    bundle, ids = tmp_path / "b.json", tmp_path / "ids"
    how = ["--closed", "--limit", "30"] if closed else []

    made = run(
        "radioactivity", suspect, log, "--key", key, *how, "--decoys", "9", "--bundle", bundle,
        "--signing-key", tmp_path / "s.pem", "--token-ids", ids, "--picture", tmp_path / "p.svg",
    )  # fmt: skip
    told = run("verify", bundle, "--token-ids", ids, "--key", key)
    single = subprocess.run(  # noqa: S603  # our own file
        [sys.executable, str(PLACE), str(bundle), "--tokens", str(ids), "--key", str(key)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert made.exit_code == 0, made.output
    assert made.output.startswith(("No evidence was found", "Too little"))
    assert "Checked: the signature and every number." in told.output
    assert single.returncode == 0, single.stderr
    assert ids.read_text().startswith("context 0 1\n" + ("text" if closed else "read"))


def test_whole_distributions_are_vouched_for_only(tmp_path: Path, key: Path, suspect: Path) -> None:
    log = lines(tmp_path / "log.jsonl", [{"prompt": "w1", "tokens": [1, 2, 3]}])
    ids = tmp_path / "ids"

    found = run(
        "radioactivity", suspect, log, "--key", key, "--statistic", "whole", "--token-ids", ids,
        "--json",
    )  # fmt: skip

    assert json.loads(found.output)["details"]["statistic"] == "whole"
    assert not ids.exists()


def test_what_is_no_model_is_told(tmp_path: Path, key: Path, texts: Path, suspect: Path) -> None:
    none = run("radioactivity", tmp_path / "none", texts, "--key", key)
    nothing = run("radioactivity", suspect, texts, "--key", key, "--closed")

    assert "no model at" in none.stderr
    assert "nothing to ask" in nothing.stderr


def test_a_planted_question_is_put_to_a_model(tmp_path: Path, suspect: Path) -> None:
    made = canaries(KEY, "one", 3)
    place = lines(tmp_path / "set", [made.to_json()])

    found = run("canary", place, "--suspect", suspect)

    # The model of 64 tokens cannot read a question and answer it: a sentence, not a traceback.
    assert found.exit_code == 1
    assert "do not fit a context of 64" in found.stderr


def test_help_needs_no_kernel() -> None:
    code = (
        "import sys\nfrom revenuer.cli.main import main\n"
        "main(['prove', 'detect', '--help'], standalone_mode=False)\n"
        "print('heavy:', [n for n in ('numpy', 'numba', 'scipy', 'torch') if n in sys.modules])"
    )
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip

    assert done.stdout.endswith("heavy: []\n"), done.stderr
