#!/usr/bin/env bash
# run_example.sh HOST:PORT FILE: makes what example.py needs, then runs it against a server.
set -euo pipefail
if (($# != 2)); then
  echo "usage: $0 HOST:PORT FILE" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
"$here/generate.sh"
PYTHONPATH=$here/stubs exec "$here/.venv/bin/python" "$here/example.py" "$@"
