"""A Celery application: `celery -A celery_app worker --pool prefork`."""

from __future__ import annotations

import os
from pathlib import Path

from celery import Celery
from celery.signals import worker_process_init, worker_process_shutdown
from openai import OpenAI

from llm_token_budget import BudgetExceeded, BudgetManager, wrap

folder = os.environ["CELERY_FOLDER"]
app = Celery("celery_app")
app.conf.update(
    broker_url="filesystem://",
    broker_transport_options={
        "data_folder_in": f"{folder}/queue",
        "data_folder_out": f"{folder}/queue",
        "control_folder": f"{folder}/control",
        "polling_interval": 0.02,
    },
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=1,
)


class Worker:
    budget: BudgetManager
    client: OpenAI
    left_open: list = []  # noqa: RUF012 - one per process


@worker_process_init.connect
def start(**_):
    Worker.budget = BudgetManager(
        per_user_token_limit=int(os.environ["BUDGET_LIMIT"]), ledger=os.environ["BUDGET_LEDGER"]
    )
    Worker.client = wrap(OpenAI(max_retries=0), Worker.budget)


@worker_process_shutdown.connect
def stop(**_):
    Worker.budget.close(wait=0.5)


def told(what):
    """A file for each thing that happened: the test counts them."""
    Path(folder, "told", f"{what}-{os.urandom(6).hex()}").touch()


def ask(**options):
    return Worker.client.chat.completions.create(
        model="gpt-4.1-mini", messages=[{"role": "user", "content": "Why?"}], max_completion_tokens=100, **options
    )


@app.task(autoretry_for=(Exception,), dont_autoretry_for=(BudgetExceeded,), retry_backoff=True, max_retries=3)
def chat(*, user_key):
    try:
        with Worker.budget.session(user_key=user_key):
            ask()
    except BudgetExceeded:
        told("refused")
        raise
    told("answered")


@app.task
def leave_open(*, user_key):
    with Worker.budget.session(user_key=user_key):
        stream = ask(stream=True)
        next(stream)
    Worker.left_open.append(stream)
    told("left")


@app.task(bind=True)
def killed_once(self, *, user_key):
    """Dies in the middle of its work, the first time that it is delivered."""
    key = f"{self.request.id}:{self.request.retries}"
    with Worker.budget.reserve(tokens=500, user_key=user_key, idempotency_key=key) as reservation:
        if not list(Path(folder, "told").glob("killed-*")):
            told("killed")
            os.kill(os.getpid(), 9)
        reservation.settle(tokens=7)
    told("done")


killed_once.reject_on_worker_lost = True
