"""The settings: the only reader of the environment."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, DotEnvSettingsSource, SettingsConfigDict

from rag.errors import SettingsError

PREFIX = "TRAMONTANE_"
UNPREFIXED = frozenset({"mistral_api_key", "space_id"})  # named by their vendors
DOTENV = ".env"
# Read by tests and benchmarks.
NOT_SETTINGS = frozenset({"TRAMONTANE_EVAL_DIR", "TRAMONTANE_VLLM_ENV"})


class Settings(BaseSettings):
    """Every setting, read once from the environment and `.env` by an entry point."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=DOTENV,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        env_ignore_empty=True,
        str_strip_whitespace=True,
        hide_input_in_errors=True,
    )

    data_dir: Path = Field(
        Path(".tramontane"), description="Where documents and their index are kept."
    )
    library: str = Field(
        "documents", min_length=1, max_length=100, description="The library that is used."
    )
    chat: str = Field(
        "auto",
        min_length=1,
        description="Who answers: `auto` (La Plateforme with a key, else the embedded reader), "
        "`reader`, the name of a model on La Plateforme, the URL of an OpenAI-style server such as "
        "`http://127.0.0.1:8000/v1`, or `vllm:` and a model that is loaded in this process.",
    )
    chat_model: str | None = Field(
        None, description="Which of that server's models; the first it lists when unset."
    )
    chat_api_key: SecretStr | None = Field(None, description="That server's key, if it has one.")
    chat_context_tokens: int | None = Field(
        None,
        ge=1024,
        description="How many tokens that server's model reads, where the server does not say; or "
        "how many a model in this process is to read.",
    )
    vllm_tensor_parallel: int = Field(
        1, ge=1, le=64, description="Over how many GPUs a model in this process is spread."
    )
    vllm_options: str | None = Field(
        None,
        description="Further options for it, as `vllm serve` takes them, such as "
        "`--gpu-memory-utilization 0.8 --quantization fp8`.",
    )
    embedding: str = Field(
        "auto",
        pattern=r"^(auto|all-MiniLM-L6-v2|mistral-embed|https?://.+)$",
        description="Who embeds: `auto` (mistral-embed for a new library with a key, else the "
        "embedded model; the recorded one for a library that exists), `all-MiniLM-L6-v2`, "
        "`mistral-embed`, or the URL of an OpenAI-style server such as `http://127.0.0.1:8001/v1`.",
    )
    embedding_model: str | None = Field(
        None, description="Which of that server's models; the first it lists when unset."
    )
    embedding_api_key: SecretStr | None = Field(
        None, description="That server's key, if it has one."
    )
    mistral_api_key: SecretStr | None = Field(
        None,
        validation_alias=AliasChoices("mistral_api_key", "MISTRAL_API_KEY"),
        description="The key of La Plateforme.",
    )
    mistral_url: str = Field(
        "https://api.mistral.ai",
        pattern=r"^https?://[^/]+",
        description="La Plateforme's address; `https://api.eu.mistral.ai` stays in Europe.",
    )
    native_citations: bool = Field(
        False,
        description="Whether the models of La Plateforme are shown what was found as the result of "
        "a search, to which they refer by themselves, rather than asked to mark what they cite.",
    )
    passages: int = Field(8, ge=1, le=50, description="How many passages an answer may draw on.")
    bar: float = Field(
        0.05,
        ge=0,
        le=1,
        description="How little evidence is too little to answer: at `0.05` about one in twenty of "
        "the questions that the documents do answer is refused, at `0` none is.",
    )
    strict: bool = Field(
        True,
        description="Whether a question is refused that the documents do not answer; with `false` "
        "the model then answers by itself, and the answer says so.",
    )
    vocabulary: Path | Literal["none"] | None = Field(
        None,
        description="A text file of what people say and how your documents put it, a line such as "
        "`capex; capital spending = capital expenditures` each; it adds to what comes with "
        "Tramontane. `none` leaves that out, too: questions are searched in their own words.",
    )
    rerank: str = Field(
        "off",
        pattern=r"^(off|chat|https?://.+)$",
        description="Who puts the first passages in a better order: `off`, `chat` (a request more "
        "to the model that answers, for each search), or the URL of a server with `/v1/rerank` "
        "such as `http://127.0.0.1:8002`.",
    )
    rerank_model: str | None = Field(
        None, description="Which of that server's models; the first it lists when unset."
    )
    rerank_api_key: SecretStr | None = Field(None, description="That server's key, if it has one.")
    tools: str | None = Field(
        None,
        description="A Python module of your own, by its file (`my_tools.py`) or its dotted name, "
        "whose functions become tools that the model may call.",
    )
    moderation: Literal["off", "mistral"] = Field(
        "off",
        description="Who judges each question before it is answered, and what a model wrote before "
        "it stands as an answer: `off`, or `mistral` (La Plateforme). What it finds harm in is "
        "refused, and so is everything while it cannot be reached.",
    )
    request_timeout_seconds: float = Field(
        60.0, gt=0, le=600, description="How long a model's server may be silent."
    )
    max_file_mb: int = Field(50, ge=1, le=2000, description="The largest file that is taken in.")
    max_pages: int = Field(2000, ge=1, description="The longest document that is taken in.")
    ocr: Literal["auto", "mistral", "tesseract", "off"] = Field(
        "auto",
        description="Who reads pages without text: `auto` (La Plateforme with a key, else "
        "tesseract where it is installed), `mistral`, `tesseract` or `off`.",
    )
    ask_above: float = Field(
        0.05,
        ge=0,
        description="Above how many dollars you are asked first, before a file is embedded or read "
        "by OCR.",
    )
    daily_dollars: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="How many dollars may be spent on models in a day (of UTC), by all together; a "
        "request that could pass it is not sent. Without it there is no such cap.",
    )
    person_dollars: float | None = Field(
        None,
        ge=0,
        le=1_000_000,
        allow_inf_nan=False,
        description="The same for each person; whoever uses the page without signing in, and the "
        "command line, are one.",
    )
    readers: int = Field(2, ge=1, le=32, description="How many files are read side by side.")
    host: str = Field("127.0.0.1", min_length=1, description="The address the page is served on.")
    port: int = Field(7860, ge=0, le=65535, description="The port the page is served on.")
    space_id: str | None = Field(
        None,
        validation_alias=AliasChoices("space_id", "SPACE_ID"),
        description="Set by Hugging Face on a Space: the page then listens on every address and "
        "may be framed by huggingface.co.",
    )
    samples: bool = Field(True, description="Whether a new data directory starts with samples.")

    @field_validator("vocabulary", mode="before")
    @classmethod
    def _none(cls, value: object) -> object:
        """The word in whatever letters; an empty value is unset, as in the environment."""
        said = value.strip() if isinstance(value, str) else value
        return "none" if said in ("None", "NONE") else None if said == "" else said

    @field_validator("data_dir", "vocabulary")
    @classmethod
    def _at_home(cls, value: Path | str | None) -> Path | str | None:
        """A `~` in `.env` is expanded by no shell."""
        try:
            return value.expanduser() if isinstance(value, Path) else value
        except RuntimeError as error:
            raise ValueError(f"{value} is the home of nobody known") from error


def is_url(name: str) -> bool:
    """Whether what names a model or its server is an address."""
    return name.startswith(("http://", "https://"))


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return name.upper() if name in UNPREFIXED else PREFIX + name.upper()


def load_settings(overrides: Mapping[str, Any] | None = None) -> Settings:
    """Read the settings; `overrides` (from a command line) win over the environment.

    Raises:
        SettingsError: a value is wrong, or a variable with our prefix is no setting.
    """
    try:
        _refuse_unknown([*os.environ, *DotEnvSettingsSource(Settings).env_vars])
        return Settings(**(overrides or {}))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"The file {DOTENV} cannot be read. Save it as UTF-8 text.") from error
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).lower()
        raise SettingsError(f"{variable(name)} {_describe(name, first)}") from error


def _describe(name: str, error: ErrorDetails) -> str:
    """What is wrong with a value, in plain words. Only values that are no text are repeated."""
    kind = error["type"]
    if kind.startswith(("int_", "float_", "finite_", "greater_", "less_")):
        return f"must be {_number(name)}, not {str(error['input'])!r}."
    if kind.startswith("bool_"):
        return f"must be true or false, not {str(error['input'])!r}."
    if kind == "literal_error":
        return f"must be {error['ctx']['expected']}, not {str(error['input'])!r}."
    if kind == "string_too_short":
        return "must not be empty."
    if kind == "string_too_long":
        return f"must have at most {error['ctx']['max_length']} characters."
    if kind == "string_pattern_mismatch" and name == "rerank":
        return "must be off, chat, or an address that starts with http:// or https://."
    if kind == "string_pattern_mismatch" and name == "embedding":
        return (
            "must be auto, all-MiniLM-L6-v2, mistral-embed, or an address that starts with "
            "http:// or https://."
        )
    if kind == "string_pattern_mismatch":
        return "must start with http:// or https://."
    wrong = error["msg"].removeprefix("Value error, ")
    return f"is wrong: {wrong}. See the README's table."


def _number(name: str) -> str:
    """The numbers that a setting may be, in words."""
    field = Settings.model_fields[name]
    noun = "a number" if field.annotation in (float, float | None) else "a whole number"
    limits = {
        limit: value
        for item in field.metadata
        for limit in ("ge", "gt", "le")
        if (value := getattr(item, limit, None)) is not None
    }
    if "ge" in limits and "le" in limits:
        return f"{noun} from {limits['ge']} to {limits['le']}"
    least = f"of at least {limits['ge']}" if "ge" in limits else f"above {limits.get('gt', 0)}"
    return f"{noun} {least}" + (f" and of at most {limits['le']}" if "le" in limits else "")


def _refuse_unknown(names: Iterable[str]) -> None:
    variables = {name.upper(): variable(name) for name in Settings.model_fields}
    known = {*variables.values(), *NOT_SETTINGS}
    for name in (name.upper() for name in names):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name.removeprefix(PREFIX), variables, n=1)
            hint = f"Did you mean {variables[close[0]]}?" if close else "See the README's table."
            raise SettingsError(f"{name} is not a setting. {hint}")
