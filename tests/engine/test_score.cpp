#include "picovae/score.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "picovae/crc32c.hpp"
#include "picovae/latent.hpp"
#include "picovae/vae.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tools/base/file.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/pack.hpp"

using namespace picovae;

namespace {

constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;

// The same in double precision, from what the model's other functions give.
struct Reference {
  double reconstruction = 0, kl = 0, entropy = 0, squares = 0;
};

double entropy_of(double p) {
  return p <= 0 || p >= 1 ? 0 : -p * std::log(p) - (1 - p) * std::log1p(-p);
}

template <typename S>
Reference reference(const Vae<S, Integer>& vae, const std::uint8_t* x) {
  const auto arena = std::make_unique<Arena<S, Integer>>();
  std::int16_t mu[S::kLatent], logvar[S::kLatent], z[S::kLatent], logits[S::kPixels];
  std::uint8_t pixels[S::kPixels];
  REQUIRE(vae.encode(x, mu, logvar, arena->encoder) == Status::kOk);
  Reference score;
  for (std::size_t i = 0; i < S::kLatent; ++i) {
    const double m = mu[i] / 4096.0, l = std::clamp(logvar[i] / 1024.0, -12.0, 4.0);
    score.kl += 0.5 * (m * m + std::exp(l) - 1 - logvar[i] / 1024.0);
    z[i] = LatentMath<Integer>::from_mu(mu[i]);
  }
  REQUIRE(vae.decode_logits(z, logits, arena->decoder) == Status::kOk);
  REQUIRE(vae.decode(z, pixels, arena->decoder) == Status::kOk);
  for (std::size_t i = 0; i < S::kPixels; ++i) {
    const double l = logits[i] / 128.0, p = x[i] / 255.0;
    score.reconstruction += std::max(l, 0.0) + std::log1p(std::exp(-std::abs(l))) - p * l;
    score.entropy += entropy_of(p);
    score.squares += (x[i] - pixels[i]) * (x[i] - pixels[i]);
  }
  return score;
}

template <typename S>
tools::BlobBytes random_blob() {
  return tools::pack_s8(tests::random_quantized_network(S::kDimensions, 3), Layout::kHost,
                        kBothParts, {});
}

std::vector<std::uint8_t> random_images(std::size_t count, std::size_t pixels) {
  tests::Dice dice(8);
  std::vector<std::uint8_t> images(count * pixels);
  for (auto& pixel : images) pixel = static_cast<std::uint8_t>(dice.between(0, 255));
  return images;
}

// Every kernel gives the scores of one kernel and one image at a time, near those in double.
template <typename S>
void check_scores() {
  constexpr std::size_t kBatch = 5;
  const auto blob = random_blob<S>();
  const auto images = random_images(kBatch, S::kPixels);
  Vae<S, Integer> scalar;
  REQUIRE(scalar.open(blob.bytes(), kScalarKernels) == Status::kOk);
  const auto one = std::make_unique<Arena<S, Integer>>();
  const auto many = std::make_unique<Arena<S, Integer, kBatch>>();
  Score wanted[kBatch];
  for (std::size_t i = 0; i < kBatch; ++i) {
    const std::uint8_t* x = images.data() + i * S::kPixels;
    REQUIRE(scalar.score(x, &wanted[i], *one) == Status::kOk);
    const Reference exact = reference(scalar, x);
    // Of each pixel's and each latent's rounding.
    CHECK(std::abs(wanted[i].reconstruction / 256.0 - exact.reconstruction) < 0.004 * S::kPixels);
    CHECK(std::abs(wanted[i].entropy / 256.0 - exact.entropy) < 0.01 + 0.0001 * S::kPixels);
    CHECK(std::abs(wanted[i].kl / 256.0 - exact.kl) <
          0.01 + 0.0001 * exact.kl + 0.0001 * S::kLatent);
    CHECK(wanted[i].squares == exact.squares);
  }
  for (const Kernels* kernels : tests::runnable_kernels()) {
    CAPTURE(std::string(kernels->name));
    Vae<S, Integer> vae;
    REQUIRE(vae.open(blob.bytes(), *kernels) == Status::kOk);
    for (std::size_t count = 0; count <= kBatch; ++count) {
      Score scores[kBatch + 1]{};
      REQUIRE(vae.score(images.data(), scores, *many, count) == Status::kOk);
      CHECK(std::equal(scores, scores + count, wanted));
      CHECK(scores[count] == Score{});
    }
    Score score{};
    CHECK(vae.score(images.data(), &score, *many, kBatch + 1) == Status::kBatchTooLarge);
  }
}

Vae<MnistShape, Integer> shipped() {
  static const auto file = tools::read_file(PICOVAE_MODEL_FILE, 1 << 24);
  static const tools::BlobBytes blob{std::span(file)};
  Vae<MnistShape, Integer> vae;
  REQUIRE(vae.open(blob.bytes(), select_kernels()) == Status::kOk);
  return vae;
}

}  // namespace

TEST_CASE("scores are equal on every kernel and in every batch, and near double precision") {
  check_scores<Shape<20, 7, 6, 3>>();
  check_scores<Shape<15, 7, 5, 3>>();
  check_scores<Shape<300, 5, 3, 2>>();  // logits in pieces of a small arena
  check_scores<Shape<449, 64, 33, 40>>();
  check_scores<MnistShape>();
}

TEST_CASE("the scores of 1,000 digits of the model that ships, in the mean within 0.02 nats") {
  const auto vae = shipped();
  const auto arena = std::make_unique<Arena<MnistShape, Integer>>();
  std::uint32_t crc = 0;
  Reference error;
  constexpr int kDigits = 1000;
  for (std::uint32_t digit = 0; digit < kDigits; ++digit) {
    std::uint8_t x[MnistShape::kPixels];
    REQUIRE(vae.generate(1, digit, x, arena->decoder) == Status::kOk);
    Score score{};
    REQUIRE(vae.score(x, &score, *arena) == Status::kOk);
    crc = crc32c(std::as_bytes(std::span(&score, 1)), crc);
    const Reference exact = reference(vae, x);
    error.reconstruction += (score.reconstruction / 256.0 - exact.reconstruction) / kDigits;
    error.kl += (score.kl / 256.0 - exact.kl) / kDigits;
    error.entropy += (score.entropy / 256.0 - exact.entropy) / kDigits;
    CHECK(score.squares == exact.squares);
  }
  MESSAGE("reconstruction " << error.reconstruction << ", KL " << error.kl << ", entropy "
                            << error.entropy);
  CHECK(crc == vae.view().header->signature_scores);
  CHECK(std::abs(error.reconstruction) < 0.02);
  CHECK(std::abs(error.kl) < 0.002);
  CHECK(std::abs(error.entropy) < 0.001);
}

TEST_CASE("images of a constant and of noise are far from normal, and digits are not") {
  const auto vae = shipped();
  const auto arena = std::make_unique<Arena<MnistShape, Integer>>();
  const auto score_of = [&](const std::vector<std::uint8_t>& x) {
    Score score{};
    REQUIRE(vae.score(x.data(), &score, *arena) == Status::kOk);
    return score;
  };
  std::vector<std::uint8_t> digit(MnistShape::kPixels);
  REQUIRE(vae.generate(1, 0, digit.data(), arena->decoder) == Status::kOk);
  const Score normal = score_of(digit);
  for (const int gray : {255, 128}) {
    const Score score = score_of(std::vector<std::uint8_t>(784, static_cast<std::uint8_t>(gray)));
    CHECK(score.neg_elbo() > 3 * normal.neg_elbo());
    CHECK(score.excess() > 3 * normal.excess());
  }
  const Score noise = score_of(random_images(1, 784));
  CHECK(noise.neg_elbo() > 3 * normal.neg_elbo());
  CHECK(noise.squares > 3 * normal.squares);
  const Score black = score_of(std::vector<std::uint8_t>(784));
  CHECK(black.entropy == 0);
}

TEST_CASE("sums at their limits") {
  // All that arithmetic can meet: the largest logits of either sign against black and white.
  std::vector<std::uint8_t> white(detail::kScoreColumns, 255);
  const std::vector<std::int16_t> highest(detail::kScoreColumns, 32767);
  const std::vector<std::int16_t> lowest(detail::kScoreColumns, -32768);
  const std::vector<std::uint8_t> black(detail::kScoreColumns);
  detail::PixelSums sums, wrong;
  for (int part = 0; part < 4096 / 224; ++part) {
    detail::add_pixels(white.data(), highest.data(), white.size(), sums);
    detail::add_pixels(black.data(), lowest.data(), black.size(), sums);
    detail::add_pixels(white.data(), lowest.data(), white.size(), wrong);
  }
  const Score right = detail::score_of(sums, 0);
  CHECK(right.reconstruction <= 1);
  CHECK(right.entropy == 0);
  CHECK(right.squares == 0);
  const double nats = 18 * 224 * 256.0;
  CHECK(detail::score_of(wrong, 5).reconstruction / 256.0 == doctest::Approx(nats).epsilon(1e-5));
  CHECK(detail::score_of(wrong, 5).squares == 18u * 224 * 255 * 255);
  CHECK(detail::score_of(wrong, 5).kl == 5);
  // Rounding may leave less than nothing.
  CHECK(detail::score_of({.pixel_logit = 255}, 0).reconstruction == 0);
  CHECK(detail::score_of({.softplus = 1}, 0).reconstruction == 1);
  CHECK(detail::score_of({}, 0).reconstruction == 0);

  const std::vector<std::int16_t> zero(2048);
  CHECK(detail::kl_of(zero.data(), zero.data(), 2048) == 0);
  const std::vector<std::int16_t> far(2048, -32768);
  const double each = 0.5 * (64 + std::exp(-12.0) - 1 + 32);
  CHECK(detail::kl_of(far.data(), far.data(), 2048) / 256.0 ==
        doctest::Approx(2048 * each).epsilon(1e-4));
}

TEST_CASE(
    "the divergence takes the variance of log-variances from -12 to 4, and is linear beyond") {
  constexpr std::size_t kLatents = 1 << 18;  // one more in Q.24 of each is two units of the sum
  const std::vector<std::int16_t> zero(kLatents);
  const auto kl = [&](int logvar) {
    const std::vector<std::int16_t> all(kLatents, static_cast<std::int16_t>(logvar));
    return std::int64_t{detail::kl_of(zero.data(), all.data(), kLatents)};
  };
  constexpr std::int64_t kStep = kLatents >> 3;  // of the sum, for a step of all log-variances
  for (const int low : {-12289, -12300, -13 * 1024, -32768}) {
    CHECK(kl(low) - kl(-12288) == (-12288 - low) * kStep);
  }
  for (const int high : {4097, 4100, 5 * 1024, 32767}) {
    CHECK(kl(4096) - kl(high) == (high - 4096) * kStep);
  }
  CHECK(kl(-12288 + 64) - kl(-12288) > -64 * kStep);
  CHECK(kl(4096) - kl(4096 - 64) > -64 * kStep);
}

TEST_CASE(
    "a score wants both halves, an open model and an aligned arena, and else writes nothing") {
  using S = Shape<20, 7, 6, 3>;
  const auto network = tests::random_quantized_network(S::kDimensions, 3);
  const std::vector<std::uint8_t> x(S::kPixels, 9);
  Arena<S, Integer> arena;
  Score score{1, 2, 3, 4};
  Vae<S, Integer> vae;
  CHECK(vae.score(x.data(), &score, arena) == Status::kNotOpen);
  for (const std::uint8_t part : {kEncoderPart, kDecoderPart}) {
    const auto blob = tools::pack_s8(network, Layout::kHost, part, {});
    REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
    CHECK(vae.score(x.data(), &score, arena) ==
          (part == kEncoderPart ? Status::kNoDecoder : Status::kNoEncoder));
  }
  const auto blob = random_blob<S>();
  DynamicVae<Integer> dynamic;
  REQUIRE(dynamic.open(blob.bytes(), kScalarKernels) == Status::kOk);
  for (std::size_t offset = 1; offset < kArenaAlignment; ++offset) {
    alignas(kArenaAlignment) std::byte memory[sizeof(arena) + kArenaAlignment];
    CHECK(dynamic.score(x.data(), &score, {memory + offset, 1}) == Status::kMisalignedArena);
  }
  CHECK(score == Score{1, 2, 3, 4});
}

TEST_CASE("scores are equal if each of their sums is") {
  const Score score{1, 2, 3, 4};
  CHECK(score == Score{1, 2, 3, 4});
  CHECK_FALSE(score == Score{0, 2, 3, 4});
  CHECK_FALSE(score == Score{1, 0, 3, 4});
  CHECK_FALSE(score == Score{1, 2, 0, 4});
  CHECK_FALSE(score == Score{1, 2, 3, 0});
}
