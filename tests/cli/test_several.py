"""`revenuer prove several`: whoever is one of many pays for all, and ranks flag nobody."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest
from tests.cli.proving import run
from tests.prove.audit.bundles import AT, KEY_FILE, SIGNER, made

from revenuer.prove.audit.bundle import EvidenceBundle, Statement
from revenuer.prove.audit.evidence import Evidence


def bundle(place: Path, *tests: Evidence) -> Path:
    held = EvidenceBundle([Statement(test, {}) for test in tests], [], None, "revenuer 0", AT)
    place.write_bytes(held.sign(SIGNER).to_json())
    return place


def evidence(log10_p: float, log10_e: float | None = None, test: str = "detect") -> Evidence:
    return Evidence(test, "n", 900, 900, 1.0, log10_p, log10_e=log10_e)


def test_who_was_flagged_alone_may_not_be_among_twenty(tmp_path: Path) -> None:
    strong = bundle(tmp_path / "strong", evidence(-9.0, 8.0))
    weak = bundle(tmp_path / "weak", evidence(-4.5, 4.4))
    others = [bundle(tmp_path / f"{n}", evidence(-n / 100, -1.0)) for n in range(18)]

    one = run("several", weak)
    holm = run("several", weak, strong, *others)
    e_bh = run("several", weak, strong, *others, "--method", "e-bh")

    assert one.output.startswith("1 of 1 stay flagged. The chance that any of them is so by luck")
    assert f"{weak}: evidence; corrected p at most 10^-4.5." in one.output
    assert holm.output.startswith("1 of 20 stay flagged.")
    # Holm: times 20 for the best, 19 for the next. e-BH: 20 / (1 e), then 20 / (2 e).
    assert f"{strong}: strong evidence; corrected p at most 10^-7.6." in holm.output
    assert f"{weak}: no evidence; corrected p at most 10^-3.2." in holm.output
    assert f"{strong}: strong evidence; false discovery rate at most 10^-6.6." in e_bh.output
    assert f"{weak}: no evidence; false discovery rate at most 10^-3.4." in e_bh.output
    assert "not shown innocent" in holm.output


def test_ranks_and_too_little_flag_nobody_and_tests_of_one_suspect_are_combined(
    tmp_path: Path,
) -> None:
    order = bundle(tmp_path / "order", evidence(-30.0, 29.0, "order"))
    thin = bundle(tmp_path / "thin", dataclasses.replace(evidence(-30.0, 29.0), scored=199))
    two = bundle(tmp_path / "two", evidence(-9.0, 8.0), evidence(-30.0, 29.0, "order"))

    said = run("several", order, thin, two, "--json").output.splitlines()
    rows = {row["bundle"]: row for row in map(json.loads, said)}

    assert [rows[str(place)]["is_flagged"] for place in (order, thin, two)] == [False, False, True]
    assert rows[str(thin)]["verdict"] == "too little to tell"
    assert rows[str(two)]["log10_corrected"] == pytest.approx(-9 + 0.301 + 0.477, abs=1e-3)
    assert rows[str(two)]["signed_by"] == SIGNER.public
    assert rows[str(two)]["level"] == "signature"


def test_each_is_verified_with_what_is_its_own(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(KEY_FILE)
    places = []
    for name, one in (("a", made()), ("b", made([[1, 2, 3]]))):
        (tmp_path / name).write_bytes(one.data)
        (tmp_path / f"{name}.ids").write_bytes(one.token_ids)
        places += ["--token-ids", tmp_path / f"{name}.ids"]
    both = (tmp_path / "a", tmp_path / "b", *places, "--key", tmp_path / "key")

    rows = [json.loads(line) for line in run("several", *both, "--json").output.splitlines()]
    stray = run("several", tmp_path / "a", *places)
    other = run("several", *both, "--public-key", "0" * 64)
    (tmp_path / "b").write_bytes(made([[1, 2, 3]]).data.replace(b"3", b"4", 1))
    bad = run("several", *both)

    assert [row["level"] for row in rows] == ["key", "key"]
    for one, why in (
        (stray, "no bundle is about"), (other, "not by 000"), (bad, "/b: the bundle is refused"),
    ):  # fmt: skip
        assert (one.exit_code, one.stdout) == (1, "")
        assert why in one.stderr


def test_nobody_is_counted_twice_and_e_values_must_be_there(tmp_path: Path) -> None:
    one, same = (bundle(tmp_path / name, evidence(-9.0)) for name in "ab")

    assert "given already" in run("several", one, same).stderr
    assert "given already" in run("several", one, one).stderr
    assert "has no e-value" in run("several", one, "--method", "e-bh").stderr
