# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Runs a command on a terminal of its own: waits for output, presses keys, and
prints as JSON how the command ended.

terminal.py '[["wait", "busy"], ["key", "\\u0003"], ["resize"]]' COMMAND...
"""
import fcntl
import json
import os
import pty
import select
import struct
import sys
import termios
import time

LONGEST = 30.0  # seconds for each wait


def read_some(master, seconds):
    ready, _, _ = select.select([master], [], [], seconds)
    if not ready:
        return b""
    try:
        return os.read(master, 65536)
    except OSError:  # EIO: the other end is closed
        return None


def wait_for(master, output, text):
    end = time.monotonic() + LONGEST
    while text.encode() not in output[0]:
        part = read_some(master, max(0.0, end - time.monotonic()))
        if not part:
            return False
        output[0] += part
    return True


def resize(master):
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))


def play(master, steps, child):
    output = [b""]
    for step in steps:
        if step[0] == "wait":
            if not wait_for(master, output, step[1]):
                os.kill(child, 9)
                break
        elif step[0] == "key":
            os.write(master, step[1].encode())
        elif step[0] == "pause":
            time.sleep(step[1])
        else:
            resize(master)
    end = time.monotonic() + LONGEST
    ended = 0
    while True:
        if not ended:
            ended, status = os.waitpid(child, os.WNOHANG)
        part = read_some(master, 0.02)
        if part:
            output[0] += part
        if ended and not part:
            break
        if time.monotonic() > end:
            os.kill(child, 9)
            end += LONGEST
    return {
        "output": output[0].decode(errors="replace"),
        "status": os.waitstatus_to_exitcode(status),
    }


def main():
    steps = json.loads(sys.argv[1])
    # This process opens the terminal, to read its modes afterwards.
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    child = os.fork()
    if child == 0:
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
        for stream in (0, 1, 2):
            os.dup2(slave, stream)
        os.closerange(3, 256)
        os.execvp(sys.argv[2], sys.argv[2:])
    attributes = os.dup(slave)
    os.close(slave)
    result = play(master, steps, child)
    after = termios.tcgetattr(attributes)
    print(json.dumps({**result, "same_modes": before == after}))


main()
