# Sourced by the scripts beside it that run studies again and again: what find_hwflow.sh gives; `out`,
# the folder of their runs (OUT, kept; else a temporary one); `settings`, the words of SETTINGS; and
# run_study. Needs `here`.
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

run_study() { # FOLDER SEED SETTING...: a search by itself; `study` and, where they are set, more `options`
  local arguments=() setting
  for setting in accuracy.confirm_images=0 finish.picks=0 "export=[]" "${@:3}" "${settings[@]}"; do
    arguments+=(--set "$setting")
  done
  "${hwflow:?}" codesign "${study:?}" --out "$1" --seed "$2" --threads "${THREADS:-0}" --quiet \
    "${options[@]}" "${arguments[@]}"
}
options=()
