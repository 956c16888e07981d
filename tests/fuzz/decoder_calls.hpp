// Calls of picovae.h that draw: by a seed, of a class, from z, at once or in steps. Whoever
// includes this has PICOVAE_SHAPE of kSmall.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include "picovae/picovae.h"
#include "tests/fuzz/call_checks.hpp"
#include "tests/fuzz/heap_bytes.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"

namespace picovae::tests {

inline void call_generate(Input& input, const Object& object) {
  const HeapBytes memory = any_arena(input, PICOVAE_DECODER_ARENA_SIZE), pixels(PICOVAE_PIXELS);
  const auto seed = input.any<std::uint64_t>();
  const auto number = input.any<std::uint32_t>();
  const picovae_status status = picovae_generate(
      &object.vae, seed, number, pixels.as<std::uint8_t>(), memory.as<picovae_decoder_arena>());
  faults_of(object, memory, false, true).check(status, "picovae_generate");
  check_arena(status, memory, "picovae_generate");
  check_pixels(
      object, status, pixels,
      [&](const Reference& r, std::uint8_t* to) {
        return r.vae.generate(seed, number, to, r.arena());
      },
      "picovae_generate");
}

inline void call_generate_class(Input& input, const Object& object) {
  const std::uint8_t* labels = nullptr;
  const std::size_t count = picovae_classes(&object.vae, &labels);
  must((count == 0) == (labels == nullptr) && count <= 64, "the labels of", "picovae_classes");
  must(std::adjacent_find(labels, labels + count, std::greater_equal<>()) == labels + count,
       "ascending labels of", "picovae_classes");
  must(object.is_open || count == 0, "no classes of a closed model of", "picovae_classes");
  const HeapBytes memory = any_arena(input, PICOVAE_DECODER_ARENA_SIZE), pixels(PICOVAE_PIXELS);
  const auto seed = input.any<std::uint16_t>();
  const auto label = static_cast<std::uint8_t>(input.between(0, 7));
  const bool known = std::count(labels, labels + count, label) != 0;
  const picovae_status status = picovae_generate_class(
      &object.vae, seed, label, 9, pixels.as<std::uint8_t>(), memory.as<picovae_decoder_arena>());
  faults_of(object, memory, false, true)
      .unless(count != 0, PICOVAE_NO_CLASSES)
      .unless(known || count == 0, PICOVAE_NO_SUCH_CLASS)
      .check(status, "picovae_generate_class");
  check_arena(status, memory, "picovae_generate_class");
  check_pixels(
      object, status, pixels,
      [&](const Reference& r, std::uint8_t* to) {
        return r.vae.generate_class(seed, label, 9, to, r.arena());
      },
      "picovae_generate_class");
}

inline void call_decode(Input& input, const Object& object) {
  const HeapBytes memory = any_arena(input, PICOVAE_DECODER_ARENA_SIZE), pixels(PICOVAE_PIXELS);
  const HeapBytes logits(PICOVAE_PIXELS * sizeof(std::int16_t));
  const AnyZ z = any_z(input);
  auto* scratch = memory.as<picovae_decoder_arena>();
  const picovae_status status =
      picovae_decode(&object.vae, z.data(), pixels.as<std::uint8_t>(), scratch);
  faults_of(object, memory, false, true).check(status, "picovae_decode");
  check_arena(status, memory, "picovae_decode");
  check_pixels(
      object, status, pixels,
      [&](const Reference& r, std::uint8_t* to) { return r.vae.decode(z.data(), to, r.arena()); },
      "picovae_decode");
  const picovae_status second =
      picovae_decode_logits(&object.vae, z.data(), logits.as<std::int16_t>(), scratch);
  must(second == status, "the same status of", "picovae_decode_logits");
  if (second != PICOVAE_OK) {
    must(logits.is_untouched(), "no output without kOk of", "picovae_decode_logits");
  } else if (has_reference(object)) {
    const Reference r = reference_of(object);
    std::vector<std::int16_t> expected(PICOVAE_PIXELS);
    r.vae.decode_logits(z.data(), expected.data(), r.arena());
    must(std::memcmp(expected.data(), logits.data(), 2 * expected.size()) == 0, "the logits of",
         "picovae_decode_logits");
  }
}

inline void call_decode_begin(Input& input, Object& object) {
  Steps& steps = object.steps;
  steps.arena = std::make_shared<HeapBytes>(any_arena(input, PICOVAE_DECODER_ARENA_SIZE));
  steps.pixels = std::make_shared<HeapBytes>(PICOVAE_PIXELS);
  const AnyZ z = any_z(input);
  const picovae_status status =
      picovae_decode_begin(&object.vae, z.data(), steps.pixels->as<std::uint8_t>(),
                           steps.arena->as<picovae_decoder_arena>(), &steps.state);
  faults_of(object, *steps.arena, false, true).check(status, "picovae_decode_begin");
  check_arena(status, *steps.arena, "picovae_decode_begin");
  steps.begun = status == PICOVAE_OK;
  if (!steps.begun) return;
  const HeapBytes memory(PICOVAE_DECODER_ARENA_SIZE);
  steps.expected.resize(PICOVAE_PIXELS);
  must(picovae_decode(&object.vae, z.data(), steps.expected.data(),
                      memory.as<picovae_decoder_arena>()) == PICOVAE_OK,
       "what can begin runs:", "picovae_decode");
}

inline void call_decode_step(Input& input, Object& object) {
  Steps& steps = object.steps;
  const int done = picovae_decode_step(&object.vae, &steps.state, input.size(0, 40));
  if (!steps.begun) {
    must(done == 1, "1 where there is nothing to do of", "picovae_decode_step");
    must(!steps.pixels || steps.pixels->is_untouched(), "no output without a begin of",
         "picovae_decode_step");
  } else if (done == 1) {
    must(std::memcmp(steps.pixels->data(), steps.expected.data(), steps.expected.size()) == 0,
         "the pixels of", "picovae_decode_step");
  }
}

}  // namespace picovae::tests
