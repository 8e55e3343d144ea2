#!/usr/bin/env bash
# The bars of the fused groups beside what was measured:
#   bench/fusion_bars.sh [HWFLOW]
# Machines: eyeriss-isca with 8 bit a cycle from and as many to DRAM, double-buffered; its buffer is stated in each line.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/find_hwflow.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed -e 's/^name: .*/name: eyeriss-isca-8bit/' \
    -e '/name: DRAM/s/energy: dram}/energy: dram, read_bandwidth_bits_per_cycle: 8, write_bandwidth_bits_per_cycle: 8}/' \
  "$here/../accelerators/eyeriss-isca.yaml" >"$work/arch.yaml"
cat >"$work/two.yaml" <<'YAML'
schema: 1
name: two_3x3
nodes:
  - {name: x, kind: input, shape: [64, 56, 56]}
  - {name: a, kind: convolution, out_channels: 64, kernel: [3, 3], pads: [1, 1, 1, 1]}
  - {name: b, kind: convolution, out_channels: 64, kernel: [3, 3], pads: [1, 1, 1, 1]}
YAML
show() {
  echo "== hwflow fuse ${*//$work\//}"
  local start
  start=$(date +%s.%N)
  "$hwflow" fuse "$@" --threads 2 2>/dev/null | grep -E '^(fused|single|saved|compulsory|apart|proved|gap)'
  echo "   wall $(echo "$(date +%s.%N) - $start" | bc) s"
}
echo "-- two 3x3 convolutions, 131,072 words: proved in under 1 s"
show "$work/two.yaml" --arch eyeriss-isca --buffer 2097152
echo "-- whole networks, objective dram: proved in under 30 s"
for network in resnet18 mobilenetv2 vgg19 fsrcnn_subpixel; do
  show "$network" --arch eyeriss-isca
done
echo "-- selected layers: DRAM traffic 51 % and 53 % below single layers, latency 39 % and 34 %"
for buffer in 2097152 4194304; do
  for objective in dram latency; do
    show vgg19 --to pool2 --arch "$work/arch.yaml" --double-buffered --buffer $buffer --objective $objective --max-evaluations 200000
    show resnet18 --to layer1.1.add --arch "$work/arch.yaml" --double-buffered --buffer $buffer --objective $objective --max-evaluations 200000
  done
done
echo "-- the same machine, whole networks"
for network in resnet18 vgg19; do
  show "$network" --arch "$work/arch.yaml" --double-buffered --buffer 4194304
done
echo "-- Alwani's five convolutions: GroupSpace.MovesNoMoreThanAlwaniWithNoMoreRoom of fusion_tests"
