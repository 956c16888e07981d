#!/usr/bin/env bash
# See ports/stm32f4/run.sh --help.
exec python3 "$(dirname "${BASH_SOURCE[0]}")/run.py" "$@"
