# Celery comes without types.
# mypy: disable-error-code="import-untyped, untyped-decorator"
# pyright: basic
"""Celery with prefork workers: whoever asked pays, a task that is delivered twice is charged once, a deploy leaves nothing open.

A task names its user, since the worker has no session of theirs. `BudgetExceeded` is no reason to try again. Run as it is, this
starts a worker with three processes on this machine, with folders for its broker and results, and a ledger in a file: a drawing
is delivered twice, ada asks until her cent is gone, and SIGTERM ends the worker in the middle of eve's questions.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from _provider import somewhere_to_call
from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown
from openai import OpenAI

from llm_token_budget import BudgetExceeded, BudgetManager, ReservationConflict, wrap

LIMIT = "0.01"

app: Any = Celery("celery_tasks")


def configure(folder: str) -> None:
    """A folder stands for your broker, your result backend and your database."""
    for name in ("queue", "control", "results"):
        Path(folder, name).mkdir(exist_ok=True)
    queue = {"data_folder_in": f"{folder}/queue", "data_folder_out": f"{folder}/queue", "polling_interval": 0.02}
    app.conf.update(
        broker_url="filesystem://",
        broker_transport_options=queue | {"control_folder": f"{folder}/control"},
        result_backend=f"file://{folder}/results",
        # A task leaves the queue when it has ended: if its worker is killed, another one gets it.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
    )


if "CELERY_FOLDER" in os.environ:
    configure(os.environ["CELERY_FOLDER"])


class Worker:
    """What a worker process has: made in it, after the fork."""

    budget: BudgetManager
    client: OpenAI


@worker_process_init.connect
def start(**_: object) -> None:
    Worker.budget = new_budget()
    Worker.client = wrap(OpenAI(), Worker.budget)


@worker_process_shutdown.connect
def stop(**_: object) -> None:
    # After the last task; what is open all the same is ended, and everything is booked.
    Worker.budget.close(wait=5)


def new_budget() -> BudgetManager:
    return BudgetManager(per_user_cost_limit=LIMIT, ledger=f"sqlite:///{os.environ['CELERY_FOLDER']}/budget.db")


@app.task(
    autoretry_for=(Exception,),
    dont_autoretry_for=(BudgetExceeded,),  # A later attempt would be told the same, until the limit's reset.
    retry_backoff=True,
    max_retries=3,
)
def answer(question: str, *, user_key: str) -> str:
    """A call of a wrapped client, for a user."""
    with Worker.budget.session(user_key=user_key):
        reply = Worker.client.chat.completions.create(
            model="gpt-6.1-terra", messages=[{"role": "user", "content": question}], max_completion_tokens=400
        )
    return reply.choices[0].message.content or ""


@app.task(bind=True)
def draw(task: Any, what: str, *, user_key: str) -> str:
    """A paid tool. Delivered again, it finds what it held; once that has ended, it is not done again."""
    # A retry is another attempt, and may hold anew; a redelivery is the same one.
    key = f"{task.request.id}:{task.request.retries}"
    try:
        with Worker.budget.reserve(usd="0.002", user_key=user_key, idempotency_key=key) as reservation:
            picture = f"a picture of {what}"
            reservation.settle(usd="0.002")
    except ReservationConflict:
        return "was drawn before"
    return picture


@contextmanager
def worker() -> Generator[None]:
    """`celery -A celery_tasks worker --pool prefork --concurrency 3`; a SIGTERM at the end."""
    options = [
        "--pool",
        "prefork",
        "--concurrency",
        "3",
        "--loglevel",
        "critical",
        "--without-gossip",
        "--without-mingle",
    ]
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "celery_tasks", "worker", *options]
    running = subprocess.Popen(command, cwd=Path(__file__).parent, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(60)


def how_it_ended(result: Any) -> str:
    """What a task returned, or "refused"."""
    until = time.monotonic() + 60
    while not result.ready():
        if time.monotonic() > until:
            raise TimeoutError(result.id)
        time.sleep(0.02)
    if not result.successful() and "BudgetExceeded" in str(result.result):  # It is kept as JSON: a name and a message.
        return "refused"
    return str(result.get())


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, somewhere_to_call() as provider:
        os.environ["CELERY_FOLDER"] = folder
        configure(folder)
        with worker():
            for delivery in ("delivered", "delivered again"):
                order = draw.apply_async(["a house"], {"user_key": "bob"}, task_id="order-7")
                print(f"order 7, {delivery}: {how_it_ended(order)}")
                order.forget()
            asked = [answer.delay("Why is the sky blue?", user_key="ada") for _ in range(24)]
            ends = [how_it_ended(each) for each in asked]
            print(f"ada: {ends.count('refused')} of {len(ends)} questions refused")
            asked = [answer.delay("Why is the sea salty?", user_key="eve") for _ in range(9)]
            how_it_ended(asked[0])
        with new_budget() as budget:
            stats, bob = budget.get_global_stats(), budget.get_user_stats("bob")
        print(f"after SIGTERM: held ${stats.reserved.cost:f}, unconfirmed ${stats.unconfirmed.cost:f}")
        print(f"bob's drawing: ${bob.total_cost.normalize():f}, in {bob.requests} request")
        if provider.bill.requests:
            ours = (stats.total_cost - bob.total_cost).normalize()
            print(f"the provider's bill ${provider.bill.usd.normalize():f}, our account ${ours:f}")


if __name__ == "__main__":
    main()
