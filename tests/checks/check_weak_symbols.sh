#!/usr/bin/env bash
# check_weak_symbols.sh LIBRARY...: no object that is built for one ISA may hold a weak symbol whose name does
# not say which: the linker keeps one of several equal ones for the whole program, and an older processor would
# run it. These objects are
# what picovae_per_isa() of engine/cmake/isa.cmake compiles: SOURCE_ISA.
#
# Prints each offender with its object and exits 1.
set -euo pipefail

if [[ $# -lt 1 ]]; then
  echo "usage: $0 LIBRARY..." >&2
  exit 2
fi
failed=0
for library in "$@"; do
  if ! symbols=$(nm -A --no-demangle "$library"); then
    echo "$0: cannot read $library" >&2
    exit 2
  fi
  # A line is `library:object:[address] type name`. DW.ref. names a pointer to the one handler of exceptions.
  weak=$(awk '
    match($1, /:(dense_f32|dense_bf16|dense_s8|product|vector_ops_isa)_[a-z0-9]+\./) {
      isa = substr($1, RSTART + 1, RLENGTH - 2)
      sub(/.*_/, "", isa)
      ++objects
      if ($(NF - 1) ~ /^[WVuvw]$/ && $NF !~ /^DW\.ref\./ && !index(tolower($NF), isa)) print
    }
    END { if (objects == 0) print "no object of one ISA" }' <<<"$symbols")
  if [[ -n $weak ]]; then
    c++filt <<<"$weak" | awk -v library="${library##*/}" '
      { sub(/^[^:]*\//, ""); print library ": a weak symbol without its ISA in its name: " $0 }'
    failed=1
  fi
done
exit $failed
