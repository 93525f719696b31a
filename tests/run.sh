#!/usr/bin/env bash
# Installs what is missing, builds, checks formatting and runs every test.
#   tests/run.sh [--summary FILE] [PROJECT…]      PROJECT: part of a test project's name, e.g. EventLog
# The last line is "N passed, N failed, N skipped"; the exit code is 0 only when nothing failed.
set -euo pipefail
cd "$(dirname "$0")/.."

summary_file=
if [ "${1:-}" = --summary ]; then summary_file=$2; shift 2; fi

say() { printf '\n== %s\n' "$*"; }

# --- what a bare Debian machine lacks -------------------------------------------------------------------------------
packages=(chromium fonts-noto-core libprotobuf-dev openssl python3 python3-grpcio python3-protobuf protobuf-compiler protobuf-compiler-grpc rabbitmq-server)
# Where npm comes from elsewhere, Debian's own would be in its way.
command -v npm >/dev/null || packages+=(nodejs npm)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
  if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null; then
    say "installing ${missing[*]}"
    export DEBIAN_FRONTEND=noninteractive
    # Debian would start the broker as a service; the tests start their own, on loopback, in their own folders.
    # An exit code of 101 from policy-rc.d means "do not start"; a file that is already there is left alone.
    policy=/usr/sbin/policy-rc.d
    if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' > $policy; chmod 755 $policy; trap 'rm -f /usr/sbin/policy-rc.d' EXIT; fi
    apt-get update -qq
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  else
    echo "These Debian packages are missing: ${missing[*]}" >&2
    echo "Install them:  sudo apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 2
  fi
fi
command -v dotnet >/dev/null || { echo "The .NET SDK named in global.json is missing (dotnet is not on PATH)." >&2; exit 2; }

# --- build and format -----------------------------------------------------------------------------------------------
say "building"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
dotnet build MessageBackbone.sln -c Release --nologo -v quiet -nodeReuse:false
say "checking formatting"
dotnet format whitespace MessageBackbone.sln --no-restore --verify-no-changes --verbosity quiet

# --- tests ----------------------------------------------------------------------------------------------------------
# xunit.v3 projects are programs: each is run by itself and prints one line that starts with its totals.
passed=0 failed=0 skipped=0 red=()
logs=$(mktemp -d)
for project in tests/*/*.csproj; do
  ! grep -q '<IsTestProject>false' "$project" || continue
  name=$(basename "$project" .csproj)
  if [ $# -gt 0 ]; then
    wanted=; for part in "$@"; do case "$name" in *"$part"*) wanted=1 ;; esac; done
    [ -n "$wanted" ] || continue
  fi
  say "$name"
  # Tests in a browser bring a checker of npm's: installed once, and again when its lock has changed.
  axe=tests/$name/axe
  if [ -f "$axe/package-lock.json" ] && ! [ "$axe/node_modules/.package-lock.json" -nt "$axe/package-lock.json" ]; then
    (cd "$axe" && npm ci --ignore-scripts --no-audit --no-fund >/dev/null)
  fi
  log=$logs/$name.log
  status=0
  dotnet "tests/$name/bin/Release/net10.0/$name.dll" -noColor >"$log" 2>&1 </dev/null || status=$?
  totals=$(grep -oE 'Total: [0-9]+, Errors: [0-9]+, Failed: [0-9]+, Skipped: [0-9]+' "$log" | tail -n 1 || true)
  if [ -z "$totals" ]; then
    # A run without totals ended before it could count: that is a failure, never a pass.
    cat "$log"; failed=$((failed + 1)); red+=("$name"); continue
  fi
  read -r total errors bad skip < <(tr -dc '0-9 \n' <<<"$totals" | tr -s ' ' | sed 's/^ //')
  passed=$((passed + total - bad - skip)); failed=$((failed + bad + errors)); skipped=$((skipped + skip))
  grep -E "=== TEST EXECUTION SUMMARY|Total:" "$log" | tail -n 1
  if [ "$status" -ne 0 ] || [ "$((bad + errors))" -gt 0 ]; then
    [ "$((bad + errors))" -gt 0 ] || failed=$((failed + 1))
    red+=("$name"); cat "$log"
  fi
done
rm -rf "$logs"

[ ${#red[@]} -eq 0 ] || printf '\nred: %s\n' "${red[*]}"
line="$passed passed, $failed failed, $skipped skipped"
[ -z "$summary_file" ] || echo "$line" > "$summary_file"
printf '\n%s\n' "$line"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
