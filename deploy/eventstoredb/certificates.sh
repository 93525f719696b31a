#!/usr/bin/env bash
# The certificates of an EventStoreDB, with a CA of its own.
#   certificates.sh ca DIR                makes DIR/ca.key, which never goes to a node, and DIR/ca/ca.crt
#   certificates.sh node DIR NAME IP...   makes DIR/NAME/node.key and node.crt, good for NAME and each IP
set -euo pipefail
umask 077
[ $# -ge 2 ] || { sed -n 2,4p "$0" >&2; exit 2; }
command=$1 dir=$2
mkdir -p "$dir/ca"

case $command in
ca)
  [ ! -e "$dir/ca.key" ] || { echo "$dir/ca.key is there already" >&2; exit 1; }
  openssl req -x509 -newkey rsa:3072 -nodes -sha256 -days 3650 -subj "/O=EventStoreDB/CN=EventStoreDB CA $(openssl rand -hex 4)" \
    -keyout "$dir/ca.key" -out "$dir/ca/ca.crt" \
    -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign 2>/dev/null
  chmod 0755 "$dir/ca"
  chmod 0644 "$dir/ca/ca.crt"
  ;;
node)
  [ $# -ge 4 ] || { sed -n 4p "$0" >&2; exit 2; }
  name=$3
  names=DNS:$name
  for ip in "${@:4}"; do names+=,IP:$ip; done
  mkdir -p "$dir/$name"
  # One common name on all nodes: that is how they know each other. Clients look at the alternative names alone.
  openssl req -newkey rsa:3072 -nodes -sha256 -subj /CN=eventstoredb-node -keyout "$dir/$name/node.key" -out "$dir/$name/node.csr" 2>/dev/null
  openssl x509 -req -in "$dir/$name/node.csr" -CA "$dir/ca/ca.crt" -CAkey "$dir/ca.key" -set_serial "0x$(openssl rand -hex 16)" -days 365 -sha256 \
    -out "$dir/$name/node.crt" -extfile <(printf '%s\n' basicConstraints=critical,CA:FALSE keyUsage=critical,digitalSignature,keyEncipherment \
      extendedKeyUsage=serverAuth,clientAuth "subjectAltName=$names") 2>/dev/null
  rm "$dir/$name/node.csr"
  openssl verify -CAfile "$dir/ca/ca.crt" "$dir/$name/node.crt"
  ;;
*)
  sed -n 2,4p "$0" >&2
  exit 2
  ;;
esac
