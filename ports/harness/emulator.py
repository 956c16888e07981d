"""An emulated STM32F405 with its serial line."""
import contextlib
import re
import subprocess
import threading

LED = re.compile(r"GPIOC: unimplemented device write .*offset 0x0*18, value 0x([0-9a-f]+)\)")


@contextlib.contextmanager
def emulated(elf, timeout, log=None):
    """Runs a firmware, killed after `timeout` seconds: what it sends then ends. Yields its serial line as two binary
    files, what it sends and what it is sent. log: a file for what it does with peripherals that qemu lacks."""
    command = ["qemu-system-arm", "-M", "netduinoplus2", "-display", "none", "-monitor", "none", "-serial", "stdio",
               "-kernel", elf, *(["-d", "unimp", "-D", log] if log else [])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as emulator:
        timer = threading.Timer(timeout, emulator.kill)
        timer.start()
        try:
            yield emulator.stdout, emulator.stdin
        finally:
            timer.cancel()
            emulator.kill()


def led_of(log):
    """What PC12 was switched to, time after time, as such a log has it."""
    values = [int(value, 16) for value in LED.findall(log)]
    return [bool(value & 1 << 12) for value in values]
