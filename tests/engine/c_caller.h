// Calls of picovae.h from C, for test_c_api.cpp to compare with what C++ gets.
#pragma once

#include "picovae/picovae.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct c_results {
  picovae_status open, verify, self_test, generate, decode, decode_logits, encode, reconstruct,
      generate_class, other_class, score, threshold[3], no_threshold;
  uint8_t class_labels[64];
  size_t class_count;
  uint8_t of_class[PICOVAE_PIXELS], generated[PICOVAE_PIXELS], decoded[PICOVAE_PIXELS],
      reconstructed[PICOVAE_PIXELS];
  int wrong_layer;  // -1 if no layer is
  int16_t logits[PICOVAE_PIXELS], mu[PICOVAE_LATENT], logvar[PICOVAE_LATENT];
  picovae_score scored;
  uint32_t figures[3], thresholds[3];  // of each picovae_figure; for 998 per mille
  uint32_t unused_threshold;           // for 1001 per mille: there is none
} c_results;

// Opens a model and calls everything, whether that succeeds or not.
//   x  the image to encode
//   z  the latent vector to decode
//   label  of the class to draw; 99 is asked for as well
void c_call_all(const void* model, size_t size, const picovae_kernels* kernels, uint64_t seed,
                uint32_t number, uint8_t label, const uint8_t x[PICOVAE_PIXELS],
                const int16_t z[PICOVAE_LATENT], c_results* results);

// picovae_figure_of as C compiles it.
uint32_t c_figure_of(const picovae_score* score, picovae_figure figure);

// What picovae_verify says of a vae in static memory that was never opened.
picovae_status c_verify_closed(void);

// Opens a model, then fails to open another; returns what picovae_verify says then.
picovae_status c_verify_after_failure(const void* model, size_t size,
                                      const picovae_kernels* kernels);

#ifdef __cplusplus
}
#endif
