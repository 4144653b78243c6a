"""Tests of revenuer.find.ingest.files."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from revenuer.errors import InputError
from revenuer.find.ingest import files


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with logs on two floors, hidden files beside them."""
    for name in ("b.jsonl", "a.jsonl", "below/c.jsonl", "_SUCCESS", ".hidden", ".git/d.jsonl"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
    return tmp_path


def names(found: list[files.LogFile], folder: Path) -> list[str]:
    return [str(Path(file.name).relative_to(folder)) for file in found]


def test_a_folder_means_its_files_sorted_and_hidden_ones_left_out(folder: Path) -> None:
    assert names(files.find([str(folder)]), folder) == ["a.jsonl", "b.jsonl", "below/c.jsonl"]


def test_a_glob_means_what_it_matches(folder: Path) -> None:
    assert names(files.find([f"{folder}/*.jsonl"]), folder) == ["a.jsonl", "b.jsonl"]
    assert len(files.find([f"{folder}/**/*.jsonl"])) == 3


def test_an_address_means_the_same_files(folder: Path) -> None:
    found = files.find([f"file://{folder}"])

    assert found[0].name == f"file://{folder}/a.jsonl"
    assert len(found) == 3


def test_a_file_given_twice_is_there_once_and_order_of_arguments_is_none(folder: Path) -> None:
    one, two = str(folder / "a.jsonl"), str(folder / "b.jsonl")

    assert files.find([two, one, two]) == files.find([one, two])


def test_files_that_are_no_logs_are_left_out(folder: Path) -> None:
    found = files.find([str(folder)], leave_out=[str(folder / "below" / ".." / "b.jsonl")])

    assert names(found, folder) == ["a.jsonl", "below/c.jsonl"]


def test_a_folder_that_is_left_out_is_left_out_whole(folder: Path) -> None:
    found = files.find([str(folder)], leave_out=[str(folder / "below")])

    assert names(found, folder) == ["a.jsonl", "b.jsonl"]


def test_run_folders_inside_a_folder_are_no_logs(folder: Path) -> None:
    for name in ("below/run.json", "below/campaigns.json", "now.lock"):
        (folder / name).write_text("{}" if name != "now.lock" else "")

    assert names(files.find([str(folder)]), folder) == ["a.jsonl", "b.jsonl"]


def test_logs_beside_a_run_json_of_another_program_are_read(folder: Path) -> None:
    (folder / "below" / "run.json").write_text("{}")

    found = names(files.find([str(folder)]), folder)

    assert found == ["a.jsonl", "b.jsonl", "below/c.jsonl", "below/run.json"]


def test_nothing_there_is_an_error_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no log at .*absent") as caught:
        files.find([str(tmp_path / "absent")])
    assert caught.value.hint == "give a file, a folder, a glob or an address"
    with pytest.raises(InputError, match="no log at file://"):
        files.find([f"file://{tmp_path}/absent"])
    for odd in ("a\0b", "x" * 5_000, "[", ""):
        with pytest.raises(InputError, match="no log at"):
            files.find([odd])
    with pytest.raises(InputError, match="cannot be opened"):
        files.find(["nosuchscheme://bucket/key"])


def test_credentials_in_an_address_are_not_repeated() -> None:
    with pytest.raises(InputError) as caught:
        files.find(["nosuchscheme://key:secret@bucket/logs"])

    assert str(caught.value).startswith("nosuchscheme://bucket/logs cannot be opened")
    assert "secret" not in str(caught.value)


def test_one_means_one(folder: Path) -> None:
    assert files.one(str(folder / "a.jsonl")).size_bytes == 7
    with pytest.raises(InputError, match="is not one file"):
        files.one(str(folder))


def test_bytes_are_decompressed_by_content_and_digested_as_stored(tmp_path: Path) -> None:
    packed = gzip.compress(b"hello" * 1_000)
    path = tmp_path / "named.txt"
    path.write_bytes(packed)
    file = files.one(str(path))

    with file.stream() as stream:
        assert stream.read() == b"hello" * 1_000
    assert file.digest() == hashlib.sha256(packed).hexdigest()
    assert file.head() == packed[:4]
