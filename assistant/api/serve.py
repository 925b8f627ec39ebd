"""Serve: one process with the API and the chat, the vectors filling in behind."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

from assistant.settings import Settings
from knowledge.errors import SettingsError


def run(settings: Settings, say: Callable[[str], None]) -> None:
    """Serves until interrupted. Raises SettingsError when the address cannot be listened on."""
    # Asked first: everything else takes seconds, and a taken port should not cost them.
    listening = _listen(settings)
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    import uvicorn

    from assistant.api.app import create_app
    from assistant.core import Assistant

    with listening, Assistant(settings) as assistant:
        assistant.prepare()
        assistant.fill_in_background()
        app = create_app(assistant, settings)
        host, port = listening.getsockname()[:2]
        say(f"芯问 Xinwen: http://{host}:{port} · API documentation: http://{host}:{port}/docs")
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=5))
        server.run(sockets=[listening])


def _listen(settings: Settings) -> socket.socket:
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((settings.host, settings.port))
    except OSError as error:
        raise SettingsError(
            f"{settings.host}:{settings.port} cannot be listened on ({error.strerror}); choose another with --port"
        ) from error
    return listening
