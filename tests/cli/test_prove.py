"""Tests of revenuer.cli.prove."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.cli.proving import KEY, lines, run
from tests.prove.audit.schemes import Gumbel, marked

from revenuer.prove.audit.signing import SigningKey

PLACE = Path(__file__).parents[2] / "verifier" / "verify_bundle.py"


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


def test_a_copy_of_the_prompt_is_no_evidence_and_a_prompt_without_tokens_is_refused(
    tmp_path: Path, key: Path
) -> None:
    copied = marked(KEY.seed, 300, Gumbel(), np.random.default_rng(1))
    with_ids = lines(tmp_path / "a", [{"tokens": copied, "prompt_tokens": copied, "prompt": "x"}])
    without = lines(tmp_path / "b", [{"tokens": copied, "prompt": "x"}])

    assert run("detect", with_ids, "--key", key).output.startswith("Too little to tell")
    refused = run("detect", without, "--key", key)
    assert (refused.exit_code, refused.stdout) == (1, "")
    assert "cannot be left out without its tokens" in refused.stderr


def test_the_engine_s_key_comes_from_a_file_only_its_owner_reads(tmp_path: Path) -> None:
    place = tmp_path / "n"
    place.write_text("42\n")
    place.chmod(0o600)
    texts = lines(tmp_path / "t", [marked(42, 300, Gumbel(window=4), np.random.default_rng(1))])

    found = run("detect", texts, "--vllm-key-file", place, "--window", "4", "--json")

    assert json.loads(found.output)["verdict"] == "strong evidence"
    place.chmod(0o644)
    assert "chmod 600" in run("detect", texts, "--vllm-key-file", place).stderr


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

    found = run("radioactivity", suspect, log, "--key", key, "--statistic", "whole", "--json")

    assert json.loads(found.output)["details"]["statistic"] == "whole"


def test_what_would_be_passed_over_is_wrong_usage(tmp_path: Path, key: Path, suspect: Path) -> None:
    log = lines(tmp_path / "log.jsonl", [{"prompt": "w1", "tokens": [1, 2, 3]}])
    engines = tmp_path / "n"
    engines.write_text("42")
    engines.chmod(0o600)
    whole = ["--key", key, "--statistic", "whole"]

    for how, why in (
        ([*whole, "--token-ids", tmp_path / "ids"], "--token-ids needs --statistic tokens"),
        ([*whole, "--closed"], "suspect writes and reads nothing"),
        (["--key", key, "--closed", "--supervised"], "suspect writes and reads nothing"),
        (["--key", key, "--ours", suspect], "need each other"),
        (["--key", key, "--statistic", "contrast"], "need each other"),
        (["--vllm-key-file", engines, "--decoys", "9"], "--decoys needs a key"),
        (["--key", key, "--closed", "--temperature", "nan"], "nan is not a number"),
    ):
        refused = run("radioactivity", suspect, log, *how)
        assert (refused.exit_code, refused.stdout) == (2, "")
        assert why in refused.stderr


def test_what_is_no_model_is_told(tmp_path: Path, key: Path, texts: Path, suspect: Path) -> None:
    none = run("radioactivity", tmp_path / "none", texts, "--key", key)
    nothing = run("radioactivity", suspect, texts, "--key", key, "--closed")

    assert "no model at" in none.stderr
    assert "nothing to ask" in nothing.stderr


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
