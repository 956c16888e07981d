#!/usr/bin/env python3
"""Builds the program, the explorer's page and all firmware twice, from copies of the tree in two folders, one after the
other, in another language and with other umasks. Ends with 0 only if all files are equal, byte for byte.

   rebuildable.py FOLDER"""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
JOBS = str(os.cpu_count())
# What differs: the folder's length, the locale, the umask, the time zone, how many compile at once.
BUILDERS = (("one", {"LANG": "C", "TZ": "UTC"}, 0o022, JOBS),
            ("another/longer path", {"LANG": "C.UTF-8", "TZ": "Asia/Tokyo"}, 0o077, "1"))
KINDS = ("*.elf", "picovae_web*.wasm", "explorer.html", "picovae")


def run(*command, folder, environment):
    # A compiler cache would give the second build what the first one made.
    environment = {**os.environ, **environment, "CCACHE_DISABLE": "1"}
    log = folder.parent / "build.log"
    with log.open("a") as out:
        result = subprocess.run(list(map(str, command)), cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
    if result.returncode != 0:
        sys.exit(f"rebuildable.py: {' '.join(map(str, command))} failed; see {log}")


def copy_tree(folder):
    """The files of the repository as they are now."""
    shutil.rmtree(folder, ignore_errors=True)
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, stdout=subprocess.PIPE,
                            text=True)
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)


def build(folder, environment, jobs):
    def do(*command):
        run(*command, folder=folder, environment=environment)

    do("cmake", "-S", ".", "-B", "build", "-DCMAKE_BUILD_TYPE=Release", "-DPICOVAE_BUILD_TESTS=OFF",
       "-DPICOVAE_BUILD_BENCH=OFF")
    do("cmake", "--build", "build", "-j", jobs, "--target", "picovae_program")
    do("ports/web/run.sh", "--build", "build/web")
    do("ports/run.sh", "--build", "build/ports", "--picovae", "build/picovae", "--model", "engine/models/mnist_s8.pvae")
    do("ports/stm32f4/run.sh", "--build", "build/stm32f4", "--picovae", "build/picovae")


def digests(folder):
    """File -> SHA-256."""
    files = {path for kind in KINDS for path in (folder / "build").rglob(kind) if path.is_file()}
    return {str(path.relative_to(folder / "build")): hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(files)}


def main():
    if len(sys.argv) != 2:
        sys.exit(f"usage: {__doc__}")
    built = []
    for name, environment, umask, jobs in BUILDERS:
        folder = pathlib.Path(sys.argv[1]).resolve() / name / "picovae"
        copy_tree(folder)
        old = os.umask(umask)
        build(folder, environment, jobs)
        os.umask(old)
        built.append(digests(folder))
    first, second = built
    for name in sorted({*first, *second}):
        same = first.get(name) == second.get(name)
        print(f"{first.get(name, 'missing')[:16]}  {name}{'' if same else ': differs'}")
    kinds = {pathlib.Path(name).suffix for name in first}
    if first != second or kinds != {"", ".elf", ".wasm", ".html"}:
        sys.exit("rebuildable.py: the two builds are not equal")
    print(f"{len(first)} files are equal")


if __name__ == "__main__":
    main()
