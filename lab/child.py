# SPDX-License-Identifier: Apache-2.0
"""For processes that must not outlive the one that started them."""
import ctypes
import os
import signal

PR_SET_PDEATHSIG = 1
# Loaded here: between fork and exec of a program with threads, as little as can be is to happen.
LIBC = ctypes.CDLL(None)


def dies_with_us(with_signal=signal.SIGTERM):
    """A preexec_fn: the child gets that signal when the thread that started it ends, however that ends."""
    parent = os.getpid()

    def in_child():
        LIBC.prctl(PR_SET_PDEATHSIG, with_signal)
        if os.getppid() != parent:  # it has ended before
            os._exit(1)

    return in_child
