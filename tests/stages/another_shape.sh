#!/usr/bin/env bash
# Tools built for another shape train, quantize and run it; each build refuses the other's models and
# says how to build for them.
#   another_shape.sh PICOVAE_OF_784_128_64_16 PICOVAE_OF_784_300_300_50 FOLDER
set -euo pipefail
small=$1 default=$2 folder=$3
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$folder"
rm -f "$folder/small.safetensors.checkpoint"  # of a run that was broken off
data=$("$here/../../tools/fetch_mnist.sh")
"$small" train --data "$data" --out "$folder/small.safetensors" --epochs 1
"$small" quantize "$folder/small.safetensors" --data "$data" --out "$folder/small.pvae" --max-loss 2
"$small" self-test "$folder/small.pvae"
"$small" generate "$folder/small.pvae" --ascii --count 1
for model in "$folder/small.safetensors" "$folder/small.pvae"; do
  if "$default" generate "$model" --ascii > /dev/null 2> "$folder/message"; then
    echo "another_shape: $model was not refused" >&2
    exit 1
  fi
  cat "$folder/message"
  grep -q "784,128,64,16.*784,300,300,50.*-DPICOVAE_SHAPE=784,128,64,16" "$folder/message"
done
