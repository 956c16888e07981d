// The engine. Open a blob, own an arena, call encode, decode, generate.
//
//   alignas(64) static constexpr std::byte model[] = {...};      // a decoder in flash
//   static picovae::DecoderArena<picovae::MnistShape, picovae::Integer> arena;
//   picovae::Vae<picovae::MnistShape, picovae::Integer> vae;
//   if (vae.open(model, picovae::kCortexMDspKernels) != picovae::Status::kOk) ...
//   std::uint8_t pixels[784];
//   vae.generate(/*seed=*/1, /*first=*/0, pixels, arena);
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "picovae/arena.hpp"
#include "picovae/blob.hpp"
#include "picovae/classes.hpp"
#include "picovae/kernels.hpp"
#include "picovae/latent.hpp"
#include "picovae/random.hpp"
#include "picovae/self_test.hpp"
#include "picovae/shape.hpp"
#include "picovae/status.h"
#include "picovae/version.h"

namespace picovae {

// A model of shape S run in arithmetic A (Float or Integer). Holds pointers into the blob and
// nothing else: 256 bytes, 152 on a 32-bit core. const member functions may run at once on several
// threads, an arena each.
template <typename S, typename A>
class Vae {
 public:
  using Pixel = typename A::Pixel;
  using Latent = typename A::Latent;
  using Logit = typename A::Logit;

  // Checks the blob (open_blob) and that `kernels` can run it. bytes and kernels stay the caller's
  // and must outlive the Vae. On any status but kOk the Vae is closed.
  Status open(std::span<const std::byte> bytes, const Kernels& kernels) {
    view_ = {};
    dense_ = nullptr;
    Status status = open_blob(bytes, S::kDimensions, view_);
    if (status != Status::kOk) return status;
    const BlobHeader& header = *view_.header;
    const DenseFn dense = kernels.dense(header.type);
    if ((header.type == Type::kS8) != kIsInteger) {
      status = Status::kWrongType;
    } else if (dense == nullptr || header.layout != (kIsInteger ? kernels.layout : Layout::kHost)) {
      status = Status::kUnsupportedKernel;
    }
    if (status == Status::kOk) {
      dense_ = dense;
    } else {
      view_ = {};
    }
    return status;
  }

  // The thorough check of the open model (verify_blob).
  Status verify() const { return is_open() ? verify_blob(view_) : Status::kNotOpen; }

  // Runs the model's golden inputs through every layer, as many rows at once as the arena has.
  //   arena    any arena of this shape, as scratch
  //   differs  out, if kWrongOutput is returned: the first layer that is wrong
  // Returns kOk, kNotOpen, kNoGolden (f32 models have none) or kWrongOutput. Never allocates.
  template <typename AnyArena>
  Status self_test(AnyArena& arena, Layer& differs) const {
    if (!is_open()) return Status::kNotOpen;
    return picovae::self_test<AnyArena::kBatch>(
        view_, dense_, std::as_writable_bytes(std::span<AnyArena, 1>(&arena, 1)), differs);
  }

  bool is_open() const { return dense_ != nullptr; }
  const BlobView& view() const { return view_; }

  // Encodes images into their posteriors.
  //   x       [count][kPixels]  u8 0..255 (Integer) or f32 in [0, 1] (Float), row-major
  //   mu      [count][kLatent]  out, Q3.12 or f32
  //   logvar  [count][kLatent]  out, Q5.10 or f32
  //   arena   scratch; need not be cleared; one per thread
  // Returns kOk, kNotOpen, kNoEncoder or kBatchTooLarge. Never allocates.
  template <std::size_t Batch>
  Status encode(const Pixel* x, Latent* mu, Latent* logvar, EncoderArena<S, A, Batch>& arena,
                std::size_t count = 1) const {
    if (const Status status = ready(kEncoderPart, count, Batch); status != Status::kOk) {
      return status;
    }
    encode_arena(x, arena, count);
    for (std::size_t row = 0; row < count; ++row) {
      const Latent* heads = arena.heads.data + row * arena.heads.kStride;
      for (std::size_t i = 0; i < S::kLatent; ++i) {
        mu[row * S::kLatent + i] = heads[i];
        logvar[row * S::kLatent + i] = heads[S::kLatent + i];
      }
    }
    return Status::kOk;
  }

  // Decodes latent vectors into images.
  //   z       [count][kLatent]  s16 Q3.10, clamped to +-8191 (Integer), or f32 (Float)
  //   pixels  [count][kPixels]  out, u8 0..255 or f32 in [0, 1], row-major
  //   arena   scratch; need not be cleared; one per thread
  // Returns kOk, kNotOpen, kNoDecoder or kBatchTooLarge. Never allocates.
  template <std::size_t Batch>
  Status decode(const Latent* z, Pixel* pixels, DecoderArena<S, A, Batch>& arena,
                std::size_t count = 1) const {
    return decode_as(Activation::kSigmoid, z, pixels, arena, count);
  }

  // As decode, but the Bernoulli logits that the pixels come from: s16 Q8.7 or f32. An ELBO is
  // computed from these.
  template <std::size_t Batch>
  Status decode_logits(const Latent* z, Logit* logits, DecoderArena<S, A, Batch>& arena,
                       std::size_t count = 1) const {
    return decode_as(Activation::kIdentity, z, logits, arena, count);
  }

  // Draws digits first .. first + count - 1 of `seed` from the prior N(0, I).
  //   pixels  [count][kPixels]  out, as decode
  template <std::size_t Batch>
  Status generate(std::uint64_t seed, std::uint32_t first, Pixel* pixels,
                  DecoderArena<S, A, Batch>& arena, std::size_t count = 1) const {
    if (const Status status = ready(kDecoderPart, count, Batch); status != Status::kOk) {
      return status;
    }
    for (std::size_t row = 0; row < count; ++row) {
      std::int16_t eps[S::kLatent];
      normals(seed, Purpose::kPrior, 0, first + static_cast<std::uint32_t>(row), eps, S::kLatent);
      Latent* z = arena.z.data + row * arena.z.kStride;
      for (std::size_t i = 0; i < S::kLatent; ++i) z[i] = LatentMath<A>::from_normal(eps[i]);
    }
    decode_arena(Activation::kSigmoid, pixels, arena, count);
    return Status::kOk;
  }

  // Labels of the classes that generate_class draws, ascending; empty if there are none.
  std::span<const std::uint8_t> classes() const {
    ClassPriors priors;
    if (!is_open() || find_classes(view_, priors) != Status::kOk) return {};
    return priors.labels();
  }

  // Draws digits first .. first + count - 1 of `seed` of one class, from the Gaussian that the
  // model carries for it: the same latents whatever the arithmetic.
  //   label   of the class, such as 7
  //   pixels  [count][kPixels]  out, as decode
  // Returns what decode does, kNoSuchClass, or what find_classes does: kNoClasses alone, unless a
  // board's open_blob, which does not look into this section, could not know.
  template <std::size_t Batch>
  Status generate_class(std::uint64_t seed, std::uint8_t label, std::uint32_t first, Pixel* pixels,
                        DecoderArena<S, A, Batch>& arena, std::size_t count = 1) const {
    Status status = ready(kDecoderPart, count, Batch);
    ClassPriors priors;
    if (status == Status::kOk) status = find_classes(view_, priors);
    for (std::size_t row = 0; row < count && status == Status::kOk; ++row) {
      std::int16_t latents[S::kLatent];
      status = draw_class(priors, label, seed, first + static_cast<std::uint32_t>(row), latents,
                          S::kLatent);
      Latent* z = arena.z.data + row * arena.z.kStride;
      for (std::size_t i = 0; i < S::kLatent && status == Status::kOk; ++i) {
        z[i] = LatentMath<A>::from_normal(latents[i]);
      }
    }
    if (status == Status::kOk) decode_arena(Activation::kSigmoid, pixels, arena, count);
    return status;
  }

  // Encodes images and decodes their posterior means.
  //   x, pixels  [count][kPixels], may be the same array
  template <std::size_t Batch>
  Status reconstruct(const Pixel* x, Pixel* pixels, Arena<S, A, Batch>& arena,
                     std::size_t count = 1) const {
    if (const Status status = ready(kDecoderPart, count, Batch); status != Status::kOk) {
      return status;
    }
    if (!view_.has(kEncoderPart)) return Status::kNoEncoder;
    encode_arena(x, arena.encoder, count);
    auto& z = arena.decoder.z;
    for (std::size_t row = 0; row < count; ++row) {
      const Latent* mu = arena.encoder.heads.data + row * arena.encoder.heads.kStride;
      for (std::size_t i = 0; i < S::kLatent; ++i) {
        z.data[row * z.kStride + i] = LatentMath<A>::from_mu(mu[i]);
      }
    }
    decode_arena(Activation::kSigmoid, pixels, arena.decoder, count);
    return Status::kOk;
  }

 private:
  static constexpr bool kIsInteger = sizeof(Pixel) == 1;

  Status ready(Part part, std::size_t count, std::size_t batch) const {
    if (!is_open()) return Status::kNotOpen;
    if (!view_.has(part)) return part == kEncoderPart ? Status::kNoEncoder : Status::kNoDecoder;
    return count <= batch ? Status::kOk : Status::kBatchTooLarge;
  }

  template <typename X, typename Out>
  void run(Layer layer, const X* x, std::size_t x_stride, Out& out, std::size_t count) const {
    dense_(view_.layers[layer], x, x_stride, out.data, Out::kStride, count);
  }

  template <typename Out, std::size_t Batch>
  Status decode_as(Activation output, const Latent* z, Out* out, DecoderArena<S, A, Batch>& arena,
                   std::size_t count) const {
    if (const Status status = ready(kDecoderPart, count, Batch); status != Status::kOk) {
      return status;
    }
    for (std::size_t row = 0; row < count; ++row) {
      for (std::size_t i = 0; i < S::kLatent; ++i) {
        arena.z.data[row * arena.z.kStride + i] = LatentMath<A>::bounded(z[row * S::kLatent + i]);
      }
    }
    decode_arena(output, out, arena, count);
    return Status::kOk;
  }

  // x -> arena.heads
  template <std::size_t Batch>
  void encode_arena(const Pixel* x, EncoderArena<S, A, Batch>& arena, std::size_t count) const {
    if constexpr (kIsInteger) {
      auto& input = arena.pixels;
      for (std::size_t row = 0; row < count; ++row) {
        for (std::size_t i = 0; i < S::kPixels; ++i) {
          input.data[row * input.kStride + i] = x[row * S::kPixels + i] >> 1;
        }
      }
      run(kEncoder0, input.data, input.kStride, arena.hidden1, count);
    } else {
      run(kEncoder0, x, S::kPixels, arena.hidden1, count);
    }
    run(kEncoder1, arena.hidden1.data, arena.hidden1.kStride, arena.hidden2, count);
    run(kEncoderHeads, arena.hidden2.data, arena.hidden2.kStride, arena.heads, count);
  }

  // arena.z -> out
  template <typename Out, std::size_t Batch>
  void decode_arena(Activation output, Out* out, DecoderArena<S, A, Batch>& arena,
                    std::size_t count) const {
    run(kDecoder0, arena.z.data, arena.z.kStride, arena.hidden2, count);
    run(kDecoder1, arena.hidden2.data, arena.hidden2.kStride, arena.hidden1, count);
    Dense last = view_.layers[kDecoder2];
    last.activation = output;
    dense_(last, arena.hidden1.data, arena.hidden1.kStride, out, S::kPixels, count);
  }

  BlobView view_;
  DenseFn dense_ = nullptr;
};

}  // namespace picovae
