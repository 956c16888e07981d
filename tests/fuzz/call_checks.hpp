// What fuzz_calls knows of an open model, what it gives to calls of picovae.h, and what must hold
// after any of them. Whoever includes this has PICOVAE_SHAPE of kSmall.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

#include "picovae/forward.hpp"
#include "picovae/picovae.h"
#include "tests/engine/random_models.hpp"
#include "tests/fuzz/called_model.hpp"
#include "tests/fuzz/heap_bytes.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"

namespace picovae::tests {

// What a call may return: kOk if nothing is in its way, else one of what is.
class Faults {
 public:
  Faults& unless(bool holds, picovae_status status) {
    if (!holds) faults_.push_back(status);
    return *this;
  }
  void check(picovae_status status, const char* call) const {
    const bool known = std::count(faults_.begin(), faults_.end(), status) != 0;
    must(faults_.empty() ? status == PICOVAE_OK : known, "a documented status of", call);
  }

 private:
  std::vector<picovae_status> faults_;
};

inline bool is_one_of(picovae_status status, std::initializer_list<picovae_status> known) {
  return std::count(known.begin(), known.end(), status) != 0;
}

struct Steps {
  picovae_steps state{};
  std::shared_ptr<HeapBytes> arena, pixels;
  std::vector<std::uint8_t> expected;
  bool begun = false;  // with the model that is open
};

struct Object {
  picovae_vae vae{};
  std::shared_ptr<CalledModel> model;
  const Kernels* kernels = nullptr;
  bool is_open = false;
  bool is_stale = false;  // its model was changed under it: nothing is promised until it is opened
  Steps steps{};

  bool has(Part part) const { return is_open && (header().parts & part) != 0; }
  const BlobHeader& header() const { return *model->bytes.as<BlobHeader>(); }
};

// ---- What calls are given ----

using AnyZ = std::array<std::int16_t, PICOVAE_LATENT>;
using AnyX = std::array<std::uint8_t, PICOVAE_PIXELS>;

// One in four begins at another address than arenas must.
inline HeapBytes any_arena(Input& input, std::size_t size) {
  const std::uint8_t choice = input.any<std::uint8_t>();
  return HeapBytes(size, choice < 192 ? 0 : choice - 192u);
}
inline AnyZ any_z(Input& input) {
  AnyZ z;
  for (std::int16_t& value : z) value = input.any<std::int16_t>();
  return z;
}
inline AnyX any_x(Input& input) {
  AnyX x;
  Dice dice(input.any<std::uint8_t>());
  for (std::uint8_t& pixel : x) pixel = static_cast<std::uint8_t>(dice.between(0, 255));
  return x;
}

// ---- What the scalar kernels make of it, if there is a reference ----

struct Reference {
  DynamicVae<Integer> vae;
  HeapBytes memory;
  DynamicArena arena() const { return {memory.data(), 1}; }
};
inline Reference reference_of(const Object& object) {
  Reference r{{}, HeapBytes(arena_size<Integer>(kSmall))};
  must(r.vae.open(object.model->reference->bytes(), kScalarKernels) == Status::kOk, "open",
       "the reference");
  return r;
}
inline bool has_reference(const Object& object) { return object.model->reference != nullptr; }

// Of calls that drew: nothing but an image on kOk.
template <typename Draw>
void check_pixels(const Object& object, picovae_status status, const HeapBytes& pixels,
                  const Draw& draw, const char* call) {
  if (status != PICOVAE_OK) {
    must(pixels.is_untouched(), "no output without kOk of", call);
  } else if (has_reference(object)) {
    const Reference r = reference_of(object);
    std::vector<std::uint8_t> expected(PICOVAE_PIXELS);
    must(draw(r, expected.data()) == Status::kOk, "the reference of", call);
    must(std::memcmp(expected.data(), pixels.data(), expected.size()) == 0, "the pixels of", call);
  }
}
// Of calls that cannot run.
inline void check_arena(picovae_status status, const HeapBytes& arena, const char* call) {
  if (is_one_of(status, {PICOVAE_NOT_OPEN, PICOVAE_NO_ENCODER, PICOVAE_NO_DECODER,
                         PICOVAE_MISALIGNED_ARENA})) {
    must(arena.is_untouched(), "an arena left alone by", call);
  }
}
inline Faults faults_of(const Object& object, const HeapBytes& arena, bool encoder, bool decoder) {
  Faults faults;
  faults.unless(object.is_open, PICOVAE_NOT_OPEN)
      .unless(arena.is_aligned(), PICOVAE_MISALIGNED_ARENA);
  if (encoder) faults.unless(object.has(kEncoderPart), PICOVAE_NO_ENCODER);
  if (decoder) faults.unless(object.has(kDecoderPart), PICOVAE_NO_DECODER);
  return faults;
}

}  // namespace picovae::tests
