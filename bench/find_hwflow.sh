# Sourced by the scripts beside it: `hwflow` is their first argument, or the release build.
# `is_done FOLDER` says whether a run of a study there came to its end. Needs `here`.
# shellcheck shell=bash
hwflow=${1:-$here/../build/release/src/cli/hwflow}
if [[ ! -x $hwflow ]]; then
  echo "$hwflow is no program: 'make build' makes it, or name another one" >&2
  exit 2
fi

is_done() {
  [[ -f $1/result.json ]] && ! grep -q '"stopped": true' "$1/result.json"
}
