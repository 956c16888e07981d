// Runs a model by every call and every set of kernels, between guard pages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/guarded.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/runnable_kernels.hpp"

namespace picovae::tests {

struct CallOutcome {
  int kernels = 0;              // that accepted the model, for each batch
  const char* wrong = nullptr;  // of those, kernels whose calls returned a wrong status
};

// Everything that kernels can touch except the model, for calls of Batch images.
template <typename S, typename A, std::size_t Batch>
class GuardedCalls {
 public:
  using Pixel = typename A::Pixel;
  using Latent = typename A::Latent;

  explicit GuardedCalls(Dice& dice) {
    for (std::size_t i = 0; i < Batch * S::kPixels; ++i) {
      x_.as<Pixel>()[i] = static_cast<Pixel>(dice.between(0, 255));
    }
    for (std::size_t i = 0; i < Batch * S::kLatent; ++i) {
      z_.as<Latent>()[i] = static_cast<Latent>(dice.between(-32768, 32767));
    }
  }

  // Every call that runs kernels. Counts itself in `ran` unless the Vae refuses the model.
  void run(std::span<const std::byte> model, const Kernels& kernels, CallOutcome& ran) {
    Vae<S, A> vae;
    if (vae.open(model, kernels) != Status::kOk) return;
    const auto* x = x_.as<Pixel>();
    auto* out = out_.as<Pixel>();
    const Status encoder = vae.view().has(kEncoderPart) ? Status::kOk : Status::kNoEncoder;
    const Status decoder = vae.view().has(kDecoderPart) ? Status::kOk : Status::kNoDecoder;
    const Status both = decoder != Status::kOk ? decoder : encoder;
    const auto* z = z_.as<Latent>();
    if (vae.encode(x, mu_.as<Latent>(), logvar_.as<Latent>(), *encoder_, Batch) != encoder ||
        vae.decode(z, out, *decoder_, Batch) != decoder ||
        vae.decode_logits(z, logits_.as<typename A::Logit>(), *decoder_, Batch) != decoder ||
        vae.generate(1, 0, out, *decoder_, Batch) != decoder ||
        vae.reconstruct(x, out, *arena_, Batch) != both) {
      ran.wrong = kernels.name;
    }
    if constexpr (A::kIsInteger) {
      if (!scores(vae, both)) ran.wrong = kernels.name;
    }
    Layer differs{};
    vae.self_test(*arena_, differs);
    vae.self_test(*decoder_, differs);
    ++ran.kernels;
  }

 private:
  // The calls of integer models alone. False if one returned a wrong status.
  bool scores(const Vae<S, A>& vae, Status wanted) {
    if (vae.score(x_.as<Pixel>(), scores_.as<Score>(), *arena_, Batch) != wanted) return false;
    for (const Figure figure : {Figure::kExcess, Figure::kNegElbo, Figure::kSquares}) {
      for (const std::uint32_t per_mille : {0u, 500u, 1001u, 0xffffffffu}) {
        std::uint32_t threshold = 0;
        const Status found = vae.threshold(figure, per_mille, threshold);
        if (found != Status::kOk && found != Status::kNoThresholds) return false;
      }
    }
    return true;
  }

  template <typename T>
  static constexpr std::size_t kLatentBytes = Batch* S::kLatent * sizeof(T);

  Guarded<EncoderArena<S, A, Batch>> encoder_;
  Guarded<DecoderArena<S, A, Batch>> decoder_;
  Guarded<Arena<S, A, Batch>> arena_;
  GuardedBytes x_{Batch * S::kPixels * sizeof(Pixel)}, out_{Batch * S::kPixels * sizeof(Pixel)};
  GuardedBytes logits_{Batch * S::kPixels * sizeof(typename A::Logit)};
  GuardedBytes scores_{Batch * sizeof(Score)};
  GuardedBytes z_{kLatentBytes<Latent>}, mu_{kLatentBytes<Latent>}, logvar_{kLatentBytes<Latent>};
};

// Runs models on every kernel that this machine has, and on others that it can run.
template <typename S>
class EveryKernel {
 public:
  explicit EveryKernel(std::initializer_list<const Kernels*> more = {})
      : integers_(runnable_kernels(&Kernels::s8)) {
    integers_.insert(integers_.begin(), more);
  }

  CallOutcome run(std::span<const std::byte> model) {
    CallOutcome ran;
    for (const Kernels* kernels : floats_) {
      float_one_.run(model, *kernels, ran);
      float_three_.run(model, *kernels, ran);
    }
    for (const Kernels* kernels : integers_) {
      integer_one_.run(model, *kernels, ran);
      integer_three_.run(model, *kernels, ran);
    }
    return ran;
  }

 private:
  std::vector<const Kernels*> integers_;
  std::vector<const Kernels*> floats_ = runnable_kernels(floats_of);
  Dice dice_{5};
  GuardedCalls<S, Float, 1> float_one_{dice_};
  GuardedCalls<S, Float, 3> float_three_{dice_};
  GuardedCalls<S, Integer, 1> integer_one_{dice_};
  GuardedCalls<S, Integer, 3> integer_three_{dice_};
};

}  // namespace picovae::tests
