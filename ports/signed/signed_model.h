// Opens a model from a slot of flash that is written after the firmware, only if it is signed.
#pragma once

#include <stdint.h>

#include "picovae/picovae.h"

#ifdef __cplusplus
extern "C" {
#endif

// Bytes of the slot. The last ones are an Ed25519 signature of all the others, so that no length
// in the slot is believed before it is checked. sign.sh writes such a slot.
enum { kSlotSize = 320 * 1024, kSignatureSize = 64 };

//   vae     out; closed on any status but PICOVAE_OK
//   slot    at a multiple of PICOVAE_ALIGNMENT; nobody writes to it as long as the vae is used
// Returns PICOVAE_NOT_OPEN if the signature is not of public_key.h; else what picovae_open returns.
picovae_status open_signed(picovae_vae* vae, const uint8_t slot[kSlotSize]);

#ifdef __cplusplus
}
#endif
