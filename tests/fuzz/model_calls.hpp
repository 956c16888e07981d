// Calls of picovae.h that open a model, and that ask about it. Whoever includes this has
// PICOVAE_SHAPE of kSmall.
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/blob.hpp"
#include "picovae/picovae.h"
#include "tests/fuzz/call_checks.hpp"
#include "tests/fuzz/called_model.hpp"
#include "tests/fuzz/heap_bytes.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"

namespace picovae::tests {

// With the object's model and kernels.
inline void call_open(Object& object) {
  const CalledModel& model = *object.model;
  const picovae_status status =
      picovae_open(&object.vae, model.bytes.data(), model.bytes.bytes().size(), object.kernels);
  object.is_open = status == PICOVAE_OK;
  must((status >= PICOVAE_OK && status <= PICOVAE_BAD_CLASSES) ||
           is_one_of(status,
                     {PICOVAE_BAD_LIVE_PIXELS, PICOVAE_BAD_THRESHOLDS, PICOVAE_WRONG_ACTIVATION}),
       "a documented status of", "picovae_open");
  must(model.bytes.is_aligned() || status != PICOVAE_OK, "an aligned model of", "picovae_open");
  if (!model.is_whole()) return;
  const BlobHeader& header = model.packed.header();
  const bool s8 = header.type == Type::kS8;
  const Layout needed = s8 ? object.kernels->layout : Layout::kHost;
  Faults()
      .unless(header.dimensions == kSmall, PICOVAE_WRONG_SHAPE)
      .unless(s8, PICOVAE_WRONG_TYPE)
      .unless(header.layout == needed && object.kernels->dense(header.type) != nullptr,
              PICOVAE_UNSUPPORTED_KERNEL)
      .check(status, "picovae_open");
}

inline void call_verify(const Object& object) {
  const picovae_status status = picovae_verify(&object.vae);
  if (!object.is_open) return must(status == PICOVAE_NOT_OPEN, "NOT_OPEN of", "picovae_verify");
  must(is_one_of(status,
                 {PICOVAE_OK, PICOVAE_BAD_SCALE, PICOVAE_BAD_GOLDEN, PICOVAE_BAD_SECTION_CHECKSUM,
                  PICOVAE_BAD_PADDING, PICOVAE_ACCUMULATOR_OVERFLOW}),
       "a documented status of", "picovae_verify");
  const CalledModel& model = *object.model;
  if (model.is_whole()) must(status == PICOVAE_OK, "a whole model passes", "picovae_verify");
  if (model.state == ModelState::kDamaged)
    must(status != PICOVAE_OK, "a damaged model fails", "picovae_verify");
}

inline void call_self_test(Input& input, const Object& object) {
  const HeapBytes memory = any_arena(input, PICOVAE_DECODER_ARENA_SIZE);
  int layer = -7;
  const picovae_status status =
      picovae_self_test(&object.vae, memory.as<picovae_decoder_arena>(), &layer);
  if (object.is_open && memory.is_aligned() && !object.model->is_whole()) {
    must(is_one_of(status, {PICOVAE_OK, PICOVAE_NO_GOLDEN, PICOVAE_WRONG_OUTPUT}),
         "a documented status of", "picovae_self_test");
  } else {
    faults_of(object, memory, false, false).check(status, "picovae_self_test");
  }
  const bool wrong = status == PICOVAE_WRONG_OUTPUT;
  must(wrong ? layer >= 0 && layer < kLayerCount : layer == -7, "the layer of",
       "picovae_self_test");
  check_arena(status, memory, "picovae_self_test");
}

inline void call_threshold(Input& input, const Object& object) {
  const HeapBytes out(sizeof(std::uint32_t));
  constexpr picovae_figure kFigures[] = {PICOVAE_EXCESS, PICOVAE_NEG_ELBO, PICOVAE_SQUARES};
  const picovae_status status =
      picovae_threshold(&object.vae, input.of(kFigures),
                        static_cast<std::uint32_t>(input.size(0, 1001)), out.as<std::uint32_t>());
  if (!object.is_open) {
    must(status == PICOVAE_NOT_OPEN, "NOT_OPEN of", "picovae_threshold");
  } else {
    must(is_one_of(status, {PICOVAE_OK, PICOVAE_NO_THRESHOLDS}), "a documented status of",
         "picovae_threshold");
  }
  if (status != PICOVAE_OK) {
    must(out.is_untouched(), "no output without kOk of", "picovae_threshold");
  }
}

}  // namespace picovae::tests
