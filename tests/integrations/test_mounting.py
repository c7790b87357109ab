"""`budget.middleware(...)`: the npm package's name for the door, for whichever interface."""

from __future__ import annotations

import functools

import flask
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette

from llm_token_budget import ConfigurationError
from llm_token_budget.integrations import asgi, wsgi


async def coroutine_function(scope, receive, send):
    """An ASGI application."""


def returns_a_coroutine(scope, receive, send):
    """An ASGI application that doesn't look like one."""
    return coroutine_function(scope, receive, send)


def plain(environ, start_response):
    """A WSGI application."""
    return []


@pytest.mark.parametrize(
    ("app", "kind"),
    [
        (coroutine_function, asgi),
        (returns_a_coroutine, asgi),
        (functools.partial(coroutine_function), asgi),
        (Starlette(), asgi),
        (FastAPI(), asgi),
        (plain, wsgi),
        (flask.Flask("shop"), wsgi),
        (flask.Flask("shop").wsgi_app, wsgi),
    ],
)
def test_the_interface_is_the_applications(make_budget, app, kind):
    """Seen by how it is called; a door in front of a door speaks the same."""
    mount = make_budget(per_user_token_limit=1).middleware(user_key=lambda request: "ada")
    door = mount(app)
    assert type(door) is kind.BudgetMiddleware
    assert type(mount(door)) is kind.BudgetMiddleware


def test_the_interface_can_be_said(make_budget):
    """Where it can't be seen."""
    budget = make_budget(per_user_token_limit=1)
    with pytest.raises(ConfigurationError, match="say interface="):
        budget.middleware()(lambda *arguments: None)
    assert type(budget.middleware(interface="wsgi")(lambda *arguments: None)) is wsgi.BudgetMiddleware


def test_django_finds_what_it_needs(make_budget):
    """A middleware for both of its servers, without importing it where it isn't used."""
    mount = make_budget(per_user_token_limit=1).middleware(user_key=lambda request: "ada")
    assert (mount.sync_capable, mount.async_capable) == (True, True)
    assert type(mount(lambda request: None)).__module__ == "llm_token_budget.integrations.django"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"get_user_key": len}, "get_user_key"),
        ({"user_key": "x-user"}, "user_key= takes a function"),
        ({"interface": "cgi"}, "interface is one of 'asgi', 'wsgi'"),
    ],
)
def test_wrong_options_are_refused_before_there_is_an_application(make_budget, options, message):
    """At the line that has them."""
    with pytest.raises(ConfigurationError, match=message):
        make_budget(per_user_token_limit=1).middleware(**options)


def test_an_application_is_a_callable(make_budget):
    """A module's name is none."""
    with pytest.raises(ConfigurationError, match="callable"):
        make_budget(per_user_token_limit=1).middleware()("main:app")
