// The engine for C99 and later, and for C++11 and later: s8 models, one image at a time. Nothing
// allocates; whatever a function needs is given to it.
//
//   #include "digits.h"                     // picovae export model.pvae --c-array digits.c
//   static picovae_vae vae;
//   static picovae_decoder_arena arena;     // all the RAM there is: 768 bytes
//   static uint8_t pixels[PICOVAE_PIXELS];
//   picovae_status status = picovae_open(&vae, digits, DIGITS_SIZE, picovae_kernels_board());
//   if (status == PICOVAE_OK) status = picovae_generate(&vae, 1, 0, pixels, &arena);
//
// No pointer may be null unless that is said. Objects here are plain memory: static, on the stack,
// or in any buffer that is aligned as the type wants. vae.hpp is the same for C++17, and has float
// models and batches as well.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "picovae/config.h"
#include "picovae/status.h"
#include "picovae/version.h"

// ---- The shape, which is fixed when the engine is compiled ----

// Four plain numbers: pixels, hidden1, hidden2, latent; or three for one hidden layer, whose
// PICOVAE_HIDDEN2 is 0. For another model give it to the compiler for the engine and for the
// program alike: -include digits.h, the header that picovae export wrote, or
// -DPICOVAE_SHAPE=784,128,64,16. (CMake's find_package does.)
#ifndef PICOVAE_SHAPE
#define PICOVAE_SHAPE 784, 300, 300, 50
#endif

// Zeros follow the shape, so that the fourth number of one with three is 0.
#define PICOVAE_PICK_PIXELS(pixels, hidden1, third, fourth, ...) (pixels)
#define PICOVAE_PICK_HIDDEN1(pixels, hidden1, third, fourth, ...) (hidden1)
#define PICOVAE_PICK_HIDDEN2(pixels, hidden1, third, fourth, ...) ((fourth) != 0 ? (third) : 0)
#define PICOVAE_PICK_LATENT(pixels, hidden1, third, fourth, ...) \
  ((fourth) != 0 ? (fourth) : (third))
#define PICOVAE_JOIN(name, pixels, hidden1, third, fourth, ...) \
  name##_##pixels##_##hidden1##_##third##_##fourth
#define PICOVAE_EXPAND(macro, ...) macro(__VA_ARGS__)

#define PICOVAE_PIXELS PICOVAE_EXPAND(PICOVAE_PICK_PIXELS, PICOVAE_SHAPE, 0, 0)
#define PICOVAE_HIDDEN1 PICOVAE_EXPAND(PICOVAE_PICK_HIDDEN1, PICOVAE_SHAPE, 0, 0)
#define PICOVAE_HIDDEN2 PICOVAE_EXPAND(PICOVAE_PICK_HIDDEN2, PICOVAE_SHAPE, 0, 0)
#define PICOVAE_LATENT PICOVAE_EXPAND(PICOVAE_PICK_LATENT, PICOVAE_SHAPE, 0, 0)

// What depends on the shape is called by it, such as picovae_open_784_300_300_50_0_0. So a program
// and an engine of different shapes do not link, and a program may have models of two shapes: each
// in files of its own, with c_api.cpp compiled once for each.
#define PICOVAE_OF_SHAPE(name) PICOVAE_EXPAND(PICOVAE_JOIN, name, PICOVAE_SHAPE, 0, 0)
#define picovae_encoder_arena PICOVAE_OF_SHAPE(picovae_encoder_arena)
#define picovae_decoder_arena PICOVAE_OF_SHAPE(picovae_decoder_arena)
#define picovae_arena PICOVAE_OF_SHAPE(picovae_arena)
#define picovae_message PICOVAE_OF_SHAPE(picovae_message)
#define picovae_open PICOVAE_OF_SHAPE(picovae_open)
#define picovae_verify PICOVAE_OF_SHAPE(picovae_verify)
#define picovae_self_test PICOVAE_OF_SHAPE(picovae_self_test)
#define picovae_generate PICOVAE_OF_SHAPE(picovae_generate)
#define picovae_generate_class PICOVAE_OF_SHAPE(picovae_generate_class)
#define picovae_classes PICOVAE_OF_SHAPE(picovae_classes)
#define picovae_decode PICOVAE_OF_SHAPE(picovae_decode)
#define picovae_decode_logits PICOVAE_OF_SHAPE(picovae_decode_logits)
#define picovae_decode_begin PICOVAE_OF_SHAPE(picovae_decode_begin)
#define picovae_generate_begin PICOVAE_OF_SHAPE(picovae_generate_begin)
#define picovae_decode_step PICOVAE_OF_SHAPE(picovae_decode_step)
#define picovae_encode PICOVAE_OF_SHAPE(picovae_encode)
#define picovae_reconstruct PICOVAE_OF_SHAPE(picovae_reconstruct)
#define picovae_score_image PICOVAE_OF_SHAPE(picovae_score_image)
#define picovae_threshold PICOVAE_OF_SHAPE(picovae_threshold)

// ---- Memory that the caller gives ----

#define PICOVAE_ALIGNMENT 64  // of models and arenas

// Bytes; c_api.cpp holds them equal to the engine's own types.
#define PICOVAE_ROW_SIZE(bytes) (((bytes) + 63) / 64 * 64)
#define PICOVAE_ENCODER_ARENA_SIZE                                        \
  (PICOVAE_ROW_SIZE(PICOVAE_PIXELS) + PICOVAE_ROW_SIZE(PICOVAE_HIDDEN1) + \
   PICOVAE_ROW_SIZE(PICOVAE_HIDDEN2) + PICOVAE_ROW_SIZE(4 * PICOVAE_LATENT))
#define PICOVAE_DECODER_ARENA_SIZE                                            \
  (PICOVAE_ROW_SIZE(2 * PICOVAE_LATENT) + PICOVAE_ROW_SIZE(PICOVAE_HIDDEN2) + \
   PICOVAE_ROW_SIZE(PICOVAE_HIDDEN1))
#define PICOVAE_VAE_SIZE (34 * sizeof(void*) + 48)

#ifdef __cplusplus
#define PICOVAE_ALIGNAS(what) alignas(what)
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define PICOVAE_ALIGNAS(what) _Alignas(what)
#else
#define PICOVAE_ALIGNAS(what) __attribute__((aligned(what)))
#endif

// An open model: pointers into its bytes, and nothing else. All zero it is closed, as static memory
// is. May be copied.
typedef struct picovae_vae {
  void* words[PICOVAE_VAE_SIZE / sizeof(void*)];
} picovae_vae;

// Scratch. It need not be cleared, and means nothing between calls; one call at a time. Every call
// that takes one that does not start at a multiple of PICOVAE_ALIGNMENT, as malloc's may, returns
// PICOVAE_MISALIGNED_ARENA and writes nothing.
typedef struct picovae_encoder_arena {
  PICOVAE_ALIGNAS(PICOVAE_ALIGNMENT) unsigned char bytes[PICOVAE_ENCODER_ARENA_SIZE];
} picovae_encoder_arena;

typedef struct picovae_decoder_arena {
  PICOVAE_ALIGNAS(PICOVAE_ALIGNMENT) unsigned char bytes[PICOVAE_DECODER_ARENA_SIZE];
} picovae_decoder_arena;

// Both, for picovae_reconstruct; the others take a half of it.
typedef struct picovae_arena {
  picovae_encoder_arena encoder;
  picovae_decoder_arena decoder;
} picovae_arena;

#ifdef __cplusplus
namespace picovae {
struct Kernels;
}
typedef picovae::Kernels picovae_kernels;
extern "C" {
#else
typedef struct picovae_kernels picovae_kernels;
#endif

// The status's line for a person: what is wrong and what to do. Static storage; never null.
const char* picovae_message(picovae_status status);

// ---- Kernels: one table a family of cores; a firmware links those that it names ----

const picovae_kernels* picovae_kernels_board(void);         // of the core: board/kernels_board.cpp
const picovae_kernels* picovae_kernels_cortex_m0(void);     // M0, M0+: board/m0.cpp
const picovae_kernels* picovae_kernels_small(void);         // M3, any 32-bit core: board/small.cpp
const picovae_kernels* picovae_kernels_cortex_m_dsp(void);  // M4, M7, M33: board/dsp.cpp
const picovae_kernels* picovae_kernels_mve(void);           // M55, M85: board/mve.cpp
const picovae_kernels* picovae_kernels_rv32(void);          // RISC-V, 32 bits: board/rv32.cpp
const picovae_kernels* picovae_kernels_scalar(void);        // any processor with a libm
const picovae_kernels* picovae_kernels_host(void);          // hosts: the best of this machine

// ---- The model ----

// Opens a model in place: the cheap check, for every boot. What it accepts is safe to
// run.
//   vae      out; closed on any status but PICOVAE_OK
//   model    [size] at a multiple of PICOVAE_ALIGNMENT; stays the caller's, unchanged and in place
//            as long as the vae is used
//   size     bytes; may be more than the model has, such as a flash partition
//   kernels  one of the above; the model's layout must be theirs
// Returns PICOVAE_OK, or one of PICOVAE_TRUNCATED to PICOVAE_BAD_CLASSES, or
// PICOVAE_BAD_LIVE_PIXELS, PICOVAE_BAD_THRESHOLDS or PICOVAE_WRONG_ACTIVATION.
picovae_status picovae_open(picovae_vae* vae, const void* model, size_t size,
                            const picovae_kernels* kernels);

// The thorough check of an open model: every CRC, every padding byte, and that no sum can overflow.
// Whatever it accepts is what was written.
// Returns PICOVAE_OK, PICOVAE_NOT_OPEN, PICOVAE_BAD_SCALE, PICOVAE_BAD_GOLDEN, or one of
// PICOVAE_BAD_SECTION_CHECKSUM to PICOVAE_ACCUMULATOR_OVERFLOW.
picovae_status picovae_verify(const picovae_vae* vae);

// Runs the golden input that the model carries for each layer: finds a kernel that computes wrongly
// on this core or with this compiler, and weights that were changed along with their checksums.
//   arena  scratch
//   layer  out, if PICOVAE_WRONG_OUTPUT is returned: the first that is wrong, 0 to 2 in the
//          encoder, 3 to 5 in the decoder
// Returns PICOVAE_OK, PICOVAE_NOT_OPEN, PICOVAE_NO_GOLDEN or PICOVAE_WRONG_OUTPUT.
picovae_status picovae_self_test(const picovae_vae* vae, picovae_decoder_arena* arena, int* layer);

// ---- Forward passes: none of them changes the vae ----

// Draws one digit from the prior N(0, I): the same bits on every target.
//   seed, number  which digit
//   pixels        out, 0..255, row-major
//   arena         scratch
// Returns PICOVAE_OK, PICOVAE_NOT_OPEN or PICOVAE_NO_DECODER; pixels are written on PICOVAE_OK
// alone. That holds for all that follow.
picovae_status picovae_generate(const picovae_vae* vae, uint64_t seed, uint32_t number,
                                uint8_t pixels[PICOVAE_PIXELS], picovae_decoder_arena* arena);

// Draws one digit of one class, from the Gaussian that the model carries for it: the same bits on
// every target. A firmware that calls it compiles classes.cpp too.
//   label   of the class, such as 7
// The rest is as picovae_generate's.
// Returns PICOVAE_OK, PICOVAE_NOT_OPEN, PICOVAE_NO_DECODER, PICOVAE_NO_CLASSES,
// PICOVAE_NO_SUCH_CLASS; or PICOVAE_MISPLACED_SECTION, PICOVAE_BAD_SECTION_SIZE,
// PICOVAE_DUPLICATE_SECTION or PICOVAE_BAD_CLASSES if a board's picovae_open, which does not
// look into the class priors, could not know.
picovae_status picovae_generate_class(const picovae_vae* vae, uint64_t seed, uint8_t label,
                                      uint32_t number, uint8_t pixels[PICOVAE_PIXELS],
                                      picovae_decoder_arena* arena);

// How many classes the model has, 0 to 64; 0 if it is not open or has none.
//   labels  out, [that many] in ascending order, within the model; null if there are none
size_t picovae_classes(const picovae_vae* vae, const uint8_t** labels);

// Decodes one latent vector into one image.
//   z       Q3.10, clamped to +-8191: 1024 is one standard deviation of the prior
//   pixels  out, 0..255, row-major
//   arena   scratch
// Returns PICOVAE_OK, PICOVAE_NOT_OPEN or PICOVAE_NO_DECODER.
picovae_status picovae_decode(const picovae_vae* vae, const int16_t z[PICOVAE_LATENT],
                              uint8_t pixels[PICOVAE_PIXELS], picovae_decoder_arena* arena);

// As picovae_decode, but the Bernoulli logits that the pixels come from.
//   logits  out, Q8.7
picovae_status picovae_decode_logits(const picovae_vae* vae, const int16_t z[PICOVAE_LATENT],
                                     int16_t logits[PICOVAE_PIXELS], picovae_decoder_arena* arena);

// ---- A decode in steps, for loops that may not wait for a whole one; the same bits ----

// Where a decode is. All zero there is none, as in static memory.
typedef struct picovae_steps {
  uint8_t* pixels;
  void* arena;
  uint16_t layer, output;
} picovae_steps;

// As picovae_decode and picovae_generate, but nothing is computed yet. z is copied; pixels and
// arena belong to the steps until the last one.
//   steps  out
// Returns PICOVAE_OK, PICOVAE_NOT_OPEN, PICOVAE_NO_DECODER or PICOVAE_MISALIGNED_ARENA.
picovae_status picovae_decode_begin(const picovae_vae* vae, const int16_t z[PICOVAE_LATENT],
                                    uint8_t pixels[PICOVAE_PIXELS], picovae_decoder_arena* arena,
                                    picovae_steps* steps);
picovae_status picovae_generate_begin(const picovae_vae* vae, uint64_t seed, uint32_t number,
                                      uint8_t pixels[PICOVAE_PIXELS], picovae_decoder_arena* arena,
                                      picovae_steps* steps);

// Computes the next `outputs` units of a layer, rounded up to a multiple of 32, or what is left of
// the layer. Of 784-300-300-50 a step of 32 takes 12,807 instructions at most on an M4.
// Returns 1 if the pixels are complete, 0 if there is more to do.
int picovae_decode_step(const picovae_vae* vae, picovae_steps* steps, size_t outputs);

// ---- The encoder ----

// Encodes one image into its posterior.
//   pixels  0..255, row-major
//   mu      out, Q3.12: (mu + 2) >> 2 is its z for picovae_decode
//   logvar  out, Q5.10
//   arena   scratch
// Returns PICOVAE_OK, PICOVAE_NOT_OPEN or PICOVAE_NO_ENCODER.
picovae_status picovae_encode(const picovae_vae* vae, const uint8_t pixels[PICOVAE_PIXELS],
                              int16_t mu[PICOVAE_LATENT], int16_t logvar[PICOVAE_LATENT],
                              picovae_encoder_arena* arena);

// Encodes one image and decodes its posterior mean.
//   x       0..255, row-major
//   pixels  out, 0..255, row-major; may be x
//   arena   scratch
// Returns PICOVAE_OK, PICOVAE_NOT_OPEN, PICOVAE_NO_ENCODER or PICOVAE_NO_DECODER.
picovae_status picovae_reconstruct(const picovae_vae* vae, const uint8_t x[PICOVAE_PIXELS],
                                   uint8_t pixels[PICOVAE_PIXELS], picovae_arena* arena);

// ---- Is this normal? ----

// What an image costs under the model, in 1/256 nat but for the last: score.hpp says more.
typedef struct picovae_score {
  uint32_t reconstruction;  // -log p(x | z) at z = mu
  uint32_t kl;              // of the posterior from the prior
  uint32_t entropy;         // of the gray image itself: the least that reconstruction can be
  uint32_t squares;         // sum of (pixel - its reconstruction)^2
} picovae_score;

// Scores one image: the same bits on every target. A firmware that calls it compiles score.cpp too.
// Two figures tell the abnormal, and neither does always: reconstruction + kl, the negative ELBO;
// and reconstruction - entropy + kl, the excess, which does not mind how gray an image is.
//   x      0..255, row-major
//   score  out
//   arena  scratch
// Returns PICOVAE_OK, PICOVAE_NOT_OPEN, PICOVAE_NO_ENCODER or PICOVAE_NO_DECODER.
picovae_status picovae_score_image(const picovae_vae* vae, const uint8_t x[PICOVAE_PIXELS],
                                   picovae_score* score, picovae_arena* arena);

// What tells the abnormal from the normal.
typedef enum picovae_figure {
  PICOVAE_EXCESS,    // reconstruction - entropy + kl; 0 for the difference if it is below 0
  PICOVAE_NEG_ELBO,  // reconstruction + kl
  PICOVAE_SQUARES
} picovae_figure;

// The figure of a score.
static inline uint32_t picovae_figure_of(const picovae_score* score, picovae_figure figure) {
  if (figure == PICOVAE_SQUARES) return score->squares;
  if (figure == PICOVAE_NEG_ELBO) return score->reconstruction + score->kl;
  return score->kl +
         (score->reconstruction > score->entropy ? score->reconstruction - score->entropy : 0);
}

// The threshold that the model carries (picovae score --keep): an image with a higher figure is
// abnormal. A firmware that calls it compiles thresholds.cpp too.
//   per_mille  of normal images that are not above it: 999 for a false alarm in 1,000. The lowest
//              level that is stored from there on counts
//   threshold  out
// Returns PICOVAE_OK, PICOVAE_NOT_OPEN, PICOVAE_NO_THRESHOLDS; or PICOVAE_MISPLACED_SECTION,
// PICOVAE_BAD_SECTION_SIZE, PICOVAE_DUPLICATE_SECTION or PICOVAE_BAD_THRESHOLDS if a board's
// picovae_open, which does not look into thresholds, could not know.
picovae_status picovae_threshold(const picovae_vae* vae, picovae_figure figure, uint32_t per_mille,
                                 uint32_t* threshold);

#ifdef __cplusplus
}  // extern "C"
#endif
