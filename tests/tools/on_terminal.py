#!/usr/bin/env python3
"""Runs a command on a terminal of its own: on_terminal.py [--size COLUMNSxLINES] [--press-after PATTERN SECONDS KEY] [--kill-after PATTERN SECONDS SIGNAL] COMMAND...

The terminal has 150 columns and 40 lines where nothing else is asked. What it shows goes to standard output. Once PATTERN has been seen and SECONDS have
passed, KEY is pressed (^C is Ctrl-C, ^M Return), or the command itself gets SIGNAL, as from another window. Ends with the command's own status.
"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time


def main():
    arguments, press, kill, columns, lines = sys.argv[1:], None, None, 150, 40
    while arguments and arguments[0].startswith("--"):
        if arguments[0] == "--size":
            columns, lines = map(int, arguments[1].split("x"))
            del arguments[:2]
            continue
        planned = (re.compile(arguments[1].encode()), float(arguments[2]), arguments[3])
        if arguments[0] == "--press-after":
            press = planned
        else:
            kill = planned
        del arguments[:4]
    process, terminal = pty.fork()
    if process == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))  # before the command can ask for it
        os.execvp(arguments[0], arguments)
    shown, due = b"", None
    while True:
        ready, _, _ = select.select([terminal], [], [], 0.05)
        if ready:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break  # Linux says so where others give an empty read: nobody has the terminal open any more
            if not data:
                break
            shown += data
            os.write(1, data)
        plan = press or kill
        if plan and due is None and plan[0].search(shown):
            due = time.monotonic() + plan[1]
        if due is not None and time.monotonic() >= due:
            if press:
                os.write(terminal, press[2].replace("^C", "\x03").replace("^M", "\r").encode())
            else:
                os.kill(process, getattr(signal, "SIG" + kill[2]))
            due, press, kill = None, None, None
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status) % 256


if __name__ == "__main__":
    sys.exit(main())
