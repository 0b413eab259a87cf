# SPDX-License-Identifier: Apache-2.0 OR MIT
"""
Becomes the command: the process stays the same, so it receives the signals that
were meant for it, and its exit status is the command's.
"""
import errno
import os
import signal
import sys

from wasmsig import COMMAND


def _restore_signals():
    """
    As they were before Python started: it ignores two signals, and exec(2)
    keeps that. Ctrl-C ends the process from now on, without a traceback.
    """
    for number in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(number, signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def _why(error):
    # The file is there, so what is missing is the loader that it names.
    if error.errno == errno.ENOENT and os.path.exists(COMMAND):
        return "this system has another C library; pip chooses the right wheel"
    if error.errno == errno.ENOEXEC:
        return "it is for another processor; pip chooses the right wheel"
    return error.strerror


def main():
    _restore_signals()
    try:
        os.execv(COMMAND, [COMMAND, *sys.argv[1:]])
    except OSError as error:
        print(f"wasmsig: {COMMAND}: {_why(error)}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
