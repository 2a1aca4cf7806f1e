#!/usr/bin/env bash
# Makes .venv (gRPC and protobuf for Python) and stubs/ (timbre/v1/*_pb2.py) beside this file. Both are ignored by git.
# Does nothing when the stubs are newer than the protos.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
protos=$here/../../proto
venv=$here/.venv
stubs=$here/stubs

if [[ ! -x $venv/bin/python || ! -f $venv/.complete ]]; then
  /usr/bin/python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/requirements.txt"
  touch "$venv/.complete"
fi

if [[ -f $stubs/.complete && -z $(find "$protos/timbre/v1" "$here/requirements.txt" -newer "$stubs/.complete" -print -quit) ]]; then
  exit 0
fi
rm -rf "$stubs"
mkdir -p "$stubs"
# google/rpc comes from googleapis-common-protos: stubs of our own copies would register the same names twice.
"$venv/bin/python" -m grpc_tools.protoc -I "$protos" --python_out="$stubs" --pyi_out="$stubs" --grpc_python_out="$stubs" \
  "$protos"/timbre/v1/*.proto
touch "$stubs/.complete"
