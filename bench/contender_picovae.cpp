#include <algorithm>
#include <cmath>

#include "contender.hpp"
#include "picovae/forward.hpp"
#include "picovae/latent.hpp"
#include "tools/base/aligned.hpp"
#include "tools/base/error.hpp"

namespace picovae::bench {
namespace {

// Values of one type in real units.
template <typename T>
void append_real(const T* values, std::size_t count, double step, std::vector<double>& to) {
  for (std::size_t i = 0; i < count; ++i) to.push_back(static_cast<double>(values[i]) * step);
}

template <typename A>
class Picovae : public Contender {
 public:
  Picovae(const Subject& subject, const Kernels& kernels, std::span<const tools::BlobBytes> models,
          std::size_t batch)
      : batch_(batch),
        latent_(subject.shape().latent),
        vaes_(models.size()),
        pixels_(batch * subject.shape().pixels),
        mu_(batch * latent_),
        logvar_(mu_.size()),
        memory_(batch * arena_size<A>(subject.shape())) {
    if constexpr (A::kIsInteger) {
      x_ = subject.images(batch);
      z_ = subject.latents(batch);
    } else {
      x_ = subject.real_images(batch);
      z_ = subject.real_latents(batch);
    }
    for (std::size_t i = 0; i < models.size(); ++i) {
      const Status status = vaes_[i].open(models[i].bytes(), kernels);
      if (status != Status::kOk) tools::fail("{}: {}", kernels.name, message(status));
    }
  }

  void run(Task task) override {
    const DynamicVae<A>& vae = vaes_[next_];
    next_ = next_ + 1 == vaes_.size() ? 0 : next_ + 1;
    const DynamicArena arena{memory_.data(), batch_};
    switch (task) {
      case Task::kEncode:
        vae.encode(x_.data(), mu_.data(), logvar_.data(), arena, batch_);
        break;
      case Task::kDecode:
        vae.decode(z_.data(), pixels_.data(), arena, batch_);
        break;
      case Task::kForward:
        vae.reconstruct(x_.data(), pixels_.data(), arena, batch_);
        break;
    }
  }

  std::vector<double> result(Task task) const override {
    std::vector<double> real;
    if (task != Task::kEncode) {
      append_real(pixels_.data(), pixels_.size(), A::kIsInteger ? 1.0 / 255 : 1.0, real);
      return real;
    }
    for (std::size_t row = 0; row < batch_; ++row) {
      const std::size_t at = row * latent_;
      append_real(&mu_[at], latent_, A::kIsInteger ? std::ldexp(1.0, -kMuBits) : 1.0, real);
      append_real(&logvar_[at], latent_, A::kIsInteger ? std::ldexp(1.0, -kLogvarBits) : 1.0, real);
    }
    return real;
  }

 private:
  std::size_t batch_, latent_, next_ = 0;
  std::vector<DynamicVae<A>> vaes_;
  std::vector<typename A::Pixel> x_, pixels_;
  std::vector<typename A::Latent> z_, mu_, logvar_;
  tools::AlignedVector<std::byte> memory_;  // of the arena
};

}  // namespace

std::unique_ptr<Contender> make_picovae(const Subject& subject, Type type, const Kernels& kernels,
                                        std::span<const tools::BlobBytes> models,
                                        std::size_t batch) {
  if (type == Type::kS8) return std::make_unique<Picovae<Integer>>(subject, kernels, models, batch);
  return std::make_unique<Picovae<Float>>(subject, kernels, models, batch);
}

}  // namespace picovae::bench
