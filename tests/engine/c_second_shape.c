// As the other file of a C program, which has a model of another shape: it is compiled for
// 15-7-5-3, whatever the shape of c_caller.c.
#include "picovae/picovae.h"

#if PICOVAE_PIXELS != 15 || PICOVAE_LATENT != 3
#error "tests/CMakeLists.txt gives this file a shape of its own"
#endif

picovae_status c_generate_second(const void* model, size_t size, const picovae_kernels* kernels,
                                 uint64_t seed, uint32_t number, uint8_t* pixels);

picovae_status c_generate_second(const void* model, size_t size, const picovae_kernels* kernels,
                                 uint64_t seed, uint32_t number, uint8_t* pixels) {
  picovae_vae vae;
  picovae_decoder_arena arena;
  const picovae_status status = picovae_open(&vae, model, size, kernels);
  return status == PICOVAE_OK ? picovae_generate(&vae, seed, number, pixels, &arena) : status;
}
