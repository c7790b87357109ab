"""Error answers, in each vendor's own shape."""

from __future__ import annotations

from llm_token_budget.testing.received import Json

_OPENAI_TYPES = {
    400: "invalid_request_error",
    401: "invalid_request_error",
    403: "invalid_request_error",
    404: "invalid_request_error",
    413: "invalid_request_error",
    422: "invalid_request_error",
    429: "rate_limit_exceeded",
}
# https://platform.claude.com/docs/en/api/errors
_ANTHROPIC_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def error_body(provider: str, status: int, message: str, *, param: str | None = None, request_id: str = "") -> Json:
    """The body of an error answer."""
    if provider == "anthropic":
        kind = _ANTHROPIC_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
        return {"type": "error", "error": {"type": kind, "message": message}, "request_id": request_id}
    if provider == "ollama":
        return {"error": message}
    if provider == "azure":
        return {"error": {"code": str(status), "message": message}}
    kind = _OPENAI_TYPES.get(status, "server_error" if status >= 500 else "invalid_request_error")
    code = kind if status == 429 else None
    if provider == "groq":
        return {"error": {"message": message, "type": kind, "code": code}}
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
