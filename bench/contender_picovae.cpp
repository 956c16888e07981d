#include <algorithm>
#include <cmath>

#include "contender.hpp"
#include "picovae/latent.hpp"
#include "picovae/vae.hpp"
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
  Picovae(const Kernels& kernels, std::span<const tools::BlobBytes> models, std::size_t batch)
      : batch_(batch),
        vaes_(models.size()),
        pixels_(batch * S::kPixels),
        mu_(batch * S::kLatent),
        logvar_(mu_.size()) {
    if constexpr (kInteger) {
      x_ = images();
      z_ = latents();
    } else {
      x_ = real_images(batch);
      z_ = real_latents(batch);
    }
    for (std::size_t i = 0; i < models.size(); ++i) {
      const Status status = vaes_[i].open(models[i].bytes(), kernels);
      if (status != Status::kOk) tools::fail("{}: {}", kernels.name, message(status));
    }
  }

  void run(Task task) override {
    const Vae<S, A>& vae = vaes_[next_];
    next_ = next_ + 1 == vaes_.size() ? 0 : next_ + 1;
    switch (task) {
      case Task::kEncode:
        vae.encode(x_.data(), mu_.data(), logvar_.data(), arena_->encoder, batch_);
        break;
      case Task::kDecode:
        vae.decode(z_.data(), pixels_.data(), arena_->decoder, batch_);
        break;
      case Task::kForward:
        vae.reconstruct(x_.data(), pixels_.data(), *arena_, batch_);
        break;
    }
  }

  std::vector<double> result(Task task) const override {
    std::vector<double> real;
    if (task != Task::kEncode) {
      append_real(pixels_.data(), pixels_.size(), kInteger ? 1.0 / 255 : 1.0, real);
      return real;
    }
    for (std::size_t row = 0; row < batch_; ++row) {
      const std::size_t at = row * S::kLatent;
      append_real(&mu_[at], S::kLatent, kInteger ? std::ldexp(1.0, -kMuBits) : 1.0, real);
      append_real(&logvar_[at], S::kLatent, kInteger ? std::ldexp(1.0, -kLogvarBits) : 1.0, real);
    }
    return real;
  }

 private:
  static constexpr bool kInteger = sizeof(typename A::Pixel) == 1;

  std::size_t batch_, next_ = 0;
  std::vector<Vae<S, A>> vaes_;
  std::vector<typename A::Pixel> x_, pixels_;
  std::vector<typename A::Latent> z_, mu_, logvar_;
  std::unique_ptr<Arena<S, A, kMaxBatch>> arena_ = std::make_unique<Arena<S, A, kMaxBatch>>();
};

}  // namespace

std::unique_ptr<Contender> make_picovae(Type type, const Kernels& kernels,
                                        std::span<const tools::BlobBytes> models,
                                        std::size_t batch) {
  if (type == Type::kS8) return std::make_unique<Picovae<Integer>>(kernels, models, batch);
  return std::make_unique<Picovae<Float>>(kernels, models, batch);
}

}  // namespace picovae::bench
