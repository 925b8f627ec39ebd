"""The widget: /embed.js for a page's script tag, and /embed, the frame it opens.

A browser shows the frame on pages of this origin and of those listed in the settings, and nowhere else.
"""

from __future__ import annotations

from importlib import resources

from fastapi import APIRouter
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from assistant.settings import Settings

_TYPES = {"js": "text/javascript", "css": "text/css", "html": "text/html"}
_FRAME_FILES = ("frame.js", "frame.css")
_CACHE = {"Cache-Control": "public, max-age=300"}


def router(settings: Settings) -> APIRouter:
    """/embed.js, /embed and the files of the frame; they hold no data and need no key."""
    routes = APIRouter(tags=["widget"], include_in_schema=False)
    # Pages of other origins may hold the script: it opens a frame, and the frame's policy decides.
    anywhere = {**_CACHE, "Cross-Origin-Resource-Policy": "cross-origin"}

    @routes.get("/embed.js")
    def script() -> Response:
        return _file("embed.js", anywhere)

    @routes.get("/embed")
    def frame() -> Response:
        return _file("frame.html", {**_CACHE, "Content-Security-Policy": policy(settings)})

    @routes.get("/embed/{name}")
    def part(name: str) -> Response:
        if name not in _FRAME_FILES:
            raise HTTPException(404, f"the widget has no file {name[:64]!r}")
        return _file(name, _CACHE)

    return routes


def policy(settings: Settings) -> str:
    """The frame's content security policy: its own scripts and styles, its own API, and who may frame it."""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
        f"form-action 'none'; frame-ancestors {' '.join((chr(39) + 'self' + chr(39), *settings.embed_origins))}"
    )


def _file(name: str, headers: dict[str, str]) -> Response:
    text = (resources.files("assistant.api") / "static" / name).read_text("utf-8")
    return Response(text, headers=headers, media_type=_TYPES[name.rpartition(".")[2]])
