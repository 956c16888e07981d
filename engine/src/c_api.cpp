// picovae.h over vae.hpp: the same memory under C names. Every function is a call.
#include "picovae/picovae.h"

#include "picovae/vae.hpp"

namespace picovae {
namespace {

using BuiltShape = Shape<PICOVAE_SHAPE>;
using BuiltVae = Vae<BuiltShape, Integer>;
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

// A missing case is a warning, so that no status lacks its name in C.
constexpr int name_in_c(Status status) {
  switch (status) {
    case Status::kOk:
      return PICOVAE_OK;
    case Status::kTruncated:
      return PICOVAE_TRUNCATED;
    case Status::kMisaligned:
      return PICOVAE_MISALIGNED;
    case Status::kBadMagic:
      return PICOVAE_BAD_MAGIC;
    case Status::kUnknownVersion:
      return PICOVAE_UNKNOWN_VERSION;
    case Status::kBadHeaderChecksum:
      return PICOVAE_BAD_HEADER_CHECKSUM;
    case Status::kWrongShape:
      return PICOVAE_WRONG_SHAPE;
    case Status::kWrongType:
      return PICOVAE_WRONG_TYPE;
    case Status::kUnsupportedKernel:
      return PICOVAE_UNSUPPORTED_KERNEL;
    case Status::kBadType:
      return PICOVAE_BAD_TYPE;
    case Status::kBadDimensions:
      return PICOVAE_BAD_DIMENSIONS;
    case Status::kBadParts:
      return PICOVAE_BAD_PARTS;
    case Status::kBadReserved:
      return PICOVAE_BAD_RESERVED;
    case Status::kBadTable:
      return PICOVAE_BAD_TABLE;
    case Status::kMisalignedSection:
      return PICOVAE_MISALIGNED_SECTION;
    case Status::kSectionOutOfRange:
      return PICOVAE_SECTION_OUT_OF_RANGE;
    case Status::kOverlappingSections:
      return PICOVAE_OVERLAPPING_SECTIONS;
    case Status::kUnknownSection:
      return PICOVAE_UNKNOWN_SECTION;
    case Status::kMisplacedSection:
      return PICOVAE_MISPLACED_SECTION;
    case Status::kBadSectionSize:
      return PICOVAE_BAD_SECTION_SIZE;
    case Status::kDuplicateSection:
      return PICOVAE_DUPLICATE_SECTION;
    case Status::kMissingSection:
      return PICOVAE_MISSING_SECTION;
    case Status::kBadShift:
      return PICOVAE_BAD_SHIFT;
    case Status::kBadScale:
      return PICOVAE_BAD_SCALE;
    case Status::kBadClasses:
      return PICOVAE_BAD_CLASSES;
    case Status::kBadSectionChecksum:
      return PICOVAE_BAD_SECTION_CHECKSUM;
    case Status::kBadPadding:
      return PICOVAE_BAD_PADDING;
    case Status::kAccumulatorOverflow:
      return PICOVAE_ACCUMULATOR_OVERFLOW;
    case Status::kNotOpen:
      return PICOVAE_NOT_OPEN;
    case Status::kNoEncoder:
      return PICOVAE_NO_ENCODER;
    case Status::kNoDecoder:
      return PICOVAE_NO_DECODER;
    case Status::kBatchTooLarge:
      return PICOVAE_BATCH_TOO_LARGE;
    case Status::kNoGolden:
      return PICOVAE_NO_GOLDEN;
    case Status::kWrongOutput:
      return PICOVAE_WRONG_OUTPUT;
    case Status::kNoClasses:
      return PICOVAE_NO_CLASSES;
    case Status::kNoSuchClass:
      return PICOVAE_NO_SUCH_CLASS;
  }
  return static_cast<int>(status);  // no status
}

consteval bool names_agree() {
  for (int i = 0; i < 256; ++i) {
    if (name_in_c(static_cast<Status>(i)) != i) return false;
  }
  return true;
}
static_assert(names_agree());

picovae_status to_c(Status status) { return static_cast<picovae_status>(status); }

const BuiltVae& of(const picovae_vae* vae) { return *reinterpret_cast<const BuiltVae*>(vae); }
auto& of(picovae_encoder_arena* arena) { return *reinterpret_cast<BuiltEncoderArena*>(arena); }
auto& of(picovae_decoder_arena* arena) { return *reinterpret_cast<BuiltDecoderArena*>(arena); }
auto& of(picovae_arena* arena) { return *reinterpret_cast<BuiltArena*>(arena); }

}  // namespace
}  // namespace picovae

using namespace picovae;

const char* picovae_message(picovae_status status) { return message(static_cast<Status>(status)); }

picovae_status picovae_open(picovae_vae* vae, const void* model, size_t size,
                            const picovae_kernels* kernels) {
  const std::span bytes(static_cast<const std::byte*>(model), size);
  return to_c(reinterpret_cast<BuiltVae*>(vae)->open(bytes, *kernels));
}

picovae_status picovae_verify(const picovae_vae* vae) { return to_c(of(vae).verify()); }

picovae_status picovae_self_test(const picovae_vae* vae, picovae_decoder_arena* arena, int* layer) {
  Layer differs{};
  const Status status = of(vae).self_test(of(arena), differs);
  if (status == Status::kWrongOutput) *layer = differs;
  return to_c(status);
}

picovae_status picovae_generate(const picovae_vae* vae, uint64_t seed, uint32_t number,
                                uint8_t* pixels, picovae_decoder_arena* arena) {
  return to_c(of(vae).generate(seed, number, pixels, of(arena)));
}

picovae_status picovae_generate_class(const picovae_vae* vae, uint64_t seed, uint8_t label,
                                      uint32_t number, uint8_t* pixels,
                                      picovae_decoder_arena* arena) {
  return to_c(of(vae).generate_class(seed, label, number, pixels, of(arena)));
}

size_t picovae_classes(const picovae_vae* vae, const uint8_t** labels) {
  const std::span<const std::uint8_t> found = of(vae).classes();
  *labels = found.data();
  return found.size();
}

picovae_status picovae_decode(const picovae_vae* vae, const int16_t* z, uint8_t* pixels,
                              picovae_decoder_arena* arena) {
  return to_c(of(vae).decode(z, pixels, of(arena)));
}

picovae_status picovae_decode_logits(const picovae_vae* vae, const int16_t* z, int16_t* logits,
                                     picovae_decoder_arena* arena) {
  return to_c(of(vae).decode_logits(z, logits, of(arena)));
}

picovae_status picovae_encode(const picovae_vae* vae, const uint8_t* pixels, int16_t* mu,
                              int16_t* logvar, picovae_encoder_arena* arena) {
  return to_c(of(vae).encode(pixels, mu, logvar, of(arena)));
}

picovae_status picovae_reconstruct(const picovae_vae* vae, const uint8_t* x, uint8_t* pixels,
                                   picovae_arena* arena) {
  return to_c(of(vae).reconstruct(x, pixels, of(arena)));
}
