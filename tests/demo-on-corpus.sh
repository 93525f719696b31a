#!/usr/bin/env bash
# Sends every file below a folder through the demo, in memory and over a RabbitMQ of its own, and fails unless nothing was refused, lost or shown twice.
#   tests/demo-on-corpus.sh FOLDER        after tests/run.sh, which builds
set -euo pipefail
messages=$(realpath "$1")
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for transport in in-memory rabbitmq; do
  printf '\n== demo on %s, %s\n' "$(basename "$messages")" "$transport"
  args=(); [ "$transport" = in-memory ] || args=(--rabbitmq auto)
  dotnet src/MessageBackbone.Cli/bin/Release/net10.0/backbone.dll demo --messages "$messages" --exit --seed 1 \
    --data "$folder/$transport" --json "$folder/$transport.json" "${args[@]}"
  # The demo's own exit code says the same; a second reader keeps it honest.
  python3 - "$folder/$transport.json" "$messages" <<'PYTHON'
import json, os, sys
summary = json.load(open(sys.argv[1]))
files = sum(len(names) for _, _, names in os.walk(sys.argv[2]))
assert summary["refused"] == summary["lost"] == summary["shown_twice"] == 0, summary
small = [name for name in summary["left_out"] if os.path.getsize(os.path.join(sys.argv[2], name)) <= 10 << 30]
assert not small, f"left out, though they fit beside one message: {small}"
assert summary["accepted"] + len(summary["left_out"]) == files, (summary["accepted"], files)
assert summary["receipts"] == summary["deliveries"] >= summary["accepted"] > 0, summary
PYTHON
done
