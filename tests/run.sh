#!/usr/bin/env bash
# Builds and tests picovae (tests/run.py says how).
set -euo pipefail
here=$(dirname "$0")
command -v python3 > /dev/null || "$here/../tools/install_packages.sh" tests
exec python3 "$here/run.py" "$@"
