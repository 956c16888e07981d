// The one forward pass. Its sizes are the model's at run time (DynamicVae, for programs that take
// models of any shape) or constants (Vae<S, A> in vae.hpp, for firmware).
//
//   picovae::DynamicVae<picovae::Integer> vae;
//   if (vae.open(bytes, picovae::select_kernels()) != picovae::Status::kOk) ...
//   const std::size_t size = picovae::decoder_arena_size<picovae::Integer>(vae.dimensions());
//   // memory: [size] bytes at a multiple of 64; pixels: [vae.dimensions().pixels]
//   vae.generate(/*seed=*/1, /*first=*/0, pixels, {memory, /*rows=*/1});
#pragma once

#include <cstddef>
#include <cstdint>

#include "picovae/arena.hpp"
#include "picovae/blob.hpp"
#include "picovae/classes.hpp"
#include "picovae/kernels.hpp"
#include "picovae/latent.hpp"
#include "picovae/layer_call.hpp"
#include "picovae/layers.hpp"
#include "picovae/pieces.hpp"
#include "picovae/random.hpp"
#include "picovae/score.hpp"
#include "picovae/self_test.hpp"
#include "picovae/shape.hpp"
#include "picovae/standard.hpp"
#include "picovae/status.h"
#include "picovae/thresholds.hpp"

namespace picovae {

// Sizes that the model gives.
struct RunTimeShape {
  static const Dimensions& dimensions(const BlobHeader& header) { return header.dimensions; }
};

// A model run in arithmetic A (Float or Integer), of the sizes that S::dimensions(header) gives:
// of Shape they are constants, which the compiler folds. Holds pointers into the blob and nothing
// else: 320 bytes, 184 on a 32-bit core. const member functions may run at once on several threads,
// an arena each. `Run` may share the layers of one call among threads (layer_call.hpp).
//
// Every call that takes an arena returns kNotOpen, kNoEncoder, kNoDecoder, kBatchTooLarge (more
// images than rows) or kMisalignedArena if it cannot run, and then writes nothing. An arena need
// not be cleared. Nothing allocates. `pixels` and `latent` are the model's dimensions.
template <typename A, typename S, typename Run = CallingThread>
class Forward {
 public:
  constexpr Forward() = default;
  constexpr explicit Forward(Run run) : layers_{{}, nullptr, run} {}

  using Pixel = typename A::Pixel;
  using Latent = typename A::Latent;
  using Logit = typename A::Logit;

  // Checks the blob (open_blob) and that `kernels` can run it. bytes and kernels stay the caller's
  // and must outlive the Vae. On any status but kOk the Vae is closed.
  Status open(span<const std::byte> bytes, const Kernels& kernels) {
    close();
    Status status = open_blob(bytes, layers_.view);
    if (status != Status::kOk) return status;
    const BlobHeader& header = *layers_.view.header;
    const DenseFn dense = kernels.dense(header.type);
    if (header.dimensions != dimensions()) {
      status = Status::kWrongShape;
    } else if ((header.type == Type::kS8) != A::kIsInteger) {
      status = Status::kWrongType;
    } else if (dense == nullptr ||
               header.layout != (A::kIsInteger ? kernels.layout : Layout::kHost)) {
      status = Status::kUnsupportedKernel;
    }
    if (status == Status::kOk) {
      layers_.dense = dense;
    } else {
      close();
    }
    return status;
  }

  void close() {
    layers_.view = {};
    layers_.dense = nullptr;
  }

  bool is_open() const { return layers_.dense != nullptr; }
  const BlobView& view() const { return layers_.view; }
  DenseFn kernel() const { return layers_.dense; }                // that runs its layers
  Dimensions dimensions() const { return layers_.dimensions(); }  // of an open model

  // Whether a call of this part for one image can run: kOk, or what such a call returns.
  Status ready(Part part, const std::byte* arena) const {
    if (!is_open()) return Status::kNotOpen;
    if (!layers_.view.has(part)) {
      return part == kEncoderPart ? Status::kNoEncoder : Status::kNoDecoder;
    }
    return is_aligned(arena) ? Status::kOk : Status::kMisalignedArena;
  }

  // The thorough check of the open model (verify_blob).
  Status verify() const { return is_open() ? verify_blob(layers_.view) : Status::kNotOpen; }

  // Runs the model's golden inputs through every layer, arena.rows copies at a time.
  //   arena     as scratch; any of this model
  //   row_size  its bytes for each row
  //   differs   out, if kWrongOutput is returned: the first layer that is wrong
  // Returns kOk, kNotOpen, kMisalignedArena, kNoGolden (f32 models have none) or kWrongOutput.
  // Inlined, so that firmware has a loop over rows only if its arena has several.
  PICOVAE_FOLDED Status self_test(DynamicArena arena, std::size_t row_size, Layer& differs) const {
    if (!is_open()) return Status::kNotOpen;
    if (!is_aligned(arena.bytes)) return Status::kMisalignedArena;
    return picovae::self_test(layers_.view, layers_.dense, arena.bytes, row_size, arena.rows,
                              differs);
  }

  // Encodes images into their posteriors.
  //   x       [count][pixels]  u8 0..255 (Integer) or f32 in [0, 1] (Float), row-major
  //   mu      [count][latent]  out, Q3.12 or f32
  //   logvar  [count][latent]  out, Q5.10 or f32
  //   arena   of encoder_arena_size
  Status encode(const Pixel* x, Latent* mu, Latent* logvar, DynamicArena arena,
                std::size_t count = 1) const {
    if (const Status status = ready(kEncoderPart, arena, count); status != Status::kOk) {
      return status;
    }
    detail::for_pieces(
        count, [&](std::size_t first, std::size_t rows) __attribute__((always_inline)) {
          const Rows<Latent> heads =
              layers_.encode(x + first * dimensions().pixels, arena.bytes, rows);
          const std::size_t latent = dimensions().latent;
          for (std::size_t row = 0; row < rows; ++row) {
            const Latent* head = heads.row(row);
            const std::size_t to = (first + row) * latent;
            for (std::size_t i = 0; i < latent; ++i) {
              mu[to + i] = head[i];
              logvar[to + i] = head[latent + i];
            }
          }
        });
    return Status::kOk;
  }

  // Decodes latent vectors into images.
  //   z       [count][latent]  s16 Q3.10, clamped to +-8191 (Integer), or f32 (Float)
  //   pixels  [count][pixels]  out, u8 0..255 or f32 in [0, 1], row-major
  //   arena   of decoder_arena_size
  Status decode(const Latent* z, Pixel* pixels, DynamicArena arena, std::size_t count = 1) const {
    return decode_as(Activation::kSigmoid, z, pixels, arena, count);
  }

  // As decode, but the Bernoulli logits that the pixels come from: s16 Q8.7 or f32. An ELBO is
  // computed from these.
  Status decode_logits(const Latent* z, Logit* logits, DynamicArena arena,
                       std::size_t count = 1) const {
    return decode_as(Activation::kIdentity, z, logits, arena, count);
  }

  // Draws digits first .. first + count - 1 of `seed` from the prior N(0, I).
  //   pixels, arena  as decode
  Status generate(std::uint64_t seed, std::uint32_t first, Pixel* pixels, DynamicArena arena,
                  std::size_t count = 1) const {
    const auto draw = [&](std::uint32_t number, std::int16_t* eps) {
      normals(seed, Purpose::kPrior, 0, number, eps, dimensions().latent);
      return Status::kOk;
    };
    return decode_drawn(draw, first, pixels, arena, count);
  }

  // Labels of the classes that generate_class draws, ascending; empty if there are none.
  span<const std::uint8_t> classes() const {
    ClassPriors priors;
    if (!is_open() || find_classes(layers_.view, priors) != Status::kOk) return {};
    return priors.labels();
  }

  // Draws digits first .. first + count - 1 of `seed` of one class, from the Gaussian that the
  // model carries for it: the same latents whatever the arithmetic.
  //   label          of the class, such as 7
  //   pixels, arena  as decode
  // Also returns kNoSuchClass, or what find_classes does: kNoClasses alone, unless a board's
  // open_blob, which does not look into this section, could not know.
  Status generate_class(std::uint64_t seed, std::uint8_t label, std::uint32_t first, Pixel* pixels,
                        DynamicArena arena, std::size_t count = 1) const {
    ClassPriors priors;
    Status status = ready(kDecoderPart, arena, count);
    if (status == Status::kOk) status = find_classes(layers_.view, priors);
    if (status != Status::kOk) return status;
    const auto draw = [&](std::uint32_t number, std::int16_t* eps) {
      return draw_class(priors, label, seed, number, eps, dimensions().latent);
    };
    return decode_drawn(draw, first, pixels, arena, count);
  }

  // Encodes images and decodes their posterior means.
  //   x, pixels  [count][pixels], may be the same array
  //   arena      of arena_size
  Status reconstruct(const Pixel* x, Pixel* pixels, DynamicArena arena,
                     std::size_t count = 1) const {
    if (const Status status = ready_for_both(arena, count); status != Status::kOk) return status;
    detail::for_pieces(
        count, [&](std::size_t first, std::size_t rows) __attribute__((always_inline)) {
          const std::size_t at = first * dimensions().pixels;
          std::byte* decoder = layers_.decoder_part(arena, rows);
          layers_.encode_means(x + at, arena.bytes, decoder, rows);
          layers_.decode(Activation::kSigmoid, decoder, pixels + at, rows);
        });
    return Status::kOk;
  }

  // Scores images: how far each is from normal (score.hpp). Of integer models alone.
  //   x       [count][pixels]  u8 0..255, row-major
  //   scores  [count]          out
  //   arena   of arena_size
  Status score(const Pixel* x, Score* scores, DynamicArena arena, std::size_t count = 1) const {
    static_assert(A::kIsInteger);
    if (const Status status = ready_for_both(arena, count); status != Status::kOk) return status;
    detail::for_pieces(
        count, [&](std::size_t first, std::size_t rows) __attribute__((always_inline)) {
          layers_.score(x + first * dimensions().pixels, scores + first, arena, rows);
        });
    return Status::kOk;
  }

  // The threshold above which an image is abnormal: normal ones had at most this figure in
  // `per_mille` of 1,000 cases or more (thresholds.hpp).
  //   value  out, as Score::of gives it
  // Returns kOk, kNotOpen, or what find_thresholds and Thresholds::find do.
  Status threshold(Figure figure, std::uint32_t per_mille, std::uint32_t& value) const {
    static_assert(A::kIsInteger);
    if (!is_open()) return Status::kNotOpen;
    Thresholds thresholds;
    const Status status = find_thresholds(layers_.view, thresholds);
    return status == Status::kOk ? thresholds.find(figure, per_mille, value) : status;
  }

 private:
  // Whether a call can run. The count is compared here, where it and the rows may be constants.
  PICOVAE_FOLDED Status ready(Part part, DynamicArena arena, std::size_t count) const {
    const Status status = ready(part, arena.bytes);
    return status == Status::kOk && count > arena.rows ? Status::kBatchTooLarge : status;
  }

  // The same for a call of both parts.
  Status ready_for_both(DynamicArena arena, std::size_t count) const {
    const Status status = ready(kDecoderPart, arena, count);
    return status == Status::kOk && !layers_.view.has(kEncoderPart) ? Status::kNoEncoder : status;
  }

  template <typename Out>
  Status decode_as(Activation output, const Latent* z, Out* out, DynamicArena arena,
                   std::size_t count) const {
    if (const Status status = ready(kDecoderPart, arena, count); status != Status::kOk) {
      return status;
    }
    const std::size_t latent = dimensions().latent, pixels = dimensions().pixels;
    const auto bounded = Rows<Latent>::at(arena.bytes, latent);
    detail::for_pieces(
        count, [&](std::size_t first, std::size_t rows) __attribute__((always_inline)) {
          for (std::size_t row = 0; row < rows; ++row) {
            const Latent* from = z + (first + row) * latent;
            for (std::size_t i = 0; i < latent; ++i) {
              bounded.row(row)[i] = LatentMath<A>::bounded(from[i]);
            }
          }
          layers_.decode(output, arena.bytes, out + first * pixels, rows);
        });
    return Status::kOk;
  }

  // Decodes latents that `draw` writes in Q3.10: Status draw(number of the digit, s16 [latent]
  // out).
  template <typename Draw>
  Status decode_drawn(const Draw& draw, std::uint32_t first, Pixel* pixels, DynamicArena arena,
                      std::size_t count) const {
    if (const Status status = ready(kDecoderPart, arena, count); status != Status::kOk) {
      return status;
    }
    Status status = Status::kOk;
    detail::for_pieces(
        count, [&](std::size_t from, std::size_t rows) __attribute__((always_inline)) {
          const auto number = first + static_cast<std::uint32_t>(from);
          if (status == Status::kOk) status = draw_rows(draw, number, arena.bytes, rows);
          if (status != Status::kOk) return;
          layers_.decode(Activation::kSigmoid, arena.bytes, pixels + from * dimensions().pixels,
                         rows);
        });
    return status;
  }

  // Latents of digits from the number `first` on, at the start of a decoder's arena.
  template <typename Draw>
  Status draw_rows(const Draw& draw, std::uint32_t first, std::byte* arena,
                   std::size_t count) const {
    const std::size_t latent = dimensions().latent;
    const auto z = Rows<Latent>::at(arena, latent);
    for (std::size_t row = 0; row < count; ++row) {
      // The s16 stand at the end of their row: no f32 is written over one that is still to be read.
      auto* drawn = reinterpret_cast<std::int16_t*>(z.row(row) + latent) - latent;
      const Status status = draw(first + static_cast<std::uint32_t>(row), drawn);
      if (status != Status::kOk) return status;
      from_normals(drawn, z.row(row), latent);
    }
    return Status::kOk;
  }

  static void from_normals(const std::int16_t* drawn, Latent* z, std::size_t latent) {
    asm("" ::: "memory");  // what drew them is done with the memory that they share with z
    for (std::size_t i = 0; i < latent; ++i) {
      std::int16_t value;
      __builtin_memcpy(&value, drawn + i, sizeof(value));
      z[i] = LatentMath<A>::from_normal(value);
    }
  }

  detail::Layers<A, S, Run> layers_;
};

template <typename A, typename Run = CallingThread>
using DynamicVae = Forward<A, RunTimeShape, Run>;

}  // namespace picovae
