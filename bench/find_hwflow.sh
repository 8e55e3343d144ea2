# Sourced by the scripts beside it: `hwflow` is their first argument, or the release build. Needs `here`.
# shellcheck shell=bash
hwflow=${1:-$here/../build/release/src/cli/hwflow}
if [[ ! -x $hwflow ]]; then
  echo "$hwflow is no program: 'make build' makes it, or name another one" >&2
  exit 2
fi
