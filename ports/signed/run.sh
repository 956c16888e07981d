#!/usr/bin/env bash
# See ports/signed/run.sh --help.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/run.py" "$@"
