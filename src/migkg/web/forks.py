"""Processes that are forked to answer requests, and their end."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import NoReturn

from migkg.engine.zygote import die_with_parent

log = logging.getLogger(__name__)

ENDING = (signal.SIGTERM, signal.SIGINT)
_PATIENCE = 5.0


def forked(work: Callable[[], None]) -> int:
    """The id of a new process that does some work and ends; it ends with this one."""
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)  # until it handles them in its own way
    pid = os.fork()
    if not pid:
        _be(work, parent)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
    return pid


def _be(work: Callable[[], None], parent: int) -> NoReturn:
    status = 1
    try:
        die_with_parent(parent)
        signal.set_wakeup_fd(-1)
        for number in (*ENDING, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)
        work()
        status = 0
    except KeyboardInterrupt:
        status = 0
    except Exception:
        log.exception("A front process failed.")
    finally:
        sys.stderr.flush()
        os._exit(status)


def stop(pids: Collection[int]) -> None:
    """Ends processes that were forked: asks them to, and after some seconds kills them."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    last = time.monotonic() + _PATIENCE
    for pid in pids:
        while not os.waitpid(pid, os.WNOHANG)[0]:
            if time.monotonic() > last:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.01)
