#!/usr/bin/env bash
# Makes the node's user in an EventStoreDB and gives it what it needs, and nobody else anything.
#   user.sh URL CA-FILE ADMIN-PASSWORD-FILE PASSWORD-FILE [USER]
# URL is of any node, like https://es1.example:2113. Passwords are read from files, never from the command line. Can be run again.
set -euo pipefail
[ $# -ge 4 ] || { sed -n 3,4p "$0" >&2; exit 2; }
url=$1 ca=$2 admin=$(<"$3") password=$(<"$4") user=${5:-backbone}
[[ $user =~ ^[a-z0-9-]+$ && $admin$password =~ ^[A-Za-z0-9_.~-]+$ ]] || { echo "A user is a-z, 0-9 and -; a password A-Z, a-z, 0-9 and _.~-" >&2; exit 2; }

call() { curl -sS --http2 --cacert "$ca" -K <(printf 'user = "admin:%s"\n' "$admin") "$@"; }

# A message of the gRPC protocol, in hex: a field of a number and bytes.
hex() { printf %s "$1" | od -An -v -tx1 | tr -d ' \n'; }
varint() { local n=$1; while ((n > 127)); do printf %02x $((n & 127 | 128)); n=$((n >> 7)); done; printf %02x "$n"; }
field() { printf '%02x%s%s' $(($1 << 3 | 2)) "$(varint $((${#2} / 2)))" "$2"; }
pair() { field 2 "$(field 1 "$(hex "$1")")$(field 2 "$(hex "$2")")"; }
frame() { printf '00%08x%s' $((${#1} / 2)) "$1"; }

# append STREAM TYPE JSON: one event, at whatever revision, by Streams.Append.
append() {
  local id options message answer
  id=$(openssl rand -hex 16 | sed -E 's/(.{8})(.{4}).(.{3}).(.{3})(.{12})/\1-\2-4\3-8\4-\5/')
  options=$(field 1 "$(field 1 "$(field 3 "$(hex "$1")")")$(field 4 '')")
  message=$(field 2 "$(field 1 "$(field 2 "$(hex "$id")")")$(pair type "$2")$(pair content-type application/json)$(field 4 "$(hex "$3")")")
  answer=$(printf "$(frame "$options")$(frame "$message")" | sed 's/../\\x&/g' | { read -r escaped || true; printf "$escaped"; } |
    call -o /dev/null -D - --data-binary @- -H 'Content-Type: application/grpc' -H 'TE: trailers' "$url/event_store.client.streams.Streams/Append")
  grep -qi '^grpc-status: 0' <<<"$answer" || { printf 'Writing %s was refused:\n%s\n' "$1" "$answer" >&2; exit 1; }
}

status=$(printf '{"loginName":"%s","fullName":"MessageBackbone node","groups":[],"password":"%s"}' "$user" "$password" |
  call -o /dev/null -w '%{http_code}' -H 'Content-Type: application/json' --data-binary @- "$url/users/")
case $status in
201) echo "user $user made" ;;
409) echo "user $user is there already; its password stays" ;;
*) echo "the user was not made: HTTP $status" >&2; exit 1 ;;
esac

# The server's own streams stay the administrators'. In all others only this user reads and writes; nobody but an administrator deletes or sets retention.
append '$settings' '$settings' "$(printf '{"$userStreamAcl":{"$r":["%s"],"$w":["%s"],"$d":"$admins","$mr":"$admins","$mw":"$admins"},%s' "$user" "$user" \
  '"$systemStreamAcl":{"$r":"$admins","$w":"$admins","$d":"$admins","$mr":"$admins","$mw":"$admins"}}')"
append '$$$all' '$metadata' "$(printf '{"$acl":{"$r":["$admins","%s"]}}' "$user")"
echo "user $user reads \$all, and alone reads and writes the log's streams"
