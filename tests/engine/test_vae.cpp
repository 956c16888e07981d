#include "picovae/vae.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <type_traits>
#include <vector>

#include "requantize.hpp"
#include "tests/engine/packed_layer.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/format/pack.hpp"

using namespace picovae;
using tools::QuantizedLayer;
using tools::QuantizedNetwork;

namespace {

using SmallShape = Shape<20, 7, 6, 3>;
constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;

// RAM and size of the default model: what a board pays.
static_assert(sizeof(EncoderArena<MnistShape, Integer>) == 832 + 2 * 320 + 256);
static_assert(sizeof(DecoderArena<MnistShape, Integer>) == 128 + 2 * 320);
static_assert(sizeof(Arena<MnistShape, Integer>) == 1728 + 768);
static_assert(sizeof(EncoderArena<MnistShape, Float>) == 2 * 1216 + 448);
static_assert(sizeof(DecoderArena<MnistShape, Float>) == 256 + 2 * 1216);
static_assert(sizeof(DecoderArena<MnistShape, Integer, 32>) == 32 * 768);
static_assert(alignof(Arena<MnistShape, Integer>) == kArenaAlignment);
static_assert(std::is_trivial_v<Arena<MnistShape, Float>>);  // may live anywhere, costs no start-up
static_assert(sizeof(void*) != 8 || sizeof(Vae<MnistShape, Integer>) == 320);

// ---- The models once more, plainly: weights in logical order, sums that cannot overflow. ----

using Integers = std::vector<int>;

// Pre-activations of a layer: sat16(((W x >> pre) * m + B) >> post).
Integers affine(const QuantizedLayer& layer, const Integers& x) {
  Integers y;
  for (std::size_t j = 0; j < layer.out; ++j) {
    std::int64_t sum = 0;
    for (std::size_t k = 0; k < layer.in; ++k) {
      sum += std::int64_t{layer.weight[j * layer.in + k]} * x[k];
    }
    const std::int64_t t =
        ((sum >> layer.pre_shift) * layer.multiplier[j] + layer.bias[j]) >> layer.post_shift;
    y.push_back(static_cast<int>(std::clamp<std::int64_t>(t, -32768, 32767)));
  }
  return y;
}

// x itself if there is no such layer.
Integers hidden(const QuantizedLayer& layer, const Integers& x) {
  if (layer.out == 0) return x;
  Integers y = affine(layer, x);
  for (std::size_t j = 0; j < y.size(); ++j) {
    y[j] = softplus_u8(y[j], layer.rescale[j], layer.greatest, softplus_tail);
  }
  return y;
}

struct IntegerReference {
  using Arithmetic = Integer;
  QuantizedNetwork network;

  explicit IntegerReference(Dimensions dimensions)
      : network(tests::random_quantized_network(dimensions, 3)) {}
  IntegerReference(Dimensions dimensions, std::uint8_t greatest)
      : network(tests::random_high_network(dimensions, 3, greatest)) {}

  tools::BlobBytes blob() const { return tools::pack_s8(network, Layout::kHost, kBothParts, {}); }

  // mu, then logvar
  Integers encode(const std::uint8_t* x) const {
    Integers y;
    for (std::size_t i = 0; i < network.dimensions.pixels; ++i) y.push_back(x[i] / 2);
    y = hidden(network.layers[kEncoder0], y);
    y = hidden(network.layers[kEncoder1], y);
    return affine(network.layers[kEncoderHeads], y);
  }
  Integers logits(const std::int16_t* z) const {
    Integers y;
    for (std::size_t i = 0; i < network.dimensions.latent; ++i) {
      y.push_back(std::clamp<int>(z[i], -8191, 8191));
    }
    y = hidden(network.layers[kDecoder0], y);
    y = hidden(network.layers[kDecoder1], y);
    return affine(network.layers[kDecoder2], y);
  }
  static int pixel(int logit) { return sigmoid_u8(logit, sigmoid_tail); }
  static std::int16_t z_of_normal(std::int16_t eps) { return eps; }
  static std::int16_t z_of_mu(int mu) {
    return static_cast<std::int16_t>(std::clamp((mu + 2) >> 2, -8191, 8191));
  }

  static std::uint8_t random_pixel(tests::Dice& dice) {
    return static_cast<std::uint8_t>(dice.between(0, 255));
  }
  static std::int16_t random_z(tests::Dice& dice) {
    return static_cast<std::int16_t>(dice.between(-32768, 32767) >> dice.between(0, 6));
  }
  static bool same(double value, double expected, double /*tolerance*/) {
    return value == expected;
  }
};

// Hidden activations above 127.
template <std::uint8_t kGreatest>
struct HighReference : IntegerReference {
  explicit HighReference(Dimensions dimensions) : IntegerReference(dimensions, kGreatest) {}
};

using Reals = std::vector<double>;

Reals affine(const tools::DenseWeights& layer, const Reals& x) {
  Reals y;
  for (std::size_t j = 0; j < layer.out; ++j) {
    double sum = static_cast<double>(layer.bias[j]);
    for (std::size_t k = 0; k < layer.in; ++k) {
      sum += static_cast<double>(layer.weight[j * layer.in + k]) * x[k];
    }
    y.push_back(sum);
  }
  return y;
}

Reals hidden(const tools::DenseWeights& layer, const Reals& x) {
  if (layer.out == 0) return x;
  Reals y = affine(layer, x);
  for (double& v : y) v = std::log(1 + std::exp(v));
  return y;
}

struct FloatReference {
  using Arithmetic = Float;
  tools::Network network;

  explicit FloatReference(Dimensions dimensions) : network(tests::random_network(dimensions, 3)) {}

  tools::BlobBytes blob() const { return tools::pack_float(network); }

  Reals encode(const float* x) const {
    const Reals y =
        hidden(network.encoder1, hidden(network.encoder0, Reals(x, x + network.pixels)));
    Reals heads = affine(network.mu, y);
    for (const double logvar : affine(network.logvar, y)) heads.push_back(logvar);
    return heads;
  }
  Reals logits(const float* z) const {
    const Reals y =
        hidden(network.decoder1, hidden(network.decoder0, Reals(z, z + network.latent)));
    return affine(network.decoder2, y);
  }
  static double pixel(double logit) { return 1 / (1 + std::exp(-logit)); }
  static float z_of_normal(std::int16_t eps) { return static_cast<float>(eps) / 1024; }
  static float z_of_mu(double mu) { return static_cast<float>(mu); }

  static float random_pixel(tests::Dice& dice) { return std::abs(dice.real(1)); }
  static float random_z(tests::Dice& dice) { return dice.real(4); }
  static bool same(double value, double expected, double tolerance) {
    return std::abs(value - expected) <= tolerance * std::max(1.0, std::abs(expected));
  }
};

// ---- What is compared ----

// Nothing may depend on what an arena holds: NaN as f32, outside of the legal range as integers.
template <typename T>
void fill_with_garbage(T& arena) {
  std::memset(&arena, 0xff, sizeof(arena));
}

// `tolerance` is for floats; integers are equal.
template <typename Reference, typename Values, typename Expected>
void check_equal(const Values* values, const Expected& expected, double tolerance = 1e-5) {
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (!Reference::same(static_cast<double>(values[i]), static_cast<double>(expected[i]),
                         tolerance)) {
      ++wrong;
    }
  }
  CHECK(wrong == 0);
}

// Every function of a Vae, one image at a time and kBatch at once, against the reference.
template <typename S, typename Reference>
void check_vae(const Kernels& kernels) {
  using A = typename Reference::Arithmetic;
  using V = Vae<S, A>;
  using Pixel = typename V::Pixel;
  using Latent = typename V::Latent;
  using Logit = typename V::Logit;
  constexpr std::size_t kBatch = 5;
  constexpr std::size_t kPixels = S::kPixels;
  constexpr std::size_t kLatent = S::kLatent;
  CAPTURE(std::string(kernels.name));
  CAPTURE(kPixels);
  // Of sums; pixels are held to 1e-5 everywhere. SSE2 has no fused multiply-add and rounds each
  // term twice.
  const double tolerance = kernels.isa == Isa::kSse2 ? 2e-5 : 1e-5;

  const Reference reference(S::kDimensions);
  const auto blob = reference.blob();
  V vae;
  REQUIRE(vae.open(blob.bytes(), kernels) == Status::kOk);
  REQUIRE(vae.verify() == Status::kOk);

  tests::Dice dice(4);
  std::vector<Pixel> images(kBatch * kPixels);
  for (auto& p : images) p = Reference::random_pixel(dice);
  std::vector<Latent> codes(kBatch * kLatent);
  for (auto& z : codes) z = Reference::random_z(dice);

  const auto one = std::make_unique<Arena<S, A>>();
  const auto many = std::make_unique<Arena<S, A, kBatch>>();
  std::vector<Latent> mu(kBatch * kLatent), logvar(kBatch * kLatent);
  std::vector<Logit> logits(kBatch * kPixels);
  std::vector<Pixel> pixels(kBatch * kPixels), drawn(kBatch * kPixels), copies(kBatch * kPixels);

  for (std::size_t i = 0; i < kBatch; ++i) {
    CAPTURE(i);
    fill_with_garbage(*one);
    const Pixel* x = &images[i * kPixels];
    const Latent* z = &codes[i * kLatent];

    Latent* head = &mu[i * kLatent];
    REQUIRE(vae.encode(x, head, &logvar[i * kLatent], one->encoder) == Status::kOk);
    auto heads = reference.encode(x);
    check_equal<Reference>(&logvar[i * kLatent], std::vector(heads.begin() + kLatent, heads.end()),
                           tolerance);
    heads.resize(kLatent);
    check_equal<Reference>(head, heads, tolerance);

    REQUIRE(vae.decode_logits(z, &logits[i * kPixels], one->decoder) == Status::kOk);
    auto expected = reference.logits(z);
    check_equal<Reference>(&logits[i * kPixels], expected, tolerance);
    REQUIRE(vae.decode(z, &pixels[i * kPixels], one->decoder) == Status::kOk);
    for (auto& v : expected) v = Reference::pixel(v);
    check_equal<Reference>(&pixels[i * kPixels], expected);

    const auto digit = static_cast<std::uint32_t>(1000 + i);
    fill_with_garbage(*one);
    REQUIRE(vae.generate(77, digit, &drawn[i * kPixels], one->decoder) == Status::kOk);
    std::int16_t eps[kLatent];
    normals(77, Purpose::kPrior, 0, digit, eps, kLatent);
    Latent prior[kLatent];
    std::transform(eps, eps + kLatent, prior, Reference::z_of_normal);
    expected = reference.logits(prior);
    for (auto& v : expected) v = Reference::pixel(v);
    check_equal<Reference>(&drawn[i * kPixels], expected);

    REQUIRE(vae.reconstruct(x, &copies[i * kPixels], *one) == Status::kOk);
    Latent mean[kLatent];
    std::transform(heads.begin(), heads.end(), mean, Reference::z_of_mu);
    expected = reference.logits(mean);
    for (auto& v : expected) v = Reference::pixel(v);
    check_equal<Reference>(&copies[i * kPixels], expected);
  }

  // The values spread, so that agreement means something.
  CHECK(std::set<Pixel>(pixels.begin(), pixels.end()).size() > 15);
  CHECK(std::set<Pixel>(copies.begin(), copies.end()).size() > 15);
  CHECK(std::set<Latent>(mu.begin(), mu.end()).size() >= kBatch);

  // Batches of every size give the same bits as single images, and write nothing behind their last.
  for (std::size_t count = 0; count <= kBatch; ++count) {
    CAPTURE(count);
    fill_with_garbage(*many);
    const auto same_beginning = [](const auto& values, const auto& wanted, std::size_t size) {
      std::size_t wrong = 0;
      for (std::size_t i = 0; i < values.size(); ++i) {
        using T = std::remove_cvref_t<decltype(values[i])>;
        if (values[i] != (i < size ? wanted[i] : T{111})) ++wrong;
      }
      return wrong == 0;
    };
    std::vector<Latent> latent0(mu.size(), 111), latent1(mu.size(), 111);
    REQUIRE(vae.encode(images.data(), latent0.data(), latent1.data(), many->encoder, count) ==
            Status::kOk);
    CHECK(same_beginning(latent0, mu, count * kLatent));
    CHECK(same_beginning(latent1, logvar, count * kLatent));
    std::vector<Logit> some_logits(logits.size(), 111);
    REQUIRE(vae.decode_logits(codes.data(), some_logits.data(), many->decoder, count) ==
            Status::kOk);
    CHECK(same_beginning(some_logits, logits, count * kPixels));
    std::vector<Pixel> some(pixels.size(), 111);
    REQUIRE(vae.decode(codes.data(), some.data(), many->decoder, count) == Status::kOk);
    CHECK(same_beginning(some, pixels, count * kPixels));
    some.assign(some.size(), 111);
    REQUIRE(vae.generate(77, 1000, some.data(), many->decoder, count) == Status::kOk);
    CHECK(same_beginning(some, drawn, count * kPixels));
    some.assign(some.size(), 111);
    REQUIRE(vae.reconstruct(images.data(), some.data(), *many, count) == Status::kOk);
    CHECK(same_beginning(some, copies, count * kPixels));
  }

  // In place.
  REQUIRE(vae.reconstruct(images.data(), images.data(), *many, kBatch) == Status::kOk);
  CHECK(images == copies);
}

template <typename S, typename Reference>
void check_vae_everywhere() {
  for (const Kernels* kernels : tests::runnable_kernels()) check_vae<S, Reference>(*kernels);
}

// The answers of all functions of a Vae to a call with `count` images.
template <typename S, typename A>
struct Answers {
  Status encode, decode, decode_logits, generate, reconstruct;

  Answers(const Vae<S, A>& vae, std::size_t count) {
    constexpr std::size_t kMost = 4;
    typename A::Pixel pixels[kMost * S::kPixels]{};
    typename A::Logit logits[kMost * S::kPixels]{};
    typename A::Latent latents[2][kMost * S::kLatent]{};
    Arena<S, A, 2> arena{};
    encode = vae.encode(pixels, latents[0], latents[1], arena.encoder, count);
    decode = vae.decode(latents[0], pixels, arena.decoder, count);
    decode_logits = vae.decode_logits(latents[0], logits, arena.decoder, count);
    generate = vae.generate(1, 0, pixels, arena.decoder, count);
    reconstruct = vae.reconstruct(pixels, pixels, arena, count);
  }
};

// Checks that all five give one status.
template <typename S, typename A>
void check_all(const Vae<S, A>& vae, std::size_t count, Status expected) {
  const Answers<S, A> answers(vae, count);
  CHECK(answers.encode == expected);
  CHECK(answers.decode == expected);
  CHECK(answers.decode_logits == expected);
  CHECK(answers.generate == expected);
  CHECK(answers.reconstruct == expected);
}

tools::BlobBytes small_blob(std::uint8_t parts = kBothParts, Layout layout = Layout::kHost) {
  return tools::pack_s8(tests::random_quantized_network(SmallShape::kDimensions, 3), layout, parts,
                        {});
}

}  // namespace

TEST_CASE("an integer model does what the contract says") {
  check_vae_everywhere<SmallShape, IntegerReference>();
  check_vae_everywhere<Shape<33, 64, 17, 1>, IntegerReference>();
  check_vae_everywhere<Shape<33, 64, 5>, IntegerReference>();  // one hidden layer
  check_vae_everywhere<MnistShape, IntegerReference>();
  check_vae_everywhere<SmallShape, HighReference<255>>();
  check_vae_everywhere<Shape<33, 64, 17, 1>, HighReference<200>>();
  check_vae_everywhere<MnistShape, HighReference<170>>();
}

static_assert(Shape<33, 64, 5>::kDimensions == Dimensions{33, 64, 0, 5});  // one hidden layer
static_assert(Shape<33, 64, 17, 1>::kDimensions == Dimensions{33, 64, 17, 1});

TEST_CASE("a float model agrees with double precision") {
  check_vae_everywhere<SmallShape, FloatReference>();
  check_vae_everywhere<Shape<33, 64, 17, 1>, FloatReference>();
  check_vae_everywhere<Shape<33, 64, 5>, FloatReference>();  // one hidden layer
  check_vae_everywhere<MnistShape, FloatReference>();
}

TEST_CASE("a Vae that is not open") {
  Vae<SmallShape, Integer> vae;
  CHECK_FALSE(vae.is_open());
  CHECK(vae.verify() == Status::kNotOpen);
  CHECK(vae.view().header == nullptr);
  check_all(vae, 1, Status::kNotOpen);
  check_all(vae, 4, Status::kNotOpen);

  const auto blob = small_blob();
  REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
  CHECK(vae.is_open());
  check_all(vae, 1, Status::kOk);

  // An attempt that fails closes it.
  CHECK(vae.open(blob.bytes().first(100), kScalarKernels) == Status::kTruncated);
  CHECK_FALSE(vae.is_open());
  check_all(vae, 1, Status::kNotOpen);
}

TEST_CASE("more images than the arena has rows") {
  const auto blob = small_blob();
  Vae<SmallShape, Integer> vae;
  REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
  check_all(vae, 0, Status::kOk);
  check_all(vae, 2, Status::kOk);
  check_all(vae, 3, Status::kBatchTooLarge);
  check_all(vae, static_cast<std::size_t>(-1), Status::kBatchTooLarge);
}

TEST_CASE("half a model") {
  const auto whole = small_blob();
  const auto decoder = small_blob(kDecoderPart);
  const auto encoder = small_blob(kEncoderPart);
  CHECK(decoder.bytes().size() < whole.bytes().size());

  Vae<SmallShape, Integer> vae, complete;
  REQUIRE(complete.open(whole.bytes(), kScalarKernels) == Status::kOk);
  REQUIRE(vae.open(decoder.bytes(), kScalarKernels) == Status::kOk);
  const Answers<SmallShape, Integer> of_decoder(vae, 1);
  CHECK(of_decoder.encode == Status::kNoEncoder);
  CHECK(of_decoder.decode == Status::kOk);
  CHECK(of_decoder.decode_logits == Status::kOk);
  CHECK(of_decoder.generate == Status::kOk);
  CHECK(of_decoder.reconstruct == Status::kNoEncoder);

  std::uint8_t pixels[2][SmallShape::kPixels];
  DecoderArena<SmallShape, Integer> arena;
  REQUIRE(vae.generate(5, 6, pixels[0], arena) == Status::kOk);
  REQUIRE(complete.generate(5, 6, pixels[1], arena) == Status::kOk);
  CHECK(std::equal(pixels[0], pixels[0] + SmallShape::kPixels, pixels[1]));

  REQUIRE(vae.open(encoder.bytes(), kScalarKernels) == Status::kOk);
  const Answers<SmallShape, Integer> of_encoder(vae, 1);
  CHECK(of_encoder.encode == Status::kOk);
  CHECK(of_encoder.decode == Status::kNoDecoder);
  CHECK(of_encoder.decode_logits == Status::kNoDecoder);
  CHECK(of_encoder.generate == Status::kNoDecoder);
  CHECK(of_encoder.reconstruct == Status::kNoDecoder);
}

TEST_CASE("models that a Vae cannot run") {
  const auto s8 = small_blob();
  const auto f32 = tools::pack_float(tests::random_network(SmallShape::kDimensions, 3));
  Vae<SmallShape, Integer> integer;
  Vae<SmallShape, Float> real;
  CHECK(integer.open(f32.bytes(), kScalarKernels) == Status::kWrongType);
  CHECK(real.open(s8.bytes(), kScalarKernels) == Status::kWrongType);
  CHECK_FALSE(integer.is_open());
  CHECK_FALSE(real.is_open());

  Vae<Shape<20, 7, 6, 4>, Integer> other;
  CHECK(other.open(s8.bytes(), kScalarKernels) == Status::kWrongShape);
  CHECK(other.view().header == nullptr);
  CHECK_FALSE(other.is_open());

  Kernels without_s8 = kScalarKernels;
  without_s8.s8 = nullptr;
  CHECK(integer.open(s8.bytes(), without_s8) == Status::kUnsupportedKernel);
  CHECK(real.open(f32.bytes(), without_s8) == Status::kOk);
  Kernels without_f32 = kScalarKernels;
  without_f32.f32 = nullptr;
  CHECK(integer.open(s8.bytes(), without_f32) == Status::kOk);
  CHECK(real.open(f32.bytes(), without_f32) == Status::kUnsupportedKernel);
  CHECK_FALSE(real.is_open());

  // A board's layout on a host's kernels, and the reverse. f32 has but one layout.
  CHECK(integer.open(small_blob(kBothParts, Layout::kMve).bytes(), kScalarKernels) ==
        Status::kUnsupportedKernel);
  const auto cortex_m = small_blob(kBothParts, Layout::kCortexM);
  Kernels of_board = kScalarKernels;
  of_board.layout = Layout::kCortexM;
  CHECK(integer.open(cortex_m.bytes(), kScalarKernels) == Status::kUnsupportedKernel);
  CHECK(integer.open(cortex_m.bytes(), of_board) == Status::kOk);
  CHECK(integer.open(s8.bytes(), of_board) == Status::kUnsupportedKernel);
  CHECK_FALSE(integer.is_open());
  CHECK(real.open(f32.bytes(), of_board) == Status::kOk);
}
