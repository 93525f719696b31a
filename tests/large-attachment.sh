#!/usr/bin/env bash
# Sends one file as an attachment through a node and two gateways, each a process of its own, saves it at the recipient's, compares it byte by byte, and prints by how
# much the memory of each process grew (peak while it went through, over what it had after a small file).
#   tests/large-attachment.sh [--gib N]        default 10; needs four times as much room on the disk
# Exit code 1 when the files differ or a process grew by more than 64 MiB.
set -euo pipefail
gib=10
[ "${1:-}" = --gib ] && gib=$2
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build src/MessageBackbone.Cli -c Release --nologo -v quiet -nodeReuse:false > /dev/null
program=$PWD/src/MessageBackbone.Cli/bin/Release/net10.0/backbone.dll
folder=$(mktemp -d)
declare -A pids=()
stop() {
  kill "${pids[@]}" 2> /dev/null || true
  wait
  rm -rf "$folder"
}
trap stop EXIT

backbone() { dotnet "$program" "$@" --pki "$folder/pki" --data "$folder/data" --node "$node"; }
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# Tries a command until it succeeds, for a minute.
until_ok() {
  for _ in $(seq 120); do
    if "$@" > /dev/null 2>&1; then return; fi
    sleep 0.5
  done
  "$@"
}
resident() { awk '/^VmRSS/ { print $2 }' "/proc/${pids[$1]}/status"; }
peak() { awk '/^VmHWM/ { print $2 }' "/proc/${pids[$1]}/status"; }

start() { # NAME COMMAND…
  local name=$1
  shift
  # Not through the function above: its process id would be a shell's.
  MESSAGEBACKBONE_NODE__LISTEN=${node#https://} dotnet "$program" "$@" --pki "$folder/pki" --data "$folder/data" --node "$node" > "$folder/$name.log" 2>&1 &
  pids[$name]=$!
}

node=https://127.0.0.1:$(free_port)
sender=https://127.0.0.1:$(free_port)
recipient=https://127.0.0.1:$(free_port)
backbone pki init --bureaus FR,DE > /dev/null
start node node
for bureau in FR DE; do until_ok backbone directory register $bureau; done
backbone pki enrol node FR DE operator-1 auditor-1 > /dev/null
MESSAGEBACKBONE_GATEWAY__LISTEN=$sender start FR gateway --as FR
MESSAGEBACKBONE_GATEWAY__LISTEN=$recipient start DE gateway --as DE

at() { # BUREAU COMMAND…
  local bureau=$1 url=$sender
  shift
  [ "$bureau" = FR ] || url=$recipient
  backbone "$@" --as "$bureau" --gateway "$url" \
    --gateway-cert "$folder/data/gateways/$bureau/local-api.pem" --token "$folder/data/gateways/$bureau/local-api.token"
}

send_and_save() { # FILE FOLDER
  local id
  id=$(at FR send --to DE --text "With a file." --attach "$1" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["message_id"])')
  mkdir "$2"
  until_saved() { at DE inbox open "$id" --save "$2" > /dev/null 2>&1; }
  for _ in $(seq 7200); do
    if until_saved "$@"; then return; fi
    sleep 1
  done
  at DE inbox open "$id" --save "$2"
}

until_ok at FR inbox
until_ok at DE inbox
head -c 1M /dev/urandom > "$folder/small"
send_and_save "$folder/small" "$folder/small-saved"
cmp "$folder/small" "$folder/small-saved/small"

head -c "${gib}G" /dev/urandom > "$folder/large"
declare -A before=()
for name in node FR DE; do
  before[$name]=$(resident $name)
  echo 5 > "/proc/${pids[$name]}/clear_refs"
done
began=$(date +%s)
send_and_save "$folder/large" "$folder/saved"
took=$(($(date +%s) - began))
cmp "$folder/large" "$folder/saved/large"
printf '%s GiB sent, saved and compared, equal to the last byte; %s s until saved\n' "$gib" "$took"
good=0
for name in node FR DE; do
  grew=$((($(peak $name) - before[$name]) / 1024))
  printf '%-5s %4s MiB before, peak %+d MiB\n' $name $((before[$name] / 1024)) $grew
  [ $grew -le 64 ] || good=1
done
exit $good
