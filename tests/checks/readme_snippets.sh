#!/usr/bin/env bash
# Compiles every block of C and C++ in the documents named: what a reader copies must work.
#   readme_snippets.sh INCLUDE_FOLDER CC CXX DOCUMENT...
set -euo pipefail
include=$1 cc=$2 cxx=$3
shift 3
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# What picovae export --c-array writes, shorter; test_cli_export.py compiles a real one.
cat > "$scratch/digits.h" <<'TEXT'
#pragma once
#define DIGITS_SIZE 355264
#define DIGITS_SHAPE 784, 300, 300, 50
#ifdef __cplusplus
extern "C"
#else
extern
#endif
__attribute__((aligned(64))) const unsigned char digits[DIGITS_SIZE];
TEXT

# An Ed25519 library, and what ports/signed/sign.sh writes; ports/signed/run.py compiles real ones.
cat > "$scratch/ed25519.h" <<'TEXT'
#include <stddef.h>
int ed25519_verify(const unsigned char* signature, const unsigned char* message, size_t message_len,
                   const unsigned char* public_key);
TEXT
echo 'static const unsigned char public_key[32] = {0};' > "$scratch/public_key.h"
signed=$(dirname "$0")/../../ports/signed

failed=0
for document in "$@"; do
  name=$(basename "$(dirname "$document")")-$(basename "$document")
  # DOCUMENT-1.cpp, DOCUMENT-2.c, ..., each with its line, so that messages point into the document.
  awk -v file="$scratch/$name" -v document="$document" '
    /^```(c|cpp)$/ { kind = substr($0, 4); out = file "-" ++count "." kind
                     printf "#line %d \"%s\"\n", NR + 1, document > out; on = 1; next }
    /^```/ { on = 0 }
    on { print > out }' "$document"
  blocks=0
  for block in "$scratch/$name"-*; do
    [[ -e $block ]] || continue
    blocks=$((blocks + 1))
    compiler=("$cc" -std=c99)
    [[ $block == *.cpp ]] && compiler=("$cxx" -std=c++17)
    "${compiler[@]}" -Wall -Wextra -Wpedantic -Werror -I "$include" -I "$signed" -I "$scratch" -c "$block" \
      -o "$scratch/block.o" || failed=1
  done
  if ((blocks == 0)); then
    echo "readme_snippets: no block of C or C++ in $document" >&2
    failed=1
  fi
  echo "$document: $blocks blocks"
done
exit $failed
