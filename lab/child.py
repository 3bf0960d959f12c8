# SPDX-License-Identifier: Apache-2.0
"""For processes that must not outlive the one that started them."""
import ctypes
import signal

PR_SET_PDEATHSIG = 1


def die_with_parent(with_signal=signal.SIGTERM):
    """To be called in the child: it gets that signal when the thread that started it ends, however that ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, with_signal)
