#!/usr/bin/env bash
# Breaks a node, three gateways and RabbitMQ on a seeded schedule and judges what every party ends with.
#   tests/faults.sh [--minutes N] [--seed S] [--in-memory] [--eventstore PROGRAM] [--keep FOLDER]
#     PROGRAM is an EventStoreDB server: the event log is in it, and it is broken too
#   tests/faults.sh --control NAME [--protected | --unbroken]   one protection switched off: the damage must be found; with it, or without a kill: none
#   tests/faults.sh --controls                                  every control in each of these ways
#   tests/faults.sh --list-controls                             which there are
# The last line counts faults, messages, lost, doubled, out of order and unresolved; the exit code is 0 only when the last four are 0.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build tests/MessageBackbone.Faults -c Release --nologo -v quiet -nodeReuse:false
exec dotnet tests/MessageBackbone.Faults/bin/Release/net10.0/MessageBackbone.Faults.dll faults "$@"
