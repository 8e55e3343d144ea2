#!/usr/bin/env bash
# Makes the virtual environment of the tests that run exported networks in onnxruntime and qonnx:
#   scripts/install-python.sh build/venv
# Does nothing when it is up to date with tools/requirements.txt.
set -euo pipefail
venv=$1
requirements=$(dirname "$0")/../tools/requirements.txt
stamp=$venv/requirements.txt
if cmp -s "$requirements" "$stamp"; then exit 0; fi
echo "installing the pinned Python packages of tools/requirements.txt into $venv"
python3 -m venv --clear "$venv"
"$venv/bin/pip" install -q --disable-pip-version-check --no-deps -r "$requirements"
cp "$requirements" "$stamp"
