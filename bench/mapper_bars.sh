#!/usr/bin/env bash
# The bars of the mapper beside what was measured, as Markdown (see bench/mapper_bars.py):
#   bench/mapper_bars.sh [HWFLOW] [--refs FOLDER] [--zoo] [--only conv2x,networks,ceiling,refs,zoo] ...
# Seconds of processor time are those of the whole command; of several runs the least counts.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
hwflow=$here/../build/release/src/cli/hwflow
if [[ $# -gt 0 && $1 != -* ]]; then
  hwflow=$1
  shift
fi
if [[ ! -x $hwflow ]]; then
  echo "$hwflow is no program: 'make build' makes it, or name another one" >&2
  exit 2
fi
exec python3 "$here/mapper_bars.py" --hwflow "$hwflow" "$@"
