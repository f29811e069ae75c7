"""Stopping: a run that is told to end cleans up first, whether at the keyboard, by a service manager or a hang-up."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
Handler = Callable[[int, Any], object]


@contextmanager
def stoppable() -> Iterator[None]:
    """Let the first signal end what is done here as an error would, and hear no further one while it cleans up.

    Ends the program with a sentence and the exit code that shells expect, 128 and the signal's number.
    """
    heard: list[int] = []

    def stop(number: int, _frame: object) -> None:
        for one in SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        heard.append(number)
        raise KeyboardInterrupt

    try:
        with _handled(stop):
            yield
    except KeyboardInterrupt:
        print("nightrounds: Stopped before the end, and what was half-made is removed. Run it again.", file=sys.stderr)
        raise SystemExit(128 + (heard[0] if heard else signal.SIGINT)) from None


def call(arguments: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a program to its end and return its exit code; what tells this one to end is passed on, and its end waited for."""
    with subprocess.Popen(arguments, env=env) as child, _handled(lambda number, _: child.send_signal(number)):  # noqa: S603
        return child.wait()


@contextmanager
def _handled(handler: Handler) -> Iterator[None]:
    """Give every signal that is not ignored (as nohup does) to a handler."""
    before = {one: signal.getsignal(one) for one in SIGNALS}
    for one, earlier in before.items():
        if earlier is not signal.SIG_IGN:
            signal.signal(one, handler)
    try:
        yield
    finally:
        for one, earlier in before.items():
            signal.signal(one, earlier)
