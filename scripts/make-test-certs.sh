#!/bin/sh
# Makes the certificates that the tests use, valid for a hundred years. Run it only to replace them.
set -eu
cd "$(dirname "$0")/../test/fixtures/tls"
rm -f ./*.pem ./*.p12
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

key() { openssl ecparam -name prime256v1 -genkey -noout | openssl pkcs8 -topk8 -nocrypt -out "$1-key.pem"; }

cat > "$work/ca.conf" <<CONF
[ca]
default_ca = test
[test]
database = $work/index
new_certs_dir = $work
default_md = sha256
rand_serial = yes
policy = any
unique_subject = no
[any]
commonName = supplied
CONF
: > "$work/index"

# file, name, extensions, first day, last day, signer
issue() {
  key "$1"
  printf '%s\n' "$3" | tr ';' '\n' > "$work/$1.ext"
  openssl req -new -key "$1-key.pem" -subj "/CN=$2" -out "$work/$1.csr"
  signer="-cert $6.pem -keyfile $6-key.pem"
  if [ "$1" = "$6" ]; then signer="-selfsign -keyfile $6-key.pem"; fi
  # Dates are given, not counted from today: a clock that is behind must not make them invalid.
  # shellcheck disable=SC2086 -- several words on purpose
  openssl ca -batch -notext -config "$work/ca.conf" $signer -extfile "$work/$1.ext" \
    -startdate "$4" -enddate "$5" -in "$work/$1.csr" -out "$1.pem" 2> "$work/log" || { cat "$work/log" >&2; exit 1; }
}
long='20200101000000Z 21260101000000Z'
here='subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
# shellcheck disable=SC2086
{
  issue ca 'Test CA' 'basicConstraints=critical,CA:TRUE;keyUsage=critical,keyCertSign,cRLSign' $long ca
  issue server localhost "$here" $long ca
  issue expired localhost "$here" 20200101000000Z 20200201000000Z ca
  issue elsewhere elsewhere.example 'subjectAltName=DNS:elsewhere.example' $long ca
  issue self-signed localhost "$here" $long self-signed
}
openssl pkcs12 -export -in server.pem -inkey server-key.pem -passout pass:only-for-tests -out server.p12
rm ca-key.pem
