#!/bin/sh
# Maps every ONNX file under $HWFLOW_DATA/onnx on one accelerator: one line a file, exit 1 when one
# fails. Usage: HWFLOW_DATA=DIR bench/map_all_onnx.sh [HWFLOW] [ARCH]
hwflow=${1:-build/release/src/cli/hwflow}
arch=${2:-eyeriss}
limit=${MAP_SECONDS:-1} # of search for each layer shape
if [ ! -d "$HWFLOW_DATA/onnx" ]; then
  echo "HWFLOW_DATA/onnx is no folder" >&2
  exit 2
fi
failed=0
out=$(mktemp -d) || exit 2
trap 'rm -rf "$out"' EXIT
for file in $(find "$HWFLOW_DATA/onnx" -name '*.onnx' | LC_ALL=C sort); do
  begin=$(date +%s.%N)
  timeout 900 "$hwflow" map "$file" --arch "$arch" --time-limit "$limit" --quiet \
    --json "$out/map.json" >"$out/log" 2>&1
  status=$?
  seconds=$(echo "$(date +%s.%N) $begin" | awk '{printf "%.1f", $1 - $2}')
  if [ $status -eq 0 ]; then
    figures=$(python3 - "$out/map.json" <<'PYTHON'
import json
import sys

result = json.load(open(sys.argv[1]))
layers = result["layers"]
proven = sum(layer["optimal"] for layer in layers)
total = result["total"]
print(f"{len(layers)} shapes, {proven} proven optimal, {total['energy_pj'] / 1e6:.1f} uJ, "
      f"{total['cycles']:.3e} cycles")
PYTHON
    ) || status=1
  fi
  if [ $status -eq 0 ]; then
    echo "ok   ${seconds}s ${file#"$HWFLOW_DATA"/onnx/}: $figures"
  else
    echo "FAIL ${seconds}s ${file#"$HWFLOW_DATA"/onnx/}: exit $status: $(tail -n 1 "$out/log")"
    failed=1
  fi
done
exit $failed
