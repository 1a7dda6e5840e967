import os
from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import Settings, load_settings, variable

KEY = "s3cr3t-k3y-0123456789"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_without_any_setting_there_are_defaults() -> None:
    settings = load_settings()

    assert settings.data_dir == Path(".tramontane")
    assert (settings.chat, settings.embedding, settings.library) == ("auto", "auto", "documents")
    assert settings.mistral_api_key is None
    assert (settings.host, settings.port) == ("127.0.0.1", 7860)


@pytest.mark.parametrize(
    ("name", "value", "wrong"),
    [
        ("TRAMONTANE_PORT", "many", "must be a whole number from 0 to 65535, not 'many'."),
        ("TRAMONTANE_PORT", "65536", "must be a whole number from 0 to 65535, not '65536'."),
        ("TRAMONTANE_PASSAGES", "0", "must be a whole number from 1 to 50, not '0'."),
        ("TRAMONTANE_PASSAGES", "51", "must be a whole number from 1 to 50, not '51'."),
        (
            "TRAMONTANE_CHAT_CONTEXT_TOKENS",
            "1023",
            "must be a whole number of at least 1024, not '1023'.",
        ),
        (
            "TRAMONTANE_REQUEST_TIMEOUT_SECONDS",
            "0",
            "must be a number above 0 and of at most 600, not '0'.",
        ),
        ("TRAMONTANE_REQUEST_TIMEOUT_SECONDS", "nan", "must be a number above 0"),
        ("TRAMONTANE_MAX_FILE_MB", "-1", "must be a whole number from 1 to 2000, not '-1'."),
        ("TRAMONTANE_MAX_PAGES", "1.5", "must be a whole number of at least 1, not '1.5'."),
        (
            "TRAMONTANE_EMBEDDING",
            "bge",
            "must be auto, all-MiniLM-L6-v2, mistral-embed, or an address",
        ),
        ("TRAMONTANE_MISTRAL_URL", "api.mistral.ai", "must start with http:// or https://."),
        ("TRAMONTANE_SAMPLES", "perhaps", "must be true or false, not 'perhaps'."),
        ("TRAMONTANE_CHAT", "  ", "must not be empty."),
        ("TRAMONTANE_LIBRARY", "x" * 101, "must have at most 100 characters."),
        (
            "TRAMONTANE_DATA_DIR",
            "~nobody-of-this-name/x",
            "is wrong: ~nobody-of-this-name/x is the",
        ),
    ],
)
@pytest.mark.parametrize("place", ["environment", ".env", "lower case"])
def test_a_wrong_value_is_named_in_one_sentence(
    name: str, value: str, wrong: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == ".env":
        Path(".env").write_text(f'{name}="{value}"\n', encoding="utf-8")
    else:
        monkeypatch.setenv(name.lower() if place == "lower case" else name, value)

    with pytest.raises(SettingsError) as caught:
        load_settings()

    message = str(caught.value)
    assert message.startswith(f"{name} {wrong}")
    assert "\n" not in message


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("TRAMONTANE_PROT", "Did you mean TRAMONTANE_PORT?"),
        ("TRAMONTANE_DATADIR", "Did you mean TRAMONTANE_DATA_DIR?"),
        ("tramontane_chta", "Did you mean TRAMONTANE_CHAT?"),
        ("TRAMONTANE_MISTRAL_API_KEY", "Did you mean MISTRAL_API_KEY?"),
        ("TRAMONTANE_XYZZY", "See the README's table."),
    ],
)
@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_variable_that_is_no_setting_is_refused(
    name: str, hint: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if place == ".env":
        Path(".env").write_text(f"{name}=1\n", encoding="utf-8")
    else:
        monkeypatch.setenv(name, "1")

    with pytest.raises(SettingsError) as caught:
        load_settings()

    assert str(caught.value) == f"{name.upper()} is not a setting. {hint}"


def test_the_environment_wins_over_dotenv_and_a_command_line_over_both(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Path(".env").write_text(
        "TRAMONTANE_PORT=1\nTRAMONTANE_LIBRARY=dotenv\nTRAMONTANE_HOST=::1\nOTHER=2\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("TRAMONTANE_PORT", "2")
    monkeypatch.setenv("TRAMONTANE_LIBRARY", "environment")

    settings = load_settings({"library": "given"})

    assert (settings.host, settings.port, settings.library) == ("::1", 2, "given")


def test_a_wrong_value_of_a_command_line_names_its_variable() -> None:
    with pytest.raises(SettingsError, match=r"^TRAMONTANE_EMBEDDING must be "):
        load_settings({"embedding": "bge"})


def test_an_empty_variable_is_none_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAMONTANE_PORT", "")
    monkeypatch.setenv("MISTRAL_API_KEY", "")
    Path(".env").write_text("TRAMONTANE_CHAT=\n", encoding="utf-8")

    settings = load_settings()

    assert (settings.port, settings.chat, settings.mistral_api_key) == (7860, "auto", None)


def test_space_around_a_value_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TRAMONTANE_CHAT", " reader ")

    assert load_settings().chat == "reader"


def test_a_tilde_is_the_home_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    Path(".env").write_text('TRAMONTANE_DATA_DIR="~/papers"\n', encoding="utf-8")

    assert load_settings().data_dir == tmp_path / "papers"


def test_a_dotenv_that_is_not_utf8_is_refused() -> None:
    Path(".env").write_bytes(b"TRAMONTANE_LIBRARY=caf\xe9\n")

    with pytest.raises(SettingsError, match=r"The file .env cannot be read. Save it as UTF-8"):
        load_settings()


def test_vendors_variables_keep_their_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    monkeypatch.setenv("SPACE_ID", "me/space")

    settings = load_settings()

    assert settings.mistral_api_key is not None
    assert settings.mistral_api_key.get_secret_value() == KEY
    assert settings.space_id == "me/space"
    assert variable("mistral_api_key") == "MISTRAL_API_KEY"
    assert variable("port") == "TRAMONTANE_PORT"


def test_a_key_is_never_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MISTRAL_API_KEY", KEY)
    monkeypatch.setenv("TRAMONTANE_CHAT_API_KEY", KEY)
    settings = load_settings()
    monkeypatch.setenv("TRAMONTANE_PORT", "many")

    with pytest.raises(SettingsError) as caught:
        load_settings()

    shown = [repr(settings), str(settings), settings.model_dump_json(), str(caught.value)]
    assert KEY not in " ".join([*shown, repr(caught.value), repr(caught.value.__cause__)])


def test_every_setting_has_a_description_for_the_table() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_evaluation_directory_is_no_setting_and_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TRAMONTANE_EVAL_DIR", os.curdir)

    assert load_settings().library == "documents"


@pytest.mark.parametrize(
    ("value", "vocabulary"),
    [
        ("none", "none"),
        ("NONE", "none"),
        ("./none", Path("none")),
        ("", None),
        ("a.txt", Path("a.txt")),
    ],
)
def test_the_vocabulary_is_a_file_or_none(
    value: str, vocabulary: Path | str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRAMONTANE_VOCABULARY", value)
    assert load_settings().vocabulary == vocabulary
    assert load_settings({"vocabulary": value}).vocabulary == vocabulary
