"""Windows of a sensor on their way to a board: out of an IDX file, over a serial line (stm32f4/window.h), to the lines
that answer them."""
import struct

from harness.script import Failure

MARK, ESCAPE, FLIP = b"~", b"}", 0x20


def read_idx(path):
    content = path.read_bytes()
    magic, count, rows, columns = struct.unpack(">IIII", content[:16].ljust(16, b"\0"))
    size = rows * columns
    if magic != 0x803 or size == 0 or len(content) != 16 + count * size:
        raise Failure(f"{path}: is no IDX file of images, unpacked")
    return [content[16 + i * size:16 + (i + 1) * size] for i in range(count)]


def framed(window):
    for special in ESCAPE, MARK:
        window = window.replace(special, ESCAPE + bytes([special[0] ^ FLIP]))
    return MARK + window + MARK


def read_line(received):
    """The next line of the board. A line that says that all is over is a Failure."""
    line = b""
    while not line.endswith(b"\n"):
        byte = received.read(1)
        if not byte:
            raise Failure(f"the serial line ends, or the time is over, after {line!r}")
        line += byte
    text = line.decode(errors="replace").removesuffix("\n")
    if text.startswith("failed: ") and not text.startswith("failed: a window "):
        raise Failure(f"the board says: {text}")
    return text


def ask(received, sent, window):
    """Sends a window and waits for its line, as a USART without a buffer wants."""
    sent.write(framed(window))
    sent.flush()
    return read_line(received)
