#!/usr/bin/env bash
# Programs of this machine on emulated processors that lack its instructions: each must start, choose the
# kernels that the processor has, draw the digits that the model signs, and train.
#   old_processors.sh MODEL DATA FOLDER PICOVAE...
# MODEL is an s8 .pvae, DATA a folder with MNIST, FOLDER for what is written.
set -euo pipefail
model=$1 data=$2 folder=$3
shift 3
fail() { echo "old_processors: $*" >&2; exit 1; }
mkdir -p "$folder/data"

# A few images are enough to run every vector operation of the trainer.
/usr/bin/python3 - "$data" "$folder/data" << 'PYTHON'
import gzip, pathlib, struct, sys
source, target = map(pathlib.Path, sys.argv[1:])
for split, count in (("train", 100), ("t10k", 16)):
    for name, head, size in ((f"{split}-images-idx3-ubyte", 16, 784), (f"{split}-labels-idx1-ubyte", 8, 1)):
        raw = source / name
        content = raw.read_bytes() if raw.exists() else gzip.open(source / f"{name}.gz").read()
        (target / name).write_bytes(content[:4] + struct.pack(">I", count) + content[8:head + count * size])
PYTHON

# "processor, what its emulation leaves out: kernels"
processors=(
  'Conroe: sse2fma'
  'Nehalem: sse2fma'
  'Haswell,-pcid,-x2apic,-tsc-deadline,-hle,-rtm,-invpcid: avx2'
)
for picovae in "$@"; do
  "$picovae" generate "$model" --out "$folder/native.png" > /dev/null
  for processor in "${processors[@]}"; do
    cpu=${processor%%: *} isa=${processor##*: } name=${processor%%[,:]*}
    emulated() {
      qemu-x86_64 -cpu "$cpu" "$picovae" "$@" || fail "$picovae on a $name: $1 ended with $?"
    }
    tested=$(emulated self-test "$model")
    [[ $tested == "$isa "*"as the model says" ]] || fail "$picovae on a $name, which has $isa: $tested"
    emulated generate "$model" --out "$folder/$name.png" > /dev/null
    cmp "$folder/native.png" "$folder/$name.png" || fail "$picovae on a $name draws other digits"
    emulated train --data "$folder/data" --out "$folder/$name.safetensors" --epochs 1 > "$folder/$name.txt"
    grep -q "($isa, " "$folder/$name.txt" || fail "$picovae on a $name trains with: $(cat "$folder/$name.txt")"
    echo "$picovae on a $name: $tested; trains"
  done
done
