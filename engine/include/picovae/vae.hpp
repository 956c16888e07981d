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

#include "picovae/arena.hpp"
#include "picovae/forward.hpp"
#include "picovae/kernels.hpp"
#include "picovae/shape.hpp"
#include "picovae/standard.hpp"
#include "picovae/status.h"
#include "picovae/version.h"

namespace picovae {

// A model of shape S run in arithmetic A (Float or Integer): Forward, which says what each function
// does, with arenas that are sized and checked at compile time. open() returns kWrongShape for a
// model of another shape.
template <typename S, typename A, typename Run = CallingThread>
class Vae : public Forward<A, S, Run> {
  using Base = Forward<A, S, Run>;

 public:
  using Base::Base;
  using typename Base::Latent;
  using typename Base::Logit;
  using typename Base::Pixel;

  template <typename AnyArena>
  Status self_test(AnyArena& arena, Layer& differs) const {
    constexpr std::size_t kRowSize = sizeof(AnyArena) / AnyArena::kBatch;
    static_assert(kRowSize >= kSelfTestRowSize);
    return Base::self_test(dynamic(arena), kRowSize, differs);
  }

  template <std::size_t Batch>
  Status encode(const Pixel* x, Latent* mu, Latent* logvar, EncoderArena<S, A, Batch>& arena,
                std::size_t count = 1) const {
    return Base::encode(x, mu, logvar, dynamic(arena), count);
  }

  template <std::size_t Batch>
  Status decode(const Latent* z, Pixel* pixels, DecoderArena<S, A, Batch>& arena,
                std::size_t count = 1) const {
    return Base::decode(z, pixels, dynamic(arena), count);
  }

  template <std::size_t Batch>
  Status decode_logits(const Latent* z, Logit* logits, DecoderArena<S, A, Batch>& arena,
                       std::size_t count = 1) const {
    return Base::decode_logits(z, logits, dynamic(arena), count);
  }

  template <std::size_t Batch>
  Status generate(std::uint64_t seed, std::uint32_t first, Pixel* pixels,
                  DecoderArena<S, A, Batch>& arena, std::size_t count = 1) const {
    return Base::generate(seed, first, pixels, dynamic(arena), count);
  }

  template <std::size_t Batch>
  Status generate_class(std::uint64_t seed, std::uint8_t label, std::uint32_t first, Pixel* pixels,
                        DecoderArena<S, A, Batch>& arena, std::size_t count = 1) const {
    return Base::generate_class(seed, label, first, pixels, dynamic(arena), count);
  }

  template <std::size_t Batch>
  Status reconstruct(const Pixel* x, Pixel* pixels, Arena<S, A, Batch>& arena,
                     std::size_t count = 1) const {
    return Base::reconstruct(x, pixels, dynamic(arena), count);
  }

  template <std::size_t Batch>
  Status score(const Pixel* x, Score* scores, Arena<S, A, Batch>& arena,
               std::size_t count = 1) const {
    return Base::score(x, scores, dynamic(arena), count);
  }
};

}  // namespace picovae
