#!/usr/bin/env bash
# Fused groups by size of the buffer and by bit widths, as docs/results.md shows them:
#   bench/fusion_sweep.sh [HWFLOW]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
. "$here/find_hwflow.sh"
show() {
  echo "== hwflow fuse $*"
  "$hwflow" fuse "$@" --arch eyeriss-isca --threads 2 2>/dev/null
}
echo "-- buffers from 32 KiB to 2 MiB, objective dram: the Pareto set, steps of a quarter"
for network in resnet18 vgg19; do
  show "$network" --buffers 32KiB:2MiB --buffer-step 0.25
done
echo "-- the same sizes for objective energy"
for network in resnet18 vgg19; do
  show "$network" --objective energy --max-evaluations 200000 \
    --buffers 32KiB,64KiB,128KiB,256KiB,512KiB,1MiB,2MiB
done
echo "-- bit widths at 128 KiB, objective dram"
for network in resnet18 vgg19; do
  for bits in 4/4 8/8 16/16; do
    show "$network" --bits "$bits" --buffers 128KiB
  done
done
