#include "signed_model.h"

#include <ed25519.h>  // of the library

#include "public_key.h"  // by sign.sh: public_key, 32 bytes

picovae_status open_signed(picovae_vae* vae, const uint8_t slot[kSlotSize]) {
  const size_t size = kSlotSize - kSignatureSize;
  if (!ed25519_verify(slot + size, slot, size, public_key)) {
    *vae = (picovae_vae){{0}};  // closed
    return PICOVAE_NOT_OPEN;
  }
  return picovae_open(vae, slot, size, picovae_kernels_board());
}
