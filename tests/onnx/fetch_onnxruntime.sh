#!/usr/bin/env bash
# Fetches ONNX Runtime for node, for this machine alone, and prints its folder (35 MB), that of the user's cache.
# The packages have the libraries of six machines, and a script that would fetch more: neither is kept or run.
#   fetch_onnxruntime.sh
set -euo pipefail
version=1.23.2
declare -A sha512=(
  [onnxruntime-node]=3814ec1b45bc75d05539e555572721a55052f3b03d615e6c6b6849ea5734db94fdecb7be278bfef8fc120b85c5b350bad925b235da1fd0c8782af9d982db786b
  [onnxruntime-common]=e4b16c0bd0ee933a76595ea434760b373a7cb13e95d3622e6cb09bcf0d9777a5f918e96beb98005fac62270ca2d94449a25fecef581a40b0b91760b6e40011db
)
case $(uname -m) in
  x86_64) machine=x64 ;;
  aarch64) machine=arm64 ;;
  *) echo "fetch_onnxruntime.sh: there is no onnxruntime-node for $(uname -m)" >&2; exit 1 ;;
esac
cache=${XDG_CACHE_HOME:-$HOME/.cache}/picovae
folder=$cache/onnxruntime-node-$version
if [[ ! -d $folder ]]; then
  mkdir -p "$cache"
  work=$(mktemp -d "$cache/.fetch.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  for package in onnxruntime-node onnxruntime-common; do
    echo "fetch_onnxruntime.sh: fetching $package@$version with npm" >&2
    npm pack --silent "$package@$version" > /dev/null
    sum=$(sha512sum < "$package-$version.tgz")
    [[ ${sum%% *} == "${sha512[$package]}" ]] ||
      { echo "fetch_onnxruntime.sh: $package: wrong checksum, not kept" >&2; exit 1; }
    mkdir -p "new/node_modules/$package"
    tar -C "new/node_modules/$package" --strip-components=1 --no-same-owner -xzf "$package-$version.tgz"
  done
  cd new/node_modules/onnxruntime-node
  find bin -type f ! -path "*/linux/$machine/*" -delete
  rm -f "bin/napi-v6/linux/$machine/"*{cuda,tensorrt,webgpu}*
  mv -T "$work/new" "$folder" 2> /dev/null || [[ -d $folder ]]  # another process may have been faster
fi
echo "$folder"
