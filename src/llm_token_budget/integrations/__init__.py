"""The doors of web frameworks, and telemetry. Each module needs only its own framework.

- `asgi`      `BudgetMiddleware` for FastAPI, Starlette and any other ASGI application
- `wsgi`      `BudgetMiddleware` for Flask (what it needs besides is in `flask`) and any other WSGI application
- `django`    Django's middleware, for synchronous and asynchronous servers
- `fastapi`   a dependency for single routes
- `request`   what callables such as `user_key=` are given; `header`, for identity from a header that can be trusted
- `otel`      OpenTelemetry: metrics, and attributes of the current span
"""
