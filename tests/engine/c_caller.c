#include "c_caller.h"

#include <string.h>

_Static_assert(_Alignof(picovae_encoder_arena) == 64, "arenas hold vectors");
_Static_assert(_Alignof(picovae_decoder_arena) == 64, "arenas hold vectors");
_Static_assert(_Alignof(picovae_arena) == 64, "arenas hold vectors");
_Static_assert(sizeof(PICOVAE_VERSION) >= sizeof("0.0.0"), "picovae.h has the version");
_Static_assert(PICOVAE_PIXELS != 784 || PICOVAE_LATENT != 50 || PICOVAE_HIDDEN1 != 300 ||
                   (sizeof(picovae_encoder_arena) == 1728 && sizeof(picovae_decoder_arena) == 768),
               "what the README says");
#if PICOVAE_PIXELS < 1 || PICOVAE_HIDDEN1 < 1 || PICOVAE_HIDDEN2 < 1 || PICOVAE_LATENT < 1
#error "constants are known to the preprocessor"
#endif

static picovae_vae never_opened;

void c_call_all(const void* model, size_t size, const picovae_kernels* kernels, uint64_t seed,
                uint32_t number, uint8_t label, const uint8_t x[PICOVAE_PIXELS],
                const int16_t z[PICOVAE_LATENT], c_results* results) {
  picovae_vae opened;
  memset(&opened, 0xff, sizeof(opened));  // memory may hold anything
  results->open = picovae_open(&opened, model, size, kernels);
  const picovae_vae vae = opened;  // may be copied
  memset(&opened, 0xff, sizeof(opened));

  picovae_arena arena;
  memset(&arena, 0xff, sizeof(arena));
  results->verify = picovae_verify(&vae);
  results->wrong_layer = -1;
  results->self_test = picovae_self_test(&vae, &arena.decoder, &results->wrong_layer);
  results->generate = picovae_generate(&vae, seed, number, results->generated, &arena.decoder);
  results->generate_class =
      picovae_generate_class(&vae, seed, label, number, results->of_class, &arena.decoder);
  uint8_t unused[PICOVAE_PIXELS];
  results->other_class = picovae_generate_class(&vae, seed, 99, number, unused, &arena.decoder);
  const uint8_t* labels = (const uint8_t*)1;
  results->class_count = picovae_classes(&vae, &labels);
  if (results->class_count != 0) memcpy(results->class_labels, labels, results->class_count);
  results->decode = picovae_decode(&vae, z, results->decoded, &arena.decoder);
  results->decode_logits = picovae_decode_logits(&vae, z, results->logits, &arena.decoder);
  results->encode = picovae_encode(&vae, x, results->mu, results->logvar, &arena.encoder);
  results->reconstruct = picovae_reconstruct(&vae, x, results->reconstructed, &arena);
  results->score = picovae_score_image(&vae, x, &results->scored, &arena);
  for (int i = 0; i < 3; ++i) {
    const picovae_figure figure = (picovae_figure)i;
    results->figures[i] = picovae_figure_of(&results->scored, figure);
    results->threshold[i] = picovae_threshold(&vae, figure, 998, &results->thresholds[i]);
  }
  results->no_threshold = picovae_threshold(&vae, PICOVAE_EXCESS, 1001, &results->unused_threshold);
}

uint32_t c_figure_of(const picovae_score* score, picovae_figure figure) {
  return picovae_figure_of(score, figure);
}

picovae_status c_verify_closed(void) { return picovae_verify(&never_opened); }

picovae_status c_verify_after_failure(const void* model, size_t size,
                                      const picovae_kernels* kernels) {
  picovae_vae vae;
  const picovae_status first = picovae_open(&vae, model, size, kernels);
  if (first != PICOVAE_OK) return first;
  if (picovae_open(&vae, model, size - 1, kernels) != PICOVAE_TRUNCATED) return PICOVAE_OK;
  return picovae_verify(&vae);
}
