"""Settings come from the environment, and every one of them explains itself."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from answerable.api import Settings, SettingsInvalid, load_settings


def test_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable with the prefix sets its field; an empty one does not."""
    monkeypatch.setenv("ANSWERABLE_INDEX", "elsewhere")
    monkeypatch.setenv("ANSWERABLE_K", "3")
    monkeypatch.setenv("ANSWERABLE_PORT", "")
    settings = load_settings()
    assert (settings.index, settings.k, settings.port) == (Path("elsewhere"), 3, 8080)


def test_overrides_win_unless_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An option given beats the environment; one left out does not."""
    monkeypatch.setenv("ANSWERABLE_PORT", "81")
    assert load_settings(port=82, host=None) == Settings(port=82)
    assert load_settings(port=None).port == 81


def test_a_limit_overrules_the_variable_of_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two limits are one too many only where the same place gives both."""
    monkeypatch.setenv("ANSWERABLE_MIN_PROBABILITY", "0.8")
    settings = load_settings(max_error=0.1)
    assert (settings.min_probability, settings.max_error) == (None, 0.1)
    monkeypatch.setenv("ANSWERABLE_MAX_ERROR", "0.1")
    with pytest.raises(SettingsInvalid):
        load_settings()


def test_impossible_value_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bad variable is an error that names it."""
    monkeypatch.setenv("ANSWERABLE_K", "many")
    with pytest.raises(SettingsInvalid, match="ANSWERABLE_K") as raised:
        load_settings()
    assert "\n" not in str(raised.value)


def test_settings_are_frozen() -> None:
    """Nobody changes the settings on the way."""
    with pytest.raises(ValidationError, match="frozen"):
        Settings().k = 3


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_described(name: str) -> None:
    """Each field says what it is for."""
    assert len(Settings.model_fields[name].description or "") > 20
