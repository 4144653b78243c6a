"""`revenuer prove verify`: what was checked is said, and what was changed is refused."""

from __future__ import annotations

from pathlib import Path

from tests.cli.proving import run


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
