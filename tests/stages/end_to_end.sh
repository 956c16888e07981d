#!/usr/bin/env bash
# The main path on real MNIST: trains two epochs, checks the model against an independent program, quantizes,
# checks the signature on every ISA of this machine, and leaves a model for the boards.
#   end_to_end.sh PICOVAE FOLDER
set -euo pipefail
picovae=$1 folder=$2
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
rm -f "$folder/model.safetensors.checkpoint"  # of a run that was broken off
fail() { echo "end_to_end: $*" >&2; exit 1; }
below() { awk -v a="$1" -v b="$2" 'BEGIN { exit !(a <= b) }'; }
value() { /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["'"$1"'"])'; }

data=$("$here/../../tools/fetch_mnist.sh")
"$picovae" train --data "$data" --out "$folder/model.safetensors" --epochs 2 --log "$folder/log.csv"

f32=$("$picovae" eval "$folder/model.safetensors" --data "$data" --samples 10 --json | value neg_elbo)
numpy=$(/usr/bin/python3 "$here/numpy_elbo.py" "$folder/model.safetensors" "$data" 10)
echo "test ELBO after 2 epochs: $f32; by numpy: $numpy"
below "$f32" 104 || fail "two epochs should get below 104 nats"
below "$f32" "$(awk -v n="$numpy" 'BEGIN { print n + 0.05 }')" || fail "numpy finds a better ELBO"
below "$numpy" "$(awk -v n="$f32" 'BEGIN { print n + 0.05 }')" || fail "numpy finds a worse ELBO"

"$picovae" quantize "$folder/model.safetensors" --data "$data" --out "$folder/model.pvae" \
  --max-loss 0.25 --json > "$folder/quantize.json"
echo "s8 loses $(value loss < "$folder/quantize.json") nats"

"$picovae" self-test "$folder/model.pvae" --every-isa
"$picovae" generate "$folder/model.pvae" --count 1 --ascii

# Two epochs are few, but classes can be told apart; the README has what thirty give.
"$picovae" generate "$folder/model.pvae" --digit all --out "$folder/classes.png"
/usr/bin/python3 "$here/class_accuracy.py" "$picovae" "$data" "$folder/model.safetensors" "$folder/model.pvae"
