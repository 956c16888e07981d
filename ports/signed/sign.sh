#!/usr/bin/env bash
# Signs models on the desktop, with openssl 3. The private key stays where models are signed.
#   openssl genpkey -algorithm ed25519 -out key.pem     # once
#   sign.sh key.pem > public_key.h                      # once, for the firmware
#   sign.sh key.pem board.pvae slot.bin                 # each model: the slot as it goes to flash
# SLOT_SIZE: bytes of the slot, as signed_model.h has them; default 327680.
set -euo pipefail
size=$((${SLOT_SIZE:-327680} - 64))

case $# in
  1)
    echo "static const unsigned char public_key[32] = {"
    # The last 32 bytes of the DER are the key.
    openssl pkey -in "$1" -pubout -outform DER | tail -c 32 | od -An -v -tx1 | sed 's/ \(..\)/ 0x\1,/g'
    echo "};"
    ;;
  3)
    (($(stat -c %s "$2") <= size)) || { echo "sign.sh: $2 is larger than $size bytes" >&2; exit 1; }
    cp "$2" "$3"
    truncate -s "$size" "$3"
    openssl pkeyutl -sign -rawin -inkey "$1" -in "$3" -out "$3.signature"
    cat "$3.signature" >> "$3"
    rm "$3.signature"
    ;;
  *) sed -n '2,6s/^# //p' "$0" >&2; exit 2 ;;
esac
