#!/usr/bin/env bash
# Breaks the engine on purpose and counts what the unit tests find (tests/mutation/run.py says how).
set -euo pipefail
here=$(dirname "$0")
"$here/../tools/install_packages.sh" build tests mutation
exec /usr/bin/python3 "$here/mutation/run.py" "$@"
