"""Tests of revenuer.settings."""

from __future__ import annotations

import dataclasses

import pytest

from revenuer.settings import Settings


def test_every_setting_is_explained() -> None:
    text = Settings.__doc__ or ""

    for field in dataclasses.fields(Settings):
        assert field.name in text


def test_defaults_leave_identifiers_and_keep_little_text() -> None:
    settings = Settings()

    assert settings.fdr == 0.01
    assert settings.retain_text == "evidence"
    assert settings.pseudonym_key is None
    assert not settings.is_null


def test_settings_do_not_change_and_share_nothing() -> None:
    settings = Settings()

    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.fdr = 0.5  # type: ignore[misc]  # that it cannot be set is the point
    assert settings.column_map is not Settings().column_map
