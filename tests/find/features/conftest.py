"""What the tests of the features share: stores of texts that are closed again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pytest

from revenuer.find.features import lexicon
from revenuer.find.features.hits import Matcher
from revenuer.find.features.texts import TextStore

StoreOf = Callable[[Sequence[str | None]], TextStore]


@pytest.fixture(scope="session")
def matcher() -> Matcher:
    return Matcher(lexicon.load())


@pytest.fixture
def store_of(tmp_path: Path, matcher: Matcher) -> Iterator[StoreOf]:
    """Return a function that puts texts into a fresh store."""
    stores: list[TextStore] = []

    def make(texts: Sequence[str | None]) -> TextStore:
        store = TextStore(tmp_path / f"words-{len(stores)}.bin", matcher)
        stores.append(store)
        store.intern(pa.array(texts, pa.string()))
        return store

    yield make
    for store in stores:
        store.close()
