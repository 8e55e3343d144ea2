#!/usr/bin/env bash
# Runs every test of a build folder:  scripts/test.sh BUILD [JOBS]
# HWFLOW_PYTHON (default: build/venv, made by install-python.sh) runs exported networks elsewhere.
set -euo pipefail
build=$1
jobs=${2:-$(nproc)}
if [[ -z "${HWFLOW_DATA:-}" ]]; then
  echo "HWFLOW_DATA is not set: tests on CIFAR-10, ONNX files and public weights will be skipped"
fi
export HWFLOW_PYTHON=${HWFLOW_PYTHON:-$PWD/build/venv/bin/python}
ctest --test-dir "$build" --output-on-failure -j "$jobs"
