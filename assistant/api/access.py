"""Access: who may ask, who may change documents, and how large a request may be."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.api.problems import problem
from assistant.settings import Settings


def _bearer(request: Request) -> str:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _is(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def caller(settings: Settings) -> Callable[[Request], str]:
    """Who is calling, for counting: a key that fits (hashed), else the address it comes from."""

    def name(request: Request) -> str:
        return owner(settings, request) or f"address {request.client.host if request.client else ''}"

    return name


def owner(settings: Settings, request: Request) -> str:
    """The key that fits, hashed, to which what a caller stores belongs; "" for a caller without one."""
    given = _bearer(request)
    keys = [*settings.api_keys, *([settings.admin_key] if settings.admin_key else [])]
    fits = [_is(given, key.get_secret_value()) for key in keys]
    return f"key {hashlib.sha256(given.encode()).hexdigest()}" if any(fits) else ""


def may_ask(settings: Settings) -> Callable[[Request], None]:
    """A dependency that lets in whoever has one of the keys; everybody when no keys are set."""

    def check(request: Request) -> None:
        keys = [*settings.api_keys, *([settings.admin_key] if settings.admin_key else [])]
        # Every key is compared, so that the time taken tells nothing of which one fits.
        fits = [_is(_bearer(request), key.get_secret_value()) for key in keys]
        if settings.api_keys and not any(fits):
            raise HTTPException(
                401, "send one of the keys as: Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"}
            )

    return check


def may_change(settings: Settings) -> Callable[[Request], None]:
    """A dependency that lets in the admin key alone; nobody when none is set."""

    def check(request: Request) -> None:
        if settings.admin_key is None:
            raise HTTPException(403, "changing documents is off; set XINWEN_ADMIN_KEY to switch it on")
        given = _bearer(request)
        if not given:
            raise HTTPException(401, "send the admin key as: Authorization: Bearer KEY", {"WWW-Authenticate": "Bearer"})
        if not _is(given, settings.admin_key.get_secret_value()):
            raise HTTPException(403, "this key may not change documents")

    return check


class BodyLimit:
    """ASGI middleware that answers 413 to a body over the limit, whether its length is announced or not."""

    def __init__(self, app: ASGIApp, most: int, uploads: int) -> None:
        self._app, self._most, self._uploads = app, most, uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self._app(scope, receive, send)
            return
        most = self._uploads if scope["path"] == "/v1/documents" else self._most
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > most:
            await problem(413, f"the body may have {most:,} bytes", "too_large")(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, f"the body may have {most:,} bytes")
            return message

        await self._app(scope, counted, send)
