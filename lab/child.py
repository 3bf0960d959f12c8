# SPDX-License-Identifier: Apache-2.0
"""Child processes that die with their parent."""

import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
# Loaded now: between fork and exec of a program with threads, almost nothing is safe.
LIBC = ctypes.CDLL(None)


def dies_with_us(with_signal=signal.SIGTERM):
    """Returns a preexec_fn: the child gets the signal when the thread that started it ends, in whatever way."""
    parent = os.getpid()

    def in_child():
        LIBC.prctl(PR_SET_PDEATHSIG, with_signal)
        if os.getppid() != parent:  # the parent has already ended
            os._exit(1)

    return in_child
