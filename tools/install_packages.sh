#!/usr/bin/env bash
# Installs the Debian packages of some groups, those that are missing, with apt and if needed sudo. If it cannot,
# it names them and fails.
#   tools/install_packages.sh GROUP...
#   tools/install_packages.sh --list     prints the groups, their packages, and what each is for
set -euo pipefail

# The only list of what this repository needs.
list() {
  cat <<'LIST'
build      g++                            compiles everything
build      cmake                          configures every build
build      make                           runs every build
build      libxsimd-dev                   vectors of the engine's kernels
build      libcli11-dev                   command line of picovae
build      libeigen3-dev                  linear algebra of quantize and map
build      libfmt-dev                     text of the tools
build      nlohmann-json3-dev             safetensors, --json
build      libpng-dev                     pictures
build      zlib1g-dev                     data sets in .gz
build      libzip-dev                     data sets in .npz
build      libonnx-dev                    picovae export --onnx, import
build      libprotobuf-dev                the headers that it includes
man        help2man                       man pages of picovae
data       curl                           fetches MNIST
data       ca-certificates                fetches MNIST by https
data       gnuplot-nox                    picovae plot
tests      gcc                            picovae.h is for C too
tests      pkg-config                     picovae.pc in a program
tests      doctest-dev                    unit tests
tests      python3                        tests of the command line, tables
tests      python3-numpy                  an independent ELBO
tests      python3-dev                    the Python module
tests      pybind11-dev                   the Python module
tests      python3-onnx                   checks exported ONNX files, makes imported ones
pytorch    python3-torch                  models to import, and its exporter to ONNX
onnx       nodejs                         runs ONNX Runtime
onnx       npm                            fetches it
bench      libbenchmark-dev               times
bench      libopenblas-dev                peer: OpenBLAS
bench      libdnnl-dev                    peer: oneDNN
bench      libblis-dev                    peer: BLIS
bench      libxsmm-dev                    peer: LIBXSMM
bench      python3                        tables
clang      clang                          the second compiler
libc++     libc++-dev                     the standard library of macOS
libc++     libc++abi-dev                  with it
checks     clang-tidy                     mistakes in the engine's sources
checks     cppcheck                       the same, by other means
boards     gcc-arm-none-eabi              firmware for Cortex-M
boards     libstdc++-arm-none-eabi-dev    headers of freestanding C++
boards     gcc-riscv64-unknown-elf        firmware for RISC-V
boards     qemu-system-arm                emulated boards
boards     qemu-system-misc               emulated boards of RISC-V
boards     python3                        ports/run.py
ed25519    openssl                        signs models, for ports/signed/
ed25519    npm                            fetches a library for boards that checks them
arduino    arduino-builder                compiles the library for Arduino
cycles     llvm-19                        models of cores, for ports/cycles.py
linux      g++-aarch64-linux-gnu          64-bit Arm
linux      g++-arm-linux-gnueabihf        32-bit Arm
linux      g++-riscv64-linux-gnu          64-bit RISC-V
linux      clang-19                       vectors of RISC-V
linux      qemu-user                      emulated processors
mutation   python3-clang                  the syntax tree that faults are made in
signing    g++-i686-linux-gnu             32-bit x86
signing    g++-powerpc64le-linux-gnu      64-bit POWER
signing    qemu-user                      emulated processors
old        qemu-user                      emulated x86 processors without AVX
web        clang                          compiles WebAssembly
web        lld                            links it
web        wasi-libc                      its C headers and memcpy
web        libc++-dev-wasm32              its headers of C++
web        nodejs                         runs it
browser    chromium                       opens the explorer
browser    npm                            fetches playwright-core, which drives Chromium
windows    g++-mingw-w64-x86-64-posix     the engine for Windows
windows    wine64                         runs it
sanitize   libclang-rt-dev                MemorySanitizer
sanitize   valgrind                       memcheck
coverage   llvm                           counts of lines and branches
fuzz       libclang-rt-dev                libFuzzer
proofs     clang                          the engine as formulas
proofs     python3-z3                     proves them
LIST
}

case ${1-} in
  --help | -h | '') sed -n '2,5s/^# //p' "$0"; (($#)) && exit 0 || exit 2 ;;
  --list) list; exit 0 ;;
esac

# Whether the package is there, or another that provides it, as node's own package does npm. Names are no patterns:
# libc++-dev is not what libc6-dev provides.
is_installed() {
  [[ $(dpkg-query -W -f '${Status}' "$1" 2> /dev/null) == *'ok installed' ]] ||
    dpkg-query -W -f '${db:Status-Status}, ${Provides}\n' 2> /dev/null | awk -F ', *' -v name="$1" '
      $1 == "installed" { for (i = 2; i <= NF; ++i) { sub(/ .*/, "", $i); found += $i == name } }
      END { exit !found }'
}

missing=()
for group in "$@"; do
  packages=$(list | awk -v group="$group" '$1 == group { print $2 }')
  [[ -n $packages ]] || { echo "install_packages.sh: no group $group (see --list)" >&2; exit 2; }
  for package in $packages; do
    [[ " ${missing[*]-} " == *" $package "* ]] ||
      is_installed "$package" || missing+=("$package")
  done
done
((${#missing[@]})) || exit 0

sudo=()
if ! command -v apt-get > /dev/null; then
  echo "missing packages (their names in Debian 12): ${missing[*]}" >&2
  exit 1
fi
if (($(id -u))); then
  command -v sudo > /dev/null ||
    { echo "missing packages; install them as root: apt-get install ${missing[*]}" >&2; exit 1; }
  sudo=(sudo)
fi
echo "installing ${missing[*]}" >&2
install=("${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}")
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The first try fails if the package lists are old.
if ! "${install[@]}" > "$log" 2>&1; then
  "${sudo[@]}" apt-get update >> "$log" 2>&1 || true
  if ! "${install[@]}" >> "$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "could not install; try: apt-get install ${missing[*]}" >&2
    exit 1
  fi
fi
