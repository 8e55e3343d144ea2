# Sourced by the scripts beside it that run studies again and again: what find_hwflow.sh gives; `out`,
# the folder of their runs (OUT, kept; else a temporary one); and `settings`, the words of SETTINGS. Needs
# `here`.
# shellcheck shell=bash
# shellcheck source=bench/find_hwflow.sh
source "$here/find_hwflow.sh"
# shellcheck disable=SC2034
read -ra settings <<<"${SETTINGS:-}"
if [[ -n ${OUT:-} ]]; then
  out=$OUT
  mkdir -p "$out"
else
  out=$(mktemp -d)
  trap 'rm -rf "$out"' EXIT
fi
