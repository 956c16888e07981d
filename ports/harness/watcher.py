"""stm32f4/watch.c on an emulated board: every line of it against what the host says of the same window."""
import csv

from harness import vibration
from harness.emulator import emulated, led_of
from harness.script import Failure
from harness.windows import ESCAPE, MARK, ask, read_line

SHAPE = f"{vibration.BANDS}-32-16-6"
PER_MILLE = 999  # as watch.c has it
TIMEOUT = 60     # seconds
NORMAL = 60      # windows that come first
REFUSAL = "failed: a window of {} bytes, want {}; send the next after the line of the last"


def make_model(picovae, folder):
    """Trains on normal windows, quantizes, and keeps what normal windows score. Returns the s8 model."""
    data, trained, model = folder / "data", folder / "sensor.safetensors", folder / "sensor.pvae"
    vibration.write_all(data)
    picovae.output("train", "--data", data, "--shape", SHAPE, "--out", trained)
    picovae.output("quantize", trained, "--data", data, "--out", model)
    picovae.output("score", model, "--data", data, "--keep", model)
    return model


def held_out_windows():
    """Windows that neither training nor thresholds have seen; the last are all marks, all escapes, and extremes."""
    rows = vibration.windows(NORMAL, seed=5)
    for fault in vibration.FAULTS:
        rows += vibration.windows(20, seed=6, fault=fault)
    return rows + [bytes([value]) * vibration.BANDS for value in (MARK[0], ESCAPE[0], 0, 255)]


def threshold_in(description):
    """What the model has for the excess, from `picovae info --json`."""
    thresholds = description["thresholds"]
    return thresholds["excess"][thresholds["per_mille"].index(PER_MILLE)]


def lines_of_host(picovae, model, rows, folder):
    """What the board should say of these windows: by the host's scores."""
    windows, table = folder / "held_out.idx", folder / "scores.csv"
    windows.write_bytes(vibration.idx(rows))
    picovae.output("score", model, "--data", folder / "data", "--against", windows, "--csv", table)
    threshold = threshold_in(picovae.info(model))
    with table.open() as file:
        scores = [round(256 * float(row["excess"])) for row in csv.DictReader(file) if row["set"] == "against"]
    return [f"abnormal above {threshold}"] + [
        f"{'abnormal' if score > threshold else 'normal'} {score}" for score in scores]


def check_framing(received, sent, window, wanted):
    """Windows that lost bytes or have more: each is refused with its size, and the next is whole."""
    size = len(window)
    for spoilt, bytes_left in ((window[:-1], size - 1), (window + b"x", size + 1), (b"x" * 3 * size, 3 * size)):
        expect(ask(received, sent, spoilt), REFUSAL.format(bytes_left, size))
        expect(ask(received, sent, window), wanted)
    sent.write(MARK + b"x" * 9)  # its end is lost
    expect(ask(received, sent, window), REFUSAL.format(9, size))
    expect(read_line(received), wanted)


def expect(said, wanted):
    if said != wanted:
        raise Failure(f"the board says '{said}', want '{wanted}'")


def check(picovae, model, elf, folder):
    """Returns a summary."""
    rows = held_out_windows()
    first, *lines = lines_of_host(picovae, model, rows, folder)
    log = folder / "peripherals.log"
    with emulated(elf, TIMEOUT, log) as (received, sent):
        sent.write(rows[0])  # the end of a window that began before the board listened; it has no mark
        expect(read_line(received), first)
        for row, line in zip(rows, lines):
            expect(ask(received, sent, row), line)
        led = led_of(log.read_text())
        check_framing(received, sent, rows[0], lines[0])
    alarms = [line.startswith("abnormal") for line in lines]
    if led != alarms:
        raise Failure(f"the LED was switched otherwise than the alarms: {log}")
    if not any(alarms) or all(alarms):
        raise Failure("all windows are judged alike: the model tells nothing apart")
    false = sum(alarms[:NORMAL])
    return f"{len(lines)} windows score as on the host; {sum(alarms)} alarms, for {false} of {NORMAL} normal windows"
