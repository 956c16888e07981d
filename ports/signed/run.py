#!/usr/bin/env python3
"""Signs a model, puts it into the flash of an emulated M4 (mps2-an386), and damages it there. Ends with 0 only if the
firmware draws picovae's digit from the signed model, and refuses one with a flipped bit and checksums that fit it, one
with a flipped bit in its signature, and one that another key signed."""
import dataclasses
import hashlib
import pathlib
import re
import struct
import subprocess
import sys
import tarfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness.architectures import ARM  # noqa: E402
from harness.crc32c import crc32c  # noqa: E402
from harness.firmware import Firmware  # noqa: E402
from harness.picovae import SHIPPED, Picovae, add_picovae  # noqa: E402
from harness.script import JOBS, ROOT, Failure, Log, Parser, need, progress, readable, run_script  # noqa: E402

NAME = "ports/signed/run.sh"
BOARD = "mps2-an386"
SLOT = 0x200000       # the upper half of the board's flash
SIGNATURE_SIZE = 64   # of signed_model.h
REFUSED = 3           # the exit code of main.cpp
TIMEOUT = 120         # seconds of the emulator
# orlp/ed25519, in the package of the registry that has its C sources.
PACKAGE, FOLDER = "ed25519-supercop@2.0.1", "package/vendor/ed25519/src"
SHA512 = ("e4aef96a9038dbcca04eefeebd6c1f38f3ea770eb9bfb9450cb5fa092b15fc1c"
          "a1855479c440fddca5de28310c67b1b64ed7774724282fca45192a0c1160571c")


def parse(arguments):
    parser = Parser(NAME, __doc__, "ports/signed/run.sh --picovae build/picovae")
    parser.add_argument("--model", type=readable, default=SHIPPED, metavar="FILE",
                        help="an s8 .pvae of 784-300-300-50, default engine/models/mnist_s8.pvae")
    parser.add_argument("--library", type=pathlib.Path, metavar="DIR",
                        help=f"the C sources of an Ed25519 library; default: those in {PACKAGE}, by npm")
    add_picovae(parser)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/signed", metavar="DIR",
                        help="default build/signed")
    options = parser.parse_args(arguments)
    options.build = options.build.resolve()
    return options


def fetch_library(folder, log):
    """Returns the folder of the library's sources."""
    archive = folder / "ed25519-supercop-2.0.1.tgz"
    if not archive.exists():
        progress(f"fetching {PACKAGE}")
        log.run("npm", "pack", PACKAGE, "--pack-destination", folder, "--loglevel=error")
    if hashlib.sha512(archive.read_bytes()).hexdigest() != SHA512:
        raise Failure(f"{archive} is not the archive that this script is for")
    with tarfile.open(archive) as files:
        for member in files:
            path = pathlib.PurePosixPath(member.name)
            if member.isfile() and path.parent == pathlib.PurePosixPath(FOLDER):
                (folder / path.name).write_bytes(files.extractfile(member).read())
    return folder


def flip(content, at):
    """With the lowest bit of a byte flipped."""
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1:]


def damage_weight(slot):
    """A bit of a weight of the decoder's last layer is flipped, and both checksums over it are made anew."""
    table_end = 64 + 16 * slot[33]
    for entry in range(64, table_end, 16):
        kind, layer, offset, size = struct.unpack_from("<BB2xII", slot, entry)
        if (kind, layer) == (1, 5):
            slot = bytearray(flip(slot, offset + size // 2))
            struct.pack_into("<I", slot, entry + 12, crc32c(slot[offset:offset + size]))
            struct.pack_into("<I", slot, 60, crc32c(slot[:60] + slot[64:table_end]))
            return bytes(slot)
    raise Failure("the model has no weights of decoder.2")


@dataclasses.dataclass
class Case:
    name: str
    slot: bytes
    refused: bool


def cases(signed, signed_by_another):
    return [Case("signed", signed, refused=False),
            Case("a weight and its checksums changed", damage_weight(signed), refused=True),
            Case("the signature changed", flip(signed, len(signed) - SIGNATURE_SIZE), refused=True),
            Case("the signature's other half changed", flip(signed, len(signed) - SIGNATURE_SIZE // 2), refused=True),
            Case("a byte behind the model changed", flip(signed, len(signed) - SIGNATURE_SIZE - 1), refused=True),
            Case("signed by another key", signed_by_another, refused=True)]


def sign(folder, model, log):
    """Returns the model's slot as two keys sign it. The first one's public_key.h is in `folder`."""
    slots = []
    for name in "key", "another":
        key, slot = folder / f"{name}.pem", folder / f"{name}.slot"
        log.run("openssl", "genpkey", "-algorithm", "ed25519", "-out", key)
        log.run(HERE / "sign.sh", key, model, slot)
        slots.append(slot.read_bytes())
    header = subprocess.run([HERE / "sign.sh", folder / "key.pem"], check=True, stdout=subprocess.PIPE).stdout
    (folder / "public_key.h").write_bytes(header)
    return slots


def emulate(elf, slot):
    """Returns the exit code and what the firmware prints."""
    file = elf.with_name("slot.bin")
    file.write_bytes(slot)
    try:
        result = subprocess.run(
            [*ARM.emulator, "-M", BOARD, "-kernel", elf, "-device", f"loader,file={file},addr={SLOT:#x},force-raw=on"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Failure(f"the board has no result within {TIMEOUT} s") from None
    return result.returncode, result.stdout


def check(case, code, output, digit):
    """Returns the figures that the firmware printed. Of a slot that is refused the engine's own checks say 0, that all
    is well: it is the signature alone that tells."""
    figures = dict(re.findall(r"^(\w+) (\d+)$", output, re.M))
    if case.refused:
        ok = code == REFUSED and figures.get("unsigned_status") == "0"
    else:
        ok = code == 0 and digit in output
    if not ok:
        raise Failure(f"{case.name}: the board ended with {code} and printed\n{output}")
    return figures


def bytes_of_library(link_map):
    """Code and constants of the library that are in the firmware."""
    kept = link_map.split("Linker script and memory map")[1]
    sizes = re.findall(r"^ \.(?:text|rodata)\S*\s+0x\w+\s+0x(\w+) CMakeFiles/ed25519\.dir/", kept, re.M)
    return sum(int(size, 16) for size in sizes)


def main(arguments):
    options = parse(arguments)
    need("build boards ed25519", "cmake", "arm-none-eabi-gcc", "arm-none-eabi-g++", "qemu-system-arm", "openssl")
    log = Log(options.build / "build.log")
    picovae = Picovae(options.picovae, log)
    library = options.library
    if not library:
        need("ed25519", "npm")
        (options.build / "library").mkdir(exist_ok=True)
        library = fetch_library(options.build / "library", log)

    progress("signing a model and building the firmware")
    model = options.build / "board.pvae"
    picovae.export(options.model, "cortex-m", "--decoder-only", "--out", model)
    signed, signed_by_another = sign(options.build, model, log)
    log.run("cmake", "-S", HERE, "-B", options.build, "--toolchain", HERE.parent / "boards/arm/toolchain.cmake",
            "-DPICOVAE_WERROR=ON", f"-DPICOVAE_ED25519={library.resolve()}", f"-DPICOVAE_KEY={options.build}",
            f"-DPICOVAE_SLOT={SLOT:#x}")
    log.run("cmake", "--build", options.build, "-j", str(JOBS))
    firmware = Firmware(options.build / "signed_model.elf")
    if unwelcome := firmware.unwelcome_symbols():
        raise Failure(f"linked with {' '.join(unwelcome)}")

    digit = picovae.output("generate", options.model, "--seed", "1", "--count", "1", "--ascii")
    for case in cases(signed, signed_by_another):
        code, output = emulate(firmware.elf, case.slot)
        figures = check(case, code, output, digit)
        print(f"{case.name}: {'refused' if case.refused else 'drawn'}", flush=True)
    print(digit, end="")
    size = bytes_of_library(firmware.elf.with_suffix(".map").read_text())
    print(f"the check takes {int(figures['signature_instructions']):,} instructions for {len(signed):,} bytes,"
          f" {size:,} bytes of code and {int(figures['signature_stack']):,} of stack")
    return 0


if __name__ == "__main__":
    run_script(NAME, main)
