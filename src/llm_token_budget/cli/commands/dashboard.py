"""`dashboard`: who spent what, in a browser."""

from __future__ import annotations

import socket
from contextlib import suppress

import click

from llm_token_budget.cli.options import ledger_options, open_budget
from llm_token_budget.errors import ConfigurationError


@click.command()
@ledger_options
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="The address to bind; elsewhere than here needs a token."
)
@click.option("--port", type=click.IntRange(0, 65535), default=8377, show_default=True)
@click.option(
    "--token", envvar="LLM_TOKEN_BUDGET_TOKEN", help="What whoever looks must bring (LLM_TOKEN_BUDGET_TOKEN)."
)
@click.option(
    "--name", "names", multiple=True, metavar="HOST", help="A name under which it is reached, beside this machine's."
)
def command(
    ledger: str | None,
    config: str | None,
    host: str,
    port: int,
    token: str | None,
    names: tuple[str, ...],
) -> None:
    """Limits and users, live, at http://127.0.0.1:8377. Ctrl-C ends it."""
    try:
        import uvicorn

        from llm_token_budget.dashboard.server import build_app, is_this_machine
    except ModuleNotFoundError as missing:
        raise ConfigurationError(
            f"the dashboard needs {missing.name}: pip install 'llm-token-budget[dashboard]'"
        ) from None
    if not is_this_machine(host) and not token:
        raise ConfigurationError(
            f"--host {host} can be reached from elsewhere: give --token, and whoever looks brings it"
        )
    hosts = ("127.0.0.1", "localhost", "[::1]", *names) if is_this_machine(host) or names else ("*",)
    with open_budget(ledger, config) as budget, _bound(host, port) as door, suppress(KeyboardInterrupt):
        where = f"[{host}]" if ":" in host else host
        click.echo(f"http://{where}:{door.getsockname()[1]}" + ("/?token=..." if token else ""), err=True)
        server = uvicorn.Server(uvicorn.Config(build_app(budget, token=token, hosts=hosts), log_level="warning"))
        server.run(sockets=[door])


def _bound(host: str, port: int) -> socket.socket:
    """The door to knock at. Bound here, as uvicorn would end the process with an exit code of its own."""
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        door = socket.socket(family, kind)
    except OSError as error:
        raise click.ClickException(f"{host} is no address of this machine: {error.strerror}") from None
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind(address)
        door.listen()  # Whoever reads the address may knock at once: they wait until uvicorn opens.
    except OSError as error:
        door.close()
        raise click.ClickException(
            f"nothing can listen at {host}, port {port}: {error.strerror}; --port takes another"
        ) from None
    return door
