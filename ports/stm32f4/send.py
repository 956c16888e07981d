#!/usr/bin/env python3
"""Sends windows of a sensor to the firmware of watch.c, on a board or emulated, and prints its line for each."""
import contextlib
import pathlib
import sys
import termios
import tty

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

from harness.emulator import emulated  # noqa: E402
from harness.script import Misuse, Parser, need, readable, run_script  # noqa: E402
from harness.windows import ask, read_idx, read_line  # noqa: E402

NAME = "ports/stm32f4/send.py"
TIMEOUT = 600  # seconds of an emulator


def parse(arguments):
    parser = Parser(NAME, __doc__, "ports/stm32f4/send.py data/bearing.idx --port /dev/ttyUSB0")
    parser.add_argument("windows", type=readable, metavar="FILE", help="an IDX file of N x 1 x D")
    parser.add_argument("--port", metavar="DEVICE", help="the serial port of a board")
    parser.add_argument("--emulate", type=readable, metavar="ELF", help="the firmware to run in qemu instead")
    parser.add_argument("--count", type=int, metavar="N", help="the first N windows; default all")
    options = parser.parse_args(arguments)
    if (options.port is None) == (options.emulate is None):
        raise Misuse("give --port or --emulate")
    return options


@contextlib.contextmanager
def serial_port(device):
    """A port at 115200 baud, as two binary files: to read and to write."""
    with open(device, "r+b", buffering=0) as port:
        tty.setraw(port)
        settings = termios.tcgetattr(port)
        settings[4] = settings[5] = termios.B115200
        termios.tcsetattr(port, termios.TCSANOW, settings)
        yield port, port


def main(arguments):
    options = parse(arguments)
    windows = read_idx(options.windows)[:options.count]
    if options.emulate:
        need("build boards", "qemu-system-arm")
    with emulated(options.emulate, TIMEOUT) if options.emulate else serial_port(options.port) as (received, sent):
        if options.emulate:
            print(read_line(received), flush=True)  # its threshold; a board has said it long ago
        for window in windows:
            print(ask(received, sent, window), flush=True)
    return 0


if __name__ == "__main__":
    run_script(NAME, main)
