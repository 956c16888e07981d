// Calls of picovae.h that take an image: its code, what is drawn of that, and its score. Whoever
// includes this has PICOVAE_SHAPE of kSmall.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "picovae/picovae.h"
#include "tests/fuzz/call_checks.hpp"
#include "tests/fuzz/heap_bytes.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"

namespace picovae::tests {

inline void call_encode(Input& input, const Object& object) {
  const HeapBytes memory = any_arena(input, PICOVAE_ENCODER_ARENA_SIZE);
  const HeapBytes mu(2 * PICOVAE_LATENT), logvar(2 * PICOVAE_LATENT);
  const AnyX x = any_x(input);
  const picovae_status status =
      picovae_encode(&object.vae, x.data(), mu.as<std::int16_t>(), logvar.as<std::int16_t>(),
                     memory.as<picovae_encoder_arena>());
  faults_of(object, memory, true, false).check(status, "picovae_encode");
  check_arena(status, memory, "picovae_encode");
  if (status != PICOVAE_OK) {
    must(mu.is_untouched() && logvar.is_untouched(), "no output without kOk of", "picovae_encode");
  } else if (has_reference(object)) {
    const Reference r = reference_of(object);
    AnyZ expected_mu, expected_logvar;
    r.vae.encode(x.data(), expected_mu.data(), expected_logvar.data(), r.arena());
    must(std::memcmp(mu.data(), expected_mu.data(), sizeof(AnyZ)) == 0 &&
             std::memcmp(logvar.data(), expected_logvar.data(), sizeof(AnyZ)) == 0,
         "the posterior of", "picovae_encode");
  }
}

inline void call_reconstruct(Input& input, const Object& object) {
  const HeapBytes memory = any_arena(input, sizeof(picovae_arena)), pixels(PICOVAE_PIXELS);
  const AnyX x = any_x(input);
  const bool in_place = input.flag();  // pixels may be x
  AnyX both = x;
  std::uint8_t* to = in_place ? both.data() : pixels.as<std::uint8_t>();
  const picovae_status status = picovae_reconstruct(&object.vae, in_place ? both.data() : x.data(),
                                                    to, memory.as<picovae_arena>());
  faults_of(object, memory, true, true).check(status, "picovae_reconstruct");
  check_arena(status, memory, "picovae_reconstruct");
  if (in_place) {
    if (status != PICOVAE_OK) must(both == x, "no output without kOk of", "picovae_reconstruct");
    std::copy(both.begin(), both.end(), pixels.as<std::uint8_t>());
    if (status != PICOVAE_OK) return;
  }
  check_pixels(
      object, status, pixels,
      [&](const Reference& r, std::uint8_t* expected) {
        return r.vae.reconstruct(x.data(), expected, r.arena());
      },
      "picovae_reconstruct");
}

inline void call_score_image(Input& input, const Object& object) {
  const HeapBytes memory = any_arena(input, sizeof(picovae_arena)), out(sizeof(picovae_score));
  const AnyX x = any_x(input);
  const picovae_status status = picovae_score_image(&object.vae, x.data(), out.as<picovae_score>(),
                                                    memory.as<picovae_arena>());
  faults_of(object, memory, true, true).check(status, "picovae_score_image");
  check_arena(status, memory, "picovae_score_image");
  if (status != PICOVAE_OK) {
    must(out.is_untouched(), "no output without kOk of", "picovae_score_image");
  } else if (has_reference(object)) {
    const Reference r = reference_of(object);
    Score expected{};
    r.vae.score(x.data(), &expected, r.arena());
    must(std::memcmp(&expected, out.data(), sizeof(expected)) == 0, "the score of",
         "picovae_score_image");
  }
}

}  // namespace picovae::tests
