// picovae.h over vae.hpp: the same memory under C names. Every function is a call.
#include "picovae/picovae.h"
#include "picovae/standard.hpp"

#include "picovae/steps.hpp"
#include "picovae/vae.hpp"

namespace picovae {
namespace {

using BuiltShape = Shape<PICOVAE_SHAPE>;
using BuiltVae = Forward<Integer, BuiltShape>;  // Vae, for arenas that are mere addresses
using BuiltEncoderArena = EncoderArena<BuiltShape, Integer>;
using BuiltDecoderArena = DecoderArena<BuiltShape, Integer>;
using BuiltArena = Arena<BuiltShape, Integer>;

static_assert(PICOVAE_PIXELS == BuiltShape::kPixels && PICOVAE_LATENT == BuiltShape::kLatent);
static_assert(PICOVAE_ALIGNMENT == kBlobAlignment && PICOVAE_ALIGNMENT == kArenaAlignment);

template <typename C, typename Cpp>
inline constexpr bool kSameMemory = sizeof(C) == sizeof(Cpp) && alignof(C) == alignof(Cpp);

static_assert(kSameMemory<picovae_vae, BuiltVae>);
static_assert(kSameMemory<picovae_encoder_arena, BuiltEncoderArena>);
static_assert(kSameMemory<picovae_decoder_arena, BuiltDecoderArena>);
static_assert(kSameMemory<picovae_arena, BuiltArena>);
static_assert(kSameMemory<picovae_score, Score>);
static_assert(kSameMemory<picovae_steps, DecodeSteps>);
static_assert(PICOVAE_SQUARES == static_cast<int>(Figure::kSquares));

picovae_status to_c(Status status) { return static_cast<picovae_status>(status); }

const BuiltVae& of(const picovae_vae* vae) { return *reinterpret_cast<const BuiltVae*>(vae); }
// No reference is made of what a caller says is aligned: the call finds out.
DynamicArena at(void* arena) { return {static_cast<std::byte*>(arena), 1}; }

}  // namespace
}  // namespace picovae

using namespace picovae;

const char* picovae_message(picovae_status status) { return message(static_cast<Status>(status)); }

picovae_status picovae_open(picovae_vae* vae, const void* model, size_t size,
                            const picovae_kernels* kernels) {
  const span bytes(static_cast<const std::byte*>(model), size);
  return to_c(reinterpret_cast<BuiltVae*>(vae)->open(bytes, *kernels));
}

picovae_status picovae_verify(const picovae_vae* vae) { return to_c(of(vae).verify()); }

picovae_status picovae_self_test(const picovae_vae* vae, picovae_decoder_arena* arena, int* layer) {
  Layer differs{};
  const Status status = of(vae).self_test(at(arena), sizeof(*arena), differs);
  if (status == Status::kWrongOutput) *layer = differs;
  return to_c(status);
}

picovae_status picovae_generate(const picovae_vae* vae, uint64_t seed, uint32_t number,
                                uint8_t* pixels, picovae_decoder_arena* arena) {
  return to_c(of(vae).generate(seed, number, pixels, at(arena)));
}

picovae_status picovae_generate_class(const picovae_vae* vae, uint64_t seed, uint8_t label,
                                      uint32_t number, uint8_t* pixels,
                                      picovae_decoder_arena* arena) {
  return to_c(of(vae).generate_class(seed, label, number, pixels, at(arena)));
}

size_t picovae_classes(const picovae_vae* vae, const uint8_t** labels) {
  const span<const std::uint8_t> found = of(vae).classes();
  *labels = found.data();
  return found.size();
}

picovae_status picovae_decode(const picovae_vae* vae, const int16_t* z, uint8_t* pixels,
                              picovae_decoder_arena* arena) {
  return to_c(of(vae).decode(z, pixels, at(arena)));
}

picovae_status picovae_decode_logits(const picovae_vae* vae, const int16_t* z, int16_t* logits,
                                     picovae_decoder_arena* arena) {
  return to_c(of(vae).decode_logits(z, logits, at(arena)));
}

picovae_status picovae_decode_begin(const picovae_vae* vae, const int16_t* z, uint8_t* pixels,
                                    picovae_decoder_arena* arena, picovae_steps* steps) {
  return to_c(reinterpret_cast<DecodeSteps*>(steps)->begin(of(vae), z, pixels, at(arena)));
}

picovae_status picovae_generate_begin(const picovae_vae* vae, uint64_t seed, uint32_t number,
                                      uint8_t* pixels, picovae_decoder_arena* arena,
                                      picovae_steps* steps) {
  auto& begun = *reinterpret_cast<DecodeSteps*>(steps);
  return to_c(begun.begin_generate(of(vae), seed, number, pixels, at(arena)));
}

int picovae_decode_step(const picovae_vae* vae, picovae_steps* steps, size_t outputs) {
  return reinterpret_cast<DecodeSteps*>(steps)->step(of(vae), outputs) ? 1 : 0;
}

picovae_status picovae_encode(const picovae_vae* vae, const uint8_t* pixels, int16_t* mu,
                              int16_t* logvar, picovae_encoder_arena* arena) {
  return to_c(of(vae).encode(pixels, mu, logvar, at(arena)));
}

picovae_status picovae_reconstruct(const picovae_vae* vae, const uint8_t* x, uint8_t* pixels,
                                   picovae_arena* arena) {
  return to_c(of(vae).reconstruct(x, pixels, at(arena)));
}

picovae_status picovae_score_image(const picovae_vae* vae, const uint8_t* x, picovae_score* score,
                                   picovae_arena* arena) {
  return to_c(of(vae).score(x, reinterpret_cast<Score*>(score), at(arena)));
}

picovae_status picovae_threshold(const picovae_vae* vae, picovae_figure figure, uint32_t per_mille,
                                 uint32_t* threshold) {
  return to_c(of(vae).threshold(static_cast<Figure>(figure), per_mille, *threshold));
}
