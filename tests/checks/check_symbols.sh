#!/usr/bin/env bash
# check_symbols.sh LIBRARY [NM]: what the engine's static library may not contain.
#
#   - calls of the heap, exceptions, stdio, iostreams, the environment, clocks, threads, exit
#   - constructors that run before main
#   - type information
#
# Prints each offender with its object and exits 1.
set -euo pipefail

if [[ $# -lt 1 || $# -gt 2 ]]; then
  echo "usage: $0 LIBRARY [NM]" >&2
  exit 2
fi
library=$1
nm=${2:-nm}
if ! symbols=$("$nm" -A --no-demangle "$library"); then
  echo "$0: cannot read $library" >&2
  exit 2
fi
# A line is `library:object:[address] type name`. An empty list would pass every check below.
if ! grep -q 'kScalarKernels' <<<"$symbols"; then
  echo "$0: $library is not the engine: it has no kScalarKernels" >&2
  exit 2
fi

forbidden=(
  # the heap
  '(__libc_)?(malloc|calloc|realloc|reallocarray|free|memalign|valloc|pvalloc|aligned_alloc|posix_memalign|sbrk|mmap|strdup|strndup)'
  '_Zn[wa].*' '_Zd[la].*'                                     # operator new, delete
  # exceptions and the ends of a program
  '__cxa_.*' '_Unwind_.*' '__gxx_personality.*' '_ZSt9terminatev' '_ZSt[0-9]+__throw_.*'
  'abort|exit|_exit|quick_exit|atexit|__assert_fail|__assert_func|raise|signal|setjmp|longjmp'
  # type information: typeinfo, its names, vtables
  '_ZT[ISV].*'
  # stdio, iostreams, files
  '_*(v?[fsd]?n?|va?s)?printf(_chk)?' '_*(isoc[0-9]+_)?v?[fs]?scanf' 'f?puts|f?putc|putchar|_IO_.*|getchar|perror'
  'fopen(64)?|fdopen|freopen|fclose|fread|fwrite|fseek|fflush|std(in|out|err)|open(64)?|close|read|write'
  '_ZNK?S[aiosd].*' '_ZSt(4cout|4cerr|4clog|3cin|.*basic_[io]?stream.*|.*ios_base.*)' '_ZNK?St.*(ios|stream|locale|basic_string|filesystem).*'
  # the environment, clocks, threads
  '(secure_)?getenv|setenv|putenv|environ'
  'time|clock|clock_gettime|gettimeofday|localtime(_r)?|gmtime(_r)?|nanosleep|sleep|usleep' '_ZNSt6chrono.*'
  'pthread_.*' '_ZNSt6thread.*' '__tls_get_addr' 'rand|srand|random'
  # constructors that run before main
  '_GLOBAL__(sub_)?I.*' '__static_initialization_and_destruction.*'
)
pattern=$(IFS='|'; echo "${forbidden[*]}")

failed=0
report() {  # report LINES MESSAGE
  if [[ -n $1 ]]; then
    c++filt <<<"$1" | awk -v why="$2" '{ sub(/^[^:]*\//, ""); print why ": " $0 }'
    failed=1
  fi
}

report "$(grep -E "[[:space:]][A-Za-z][[:space:]]($pattern)(@.*)?$" <<<"$symbols" || true)" \
  "not allowed in the engine"

exit $failed
