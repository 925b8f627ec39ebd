"""Problems: every error of the API as an RFC 9457 problem document, made in this one place."""

from __future__ import annotations

import json
import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from knowledge.errors import XinwenError

logger = logging.getLogger(__name__)

# What a client can mend is a 4xx; what only passes with time is a 503, so that a client may try again.
STATUS = {
    "question": 422,
    "document": 422,
    "settings": 500,
    "catalog": 500,
    "store": 503,
    "busy": 503,
    "index_mismatch": 503,
    "model": 502,
}
_TITLES = {
    400: "Bad request",
    401: "Key needed",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    413: "Too large",
    415: "Unsupported media type",
    422: "Cannot be processed",
    429: "Too many requests",
    500: "Internal error",
    502: "Language model failed",
    503: "Not available now",
}


def problem(
    status: int, detail: str, code: str = "", headers: dict[str, str] | None = None, **more: Any
) -> JSONResponse:
    """The response for one error; `code` is stable and for programs, `detail` is for people."""
    body = {
        "type": "about:blank" if not code else f"urn:xinwen:problem:{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def install(app: FastAPI) -> None:
    """Makes every error of `app` a problem document."""

    @app.exception_handler(XinwenError)
    def _known(request: Request, error: XinwenError) -> JSONResponse:
        return _as_openai(request, of(error))

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [{"at": "/".join(map(str, item["loc"])), "message": item["msg"]} for item in error.errors()]
        said = "; ".join(f"{item['at']}: {item['message']}" for item in errors[:5])
        return _as_openai(request, problem(422, said, "invalid", errors=errors[:20]))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> JSONResponse:
        return _as_openai(request, problem(error.status_code, str(error.detail), headers=dict(error.headers or {})))

    @app.exception_handler(Exception)
    def _unexpected(request: Request, error: Exception) -> JSONResponse:
        logger.exception("unexpected error in %s %s", request.method, request.url.path)
        said = "something went wrong here; the log of the server says what"
        return _as_openai(request, problem(500, said, "unexpected"))


def openai_error(body: dict[str, Any]) -> dict[str, Any]:
    """A problem in the words that clients of OpenAI's API read."""
    status = int(body["status"])
    kinds = {401: "authentication_error", 403: "permission_error", 404: "not_found_error", 429: "rate_limit_error"}
    kind = kinds.get(status, "invalid_request_error" if status < 500 else "server_error")
    code = str(body["type"]).rpartition(":")[2]
    param = next((item["at"].removeprefix("body/").replace("/", ".") for item in body.get("errors", ())), None)
    return {"message": body["detail"], "type": kind, "param": param, "code": None if code == "blank" else code}


def _as_openai(request: Request, response: JSONResponse) -> JSONResponse:
    """On the paths of OpenAI's API the problem also has its `error`, and a body that will not do is a 400."""
    if not request.url.path.startswith(("/v1/chat/", "/v1/models")):
        return response
    body = json.loads(bytes(response.body))
    if body["status"] == 422:
        body |= {"status": 400, "title": _TITLES[400]}
    kept = {name: value for name, value in response.headers.items() if name not in ("content-length", "content-type")}
    body["error"] = openai_error(body)
    return JSONResponse(body, body["status"], kept, media_type="application/problem+json")


def body_of(error: XinwenError) -> dict[str, Any]:
    """The problem document of an error, for events of a stream that has begun."""
    found: dict[str, Any] = json.loads(bytes(of(error).body))
    return found


def unexpected() -> dict[str, Any]:
    """The problem document of an error that nobody foresaw."""
    found: dict[str, Any] = json.loads(bytes(problem(500, "something went wrong here", "unexpected").body))
    return found


def of(error: XinwenError) -> JSONResponse:
    """The response for an error that is meant for people."""
    status = STATUS.get(error.code, 500)
    return problem(status, str(error), error.code, headers={"Retry-After": "5"} if status == 503 else None)
