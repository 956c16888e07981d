// A decode in steps, for programs that may not wait for a whole one: a cooperative loop does a
// little of it each time round. The same bits as Forward::decode.
//
//   picovae::DecodeSteps steps;
//   if (steps.begin_generate(vae, seed, number, pixels, dynamic(arena)) != Status::kOk) ...
//   while (!steps.step(vae, /*outputs=*/32)) serve_the_rest();
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/arena.hpp"
#include "picovae/forward.hpp"
#include "picovae/latent.hpp"
#include "picovae/layers.hpp"
#include "picovae/layout.hpp"
#include "picovae/live.hpp"
#include "picovae/random.hpp"
#include "picovae/s4.hpp"
#include "picovae/status.h"

namespace picovae {

// Where a decode is. Pixels and arena are its own until step() has returned true; what is in the
// pixels before means nothing. Beginning again gives up the one that was begun.
class DecodeSteps {
 public:
  // Begins what Forward::decode does with one latent vector, which is copied.
  //   z       [latent] s16 Q3.10
  //   pixels  [pixels] u8, written by the steps
  //   arena   of one row at least
  // Returns kOk, kNotOpen, kNoDecoder or kMisalignedArena.
  template <typename S>
  Status begin(const Forward<Integer, S>& vae, const std::int16_t* z, std::uint8_t* pixels,
               DynamicArena arena) {
    const Status status = start(vae, pixels, arena);
    if (status != Status::kOk) return status;
    auto* latents = reinterpret_cast<std::int16_t*>(arena.bytes);
    for (std::size_t i = 0; i < vae.dimensions().latent; ++i) latents[i] = clamp_latent(z[i]);
    return status;
  }

  // Begins what Forward::generate does for one digit.
  template <typename S>
  Status begin_generate(const Forward<Integer, S>& vae, std::uint64_t seed, std::uint32_t number,
                        std::uint8_t* pixels, DynamicArena arena) {
    const Status status = start(vae, pixels, arena);
    if (status != Status::kOk) return status;
    normals(seed, Purpose::kPrior, 0, number, reinterpret_cast<std::int16_t*>(arena.bytes),
            vae.dimensions().latent);
    // The greatest: none is to be clamped.
    static_assert(detail::kNormalTable[15][0] <= kMaxLatent);
    return status;
  }

  // Computes the next `outputs` units of a layer, rounded up to whole panels, or what is left of
  // it. Call it with the vae that the decode began with.
  // Returns whether the pixels are complete; then it does nothing.
  template <typename S>
  bool step(const Forward<Integer, S>& vae, std::size_t outputs) {
    if (layer_ == kNone) return true;
    Dense part = vae.view().layers[layer_];
    const std::size_t live = part.out;
    const Rows<std::uint8_t> y = outputs_of(vae, layer_);
    const void* x = layer_ == kDecoder0
                        ? static_cast<const void*>(arena_)
                        : outputs_of(vae, layer_before(vae.dimensions(), layer_)).data;
    const std::size_t halves = halves_of_output(vae.view().header->layout, part);
    if (layer_ == kDecoder2) part.activation = Activation::kSigmoid;
    part.out = output_;
    skip_outputs(part, halves);
    const std::size_t wanted = round_up(outputs < kPanel ? kPanel : outputs, kPanel);
    const std::size_t left = live - output_;
    part.out = static_cast<std::uint16_t>(wanted < left ? wanted : left);
    vae.kernel()(part, x, part.in, y.data + output_, live, 1);
    output_ = static_cast<std::uint16_t>(output_ + part.out);
    if (output_ < live) return false;

    output_ = 0;
    if (layer_ == kDecoder2) {
      layer_ = kNone;
      const auto& pixels = vae.view().outputs;
      if (!pixels.all()) detail::spread_live(pixels, pixels_, vae.dimensions().pixels, live);
    } else {
      layer_ = static_cast<std::uint16_t>(layer_after(vae.dimensions(), layer_));
    }
    return layer_ == kNone;
  }

 private:
  template <typename S>
  Status start(const Forward<Integer, S>& vae, std::uint8_t* pixels, DynamicArena arena) {
    layer_ = kNone;
    const Status status = vae.ready(kDecoderPart, arena.bytes);
    if (status != Status::kOk) return status;
    pixels_ = pixels;
    arena_ = arena.bytes;
    layer_ = kDecoder0;
    output_ = 0;
    return status;
  }

  // Where a layer of the decoder writes.
  template <typename S>
  Rows<std::uint8_t> outputs_of(const Forward<Integer, S>& vae, std::size_t layer) const {
    const Dimensions d = vae.dimensions();
    if (layer == kDecoder2) return {pixels_, d.pixels};
    const auto first = detail::first_hidden<Integer>(d, arena_, 1);
    return layer == kDecoder0 ? first : detail::second_hidden(d, first, 1);
  }

  static constexpr std::uint16_t kNone = 0;  // no layer of a decoder has this index

  std::uint8_t* pixels_ = nullptr;
  std::byte* arena_ = nullptr;
  std::uint16_t layer_ = kNone;  // the one that is next
  std::uint16_t output_ = 0;     // its first output that is still to do
};

}  // namespace picovae
