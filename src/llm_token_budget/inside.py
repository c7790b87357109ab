"""Functions of any kind, every step of which runs inside a block: coroutines and (async) generators included."""

from __future__ import annotations

import contextvars
import functools
import inspect
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator
from contextlib import AbstractContextManager
from typing import Any

Block = AbstractContextManager[Any]


def run_inside(function: Callable[..., Any], block_of: Callable[[tuple[Any, ...], dict[str, Any]], Block]) -> Any:
    """The function, inside the block that its arguments say. It stays what it is: a coroutine function, a generator ...

    A generator's steps run in one context of their own: what it sets stays in it, and its consumer's code between the
    steps is not inside the block.
    """
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        async def async_steps(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
            context, steps = _context_inside(block_of(args, kwargs)), function(*args, **kwargs)
            step = steps.__anext__()
            try:
                while True:
                    value = await _InContext(step, context)
                    try:
                        sent = yield value
                    except GeneratorExit:
                        raise
                    except BaseException as error:  # noqa: BLE001 - all that the consumer throws goes to the generator
                        step = steps.athrow(error)
                    else:
                        step = steps.asend(sent)
            except StopAsyncIteration:
                return
            finally:
                await _InContext(steps.aclose(), context)

        return async_steps
    if inspect.isgeneratorfunction(function):

        @functools.wraps(function)
        def in_steps(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
            return (yield from _Steps(function(*args, **kwargs), _context_inside(block_of(args, kwargs))))

        return in_steps
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def in_task(*args: Any, **kwargs: Any) -> Any:
            with block_of(args, kwargs):
                return await function(*args, **kwargs)

        return in_task

    @functools.wraps(function)
    def in_thread(*args: Any, **kwargs: Any) -> Any:
        block = block_of(args, kwargs)
        with block:
            result = function(*args, **kwargs)
        # Lambdas and other decorators hide that a function is async: what it returns has all its calls still before it.
        return _awaited(result, block) if inspect.iscoroutine(result) else result

    return in_thread


async def _awaited(coroutine: Coroutine[Any, Any, Any], block: Block) -> Any:
    with block:
        return await coroutine


def _context_inside(block: Block) -> contextvars.Context:
    context = contextvars.copy_context()
    context.run(block.__enter__)
    return context


class _InContext:
    """An awaitable, every step of which runs in one context."""

    def __init__(self, awaitable: Awaitable[Any], context: contextvars.Context) -> None:
        self._awaitable = awaitable
        self._context = context

    def __await__(self) -> Generator[Any, Any, Any]:
        return _Steps(self._awaitable.__await__(), self._context)


class _Steps(Generator[Any, Any, Any]):
    """A generator, every step of which runs in one context."""

    def __init__(self, steps: Generator[Any, Any, Any], context: contextvars.Context) -> None:
        self._steps = steps
        self._context = context

    def send(self, value: Any, /) -> Any:
        return self._context.run(self._steps.send, value)

    def throw(self, *error: Any) -> Any:
        return self._context.run(self._steps.throw, *error)

    def close(self) -> None:
        self._context.run(self._steps.close)
