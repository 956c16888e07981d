#include "tools/measure/model.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "picovae/forward.hpp"
#include "picovae/latent.hpp"
#include "tools/base/error.hpp"
#include "tools/base/fixed_math.hpp"
#include "tools/base/threads.hpp"
#include "tools/data/pixels.hpp"
#include "tools/format/pack.hpp"
#include "tools/measure/elbo.hpp"
#include "tools/measure/evaluation.hpp"

namespace picovae::tools {
namespace {

constexpr std::size_t kModelBatch = 100;

template <int Bits>
float real(std::int16_t q) {
  return static_cast<float>(q) / (1 << Bits);
}

template <int Bits>
std::int16_t fixed(float v) {
  return static_cast<std::int16_t>(
      std::clamp(std::lrint(static_cast<double>(v) * (1 << Bits)), -32768L, 32767L));
}

std::uint8_t to_u8(float v) { return static_cast<std::uint8_t>(std::lrint(v * 255.0F)); }

// The two arithmetics' conversions between their own units and real ones.
struct FloatUnits {
  using A = Float;
  static float pixel_in(float v) { return v; }
  static float pixel_in(std::uint8_t v) { return static_cast<float>(v) / 255.0F; }
  static std::uint8_t pixel_out(float v) {
    require_finite({double{v}}, "a pixel");
    return to_u8(v);
  }
  static float mu(float v) { return v; }
  static float logvar(float v) { return v; }
  static float logit(float v) { return v; }
  static float z_in(float v) { return v; }
  static float sigma(float logvar) { return sigma_of(logvar); }
  static float sample(float mu, float logvar, std::int16_t eps) {
    return mu + sigma(logvar) * LatentMath<Float>::from_normal(eps);
  }
};

struct IntegerUnits {
  using A = Integer;
  static std::uint8_t pixel_in(float v) { return to_u8(v); }
  static std::uint8_t pixel_in(std::uint8_t v) { return v; }
  static std::uint8_t pixel_out(std::uint8_t v) { return v; }
  static float mu(std::int16_t q) { return real<kMuBits>(q); }
  static float logvar(std::int16_t q) { return real<kLogvarBits>(q); }
  static float logit(std::int16_t q) { return real<kLogitBits>(q); }
  static std::int16_t z_in(float v) { return fixed<kNormalBits>(v); }
  static double sigma(float logvar) {
    return std::ldexp(sigma_from_logvar(fixed<kLogvarBits>(logvar)), -kSigmaBits);
  }
  static float sample(float mu, float logvar, std::int16_t eps) {
    return real<kNormalBits>(
        LatentMath<Integer>::reparameterize(fixed<kMuBits>(mu), fixed<kLogvarBits>(logvar), eps));
  }
};

template <typename Units>
class EngineModel final : public Model {
 public:
  using A = typename Units::A;

  EngineModel(std::shared_ptr<const BlobBytes> blob, const std::string& name,
              const Kernels& kernels)
      : blob_(std::move(blob)), kernels_(kernels) {
    const Status status = vae_.open(blob_->bytes(), kernels_);
    const Layout layout = blob_->header().layout;
    if (status == Status::kUnsupportedKernel && layout != kernels_.layout) {
      fail("{}: is packed for {}; run picovae export {} --layout {} --out FILE", name,
           layout_name(layout), name, layout_name(kernels_.layout));
    }
    if (status != Status::kOk) {
      fail("{}: {} (kernels: {})", name, message(status), kernels_.name);
    }
    pixel_count_ = dimensions().pixels;
    latent_count_ = dimensions().latent;
    memory_.resize(kModelBatch * arena_size<A>(dimensions()));
    pixels_.resize(kModelBatch * pixel_count_);
    logits_.resize(kModelBatch * pixel_count_);
    mu_.resize(kModelBatch * latent_count_);
    logvar_.resize(kModelBatch * latent_count_);
  }

  void encode(std::span<const float> images, float* mu, float* logvar) override {
    encode_any(images, mu, logvar);
  }

  void encode(std::span<const std::uint8_t> images, float* mu, float* logvar) override {
    encode_any(images, mu, logvar);
  }

  void sample(const float* mu, const float* logvar, std::span<const std::int16_t> eps,
              float* z) override {
    for (std::size_t i = 0; i < eps.size(); ++i) z[i] = Units::sample(mu[i], logvar[i], eps[i]);
  }

  double sigma(float logvar) const override { return Units::sigma(logvar); }

  void decode_logits(std::span<const float> z, float* logits) override {
    for_parts(z.size() / latent_count_, kModelBatch, [&](std::size_t first, std::size_t count) {
      fill_latents(z.data() + first * latent_count_, count);
      check(vae_.decode_logits(mu_.data(), logits_.data(), arena(), count));
      std::transform(logits_.begin(),
                     logits_.begin() + static_cast<std::ptrdiff_t>(count * pixel_count_),
                     logits + first * pixel_count_, Units::logit);
    });
  }

  void decode(std::span<const float> z, std::uint8_t* pixels) override {
    for_parts(z.size() / latent_count_, kModelBatch, [&](std::size_t first, std::size_t count) {
      fill_latents(z.data() + first * latent_count_, count);
      check(vae_.decode(mu_.data(), pixels_.data(), arena(), count));
      take_pixels(pixels + first * pixel_count_, count);
    });
  }

  void generate(std::uint64_t seed, std::uint32_t first_digit, std::size_t total,
                std::uint8_t* pixels) override {
    for_parts(total, kModelBatch, [&](std::size_t first, std::size_t count) {
      check(vae_.generate(seed, first_digit + static_cast<std::uint32_t>(first), pixels_.data(),
                          arena(), count));
      take_pixels(pixels + first * pixel_count_, count);
    });
  }

  void generate_class(std::uint64_t seed, std::uint8_t label, std::uint32_t first_digit,
                      std::size_t total, std::uint8_t* pixels) override {
    for_parts(total, kModelBatch, [&](std::size_t first, std::size_t count) {
      check(vae_.generate_class(seed, label, first_digit + static_cast<std::uint32_t>(first),
                                pixels_.data(), arena(), count));
      take_pixels(pixels + first * pixel_count_, count);
    });
  }

  std::span<const std::uint8_t> classes() const override { return vae_.classes(); }

  void reconstruct(std::span<const std::uint8_t> images, std::uint8_t* pixels) override {
    for_parts(images.size() / pixel_count_, kModelBatch, [&](std::size_t first, std::size_t count) {
      fill_pixels(images.data() + first * pixel_count_, count);
      check(vae_.reconstruct(pixels_.data(), pixels_.data(), arena(), count));
      take_pixels(pixels + first * pixel_count_, count);
    });
  }

  void score(std::span<const std::uint8_t> images, ImageScore* scores) override {
    for_parts(images.size() / pixel_count_, kModelBatch, [&](std::size_t first, std::size_t count) {
      const std::uint8_t* x = images.data() + first * pixel_count_;
      fill_pixels(x, count);
      if constexpr (A::kIsInteger) {
        std::array<Score, kModelBatch> found;
        check(vae_.score(pixels_.data(), found.data(), arena(), count));
        std::transform(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(count),
                       scores + first, in_nats);
      } else {
        check(vae_.encode(pixels_.data(), mu_.data(), logvar_.data(), arena(), count));
        check(vae_.decode_logits(mu_.data(), logits_.data(), arena(), count));
        for (std::size_t i = 0; i < count; ++i) scores[first + i] = score_of(x, i);
      }
    });
  }

  std::unique_ptr<Model> clone() const override {
    return std::make_unique<EngineModel>(blob_, "clone", kernels_);
  }

  const BlobHeader& header() const override { return *vae_.view().header; }
  const Kernels& kernels() const override { return kernels_; }

 private:
  template <typename T>
  void encode_any(std::span<const T> images, float* mu, float* logvar) {
    for_parts(images.size() / pixel_count_, kModelBatch, [&](std::size_t first, std::size_t count) {
      fill_pixels(images.data() + first * pixel_count_, count);
      check(vae_.encode(pixels_.data(), mu_.data(), logvar_.data(), arena(), count));
      for (std::size_t i = 0; i < count * latent_count_; ++i) {
        mu[first * latent_count_ + i] = Units::mu(mu_[i]);
        logvar[first * latent_count_ + i] = Units::logvar(logvar_[i]);
      }
    });
  }

  DynamicArena arena() { return {memory_.data(), kModelBatch}; }

  static ImageScore in_nats(const Score& score) {
    constexpr double kUnit = 1.0 / (1 << kScoreBits);
    return {score.reconstruction * kUnit, score.kl * kUnit, score.entropy * kUnit,
            static_cast<double>(score.squares)};
  }

  // Of image `row` of a part, in double precision.
  ImageScore score_of(const std::uint8_t* images, std::size_t row) const requires(!A::kIsInteger) {
    ImageScore score;
    const auto of_row = [row](const std::vector<float>& values, std::size_t width) {
      return std::span(values).subspan(row * width, width);
    };
    const auto logits = of_row(logits_, pixel_count_);
    score.reconstruction = bernoulli_cross_entropy(logits, of_row(pixels_, pixel_count_));
    score.kl = gaussian_kl(of_row(mu_, latent_count_), of_row(logvar_, latent_count_));
    for (std::size_t i = 0; i < pixel_count_; ++i) {
      const std::uint8_t pixel = images[row * pixel_count_ + i];
      const double p = pixel / 255.0;
      const double error = 255 * (p - 1 / (1 + fixed::exp(-static_cast<double>(logits[i]))));
      score.entropy += pixel_entropy(pixel);
      score.squares += error * error;
    }
    return score;
  }

  template <typename T>
  void fill_pixels(const T* from, std::size_t count) {
    for (std::size_t i = 0; i < count * pixel_count_; ++i) pixels_[i] = Units::pixel_in(from[i]);
  }

  void fill_latents(const float* z, std::size_t count) {
    for (std::size_t i = 0; i < count * latent_count_; ++i) mu_[i] = Units::z_in(z[i]);
  }

  void take_pixels(std::uint8_t* to, std::size_t count) const {
    for (std::size_t i = 0; i < count * pixel_count_; ++i) to[i] = Units::pixel_out(pixels_[i]);
  }

  static void check(Status status) {
    if (status != Status::kOk) fail("{}", message(status));
  }

  std::shared_ptr<const BlobBytes> blob_;
  const Kernels& kernels_;
  DynamicVae<A> vae_;
  std::size_t pixel_count_ = 0, latent_count_ = 0;  // of an image
  AlignedVector<std::byte> memory_;                 // of the arena
  std::vector<typename A::Pixel> pixels_;
  std::vector<typename A::Latent> mu_;
  std::vector<typename A::Latent> logvar_;
  std::vector<typename A::Logit> logits_;
};

}  // namespace

std::unique_ptr<Model> make_model(BlobBytes blob, const std::string& name, const Kernels& kernels) {
  auto shared = std::make_shared<const BlobBytes>(std::move(blob));
  const auto& header = shared->header();
  if (header.type == Type::kS8) {
    return std::make_unique<EngineModel<IntegerUnits>>(std::move(shared), name, kernels);
  }
  return std::make_unique<EngineModel<FloatUnits>>(std::move(shared), name, kernels);
}

std::unique_ptr<Model> make_model(const Network& network, const Kernels& kernels) {
  return make_model(pack_float(network), "network", kernels);
}

std::unique_ptr<Model> load_model(const std::filesystem::path& path, const Kernels& kernels) {
  return make_model(load_blob(path), path.string(), kernels);
}

}  // namespace picovae::tools
