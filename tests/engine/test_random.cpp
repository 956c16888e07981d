#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <tuple>
#include <vector>

#include "picovae/crc32c.hpp"
#include "picovae/random.hpp"

using namespace picovae;

namespace {

constexpr int kLargest = 4428;
constexpr double kUnit = 1024;  // Q3.10

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

// How often each value was drawn.
class Histogram {
 public:
  void add(std::int16_t value) {
    ++count_;
    if (std::abs(value) > kLargest) {
      ++outside_;
    } else {
      ++counts_[static_cast<std::size_t>(value + kLargest)];
    }
  }

  std::size_t outside() const { return outside_; }
  int largest() const {
    int value = kLargest;
    while (at(value) + at(-value) == 0) --value;
    return value;
  }

  // Mean of ((x - center) / 1024)^power.
  double moment(int power, double center = 0) const {
    double sum = 0;
    for (int value = -kLargest; value <= kLargest; ++value) {
      sum += static_cast<double>(at(value)) * std::pow(value / kUnit - center, power);
    }
    return sum / static_cast<double>(count_);
  }

  // Kolmogorov and Smirnov's distance to the normal distribution: the largest difference of the two
  // distribution functions, just before and at every value.
  double distance() const {
    double worst = 0;
    std::size_t below = 0;
    for (int value = -kLargest; value <= kLargest; ++value) {
      const double cdf = normal_cdf(value / kUnit);
      worst =
          std::max(worst, std::abs(static_cast<double>(below) / static_cast<double>(count_) - cdf));
      below += at(value);
      worst =
          std::max(worst, std::abs(static_cast<double>(below) / static_cast<double>(count_) - cdf));
    }
    return worst;
  }

 private:
  std::size_t at(int value) const { return counts_[static_cast<std::size_t>(value + kLargest)]; }

  std::array<std::size_t, 2 * kLargest + 1> counts_{};
  std::size_t count_ = 0;
  std::size_t outside_ = 0;
};

std::vector<std::int16_t> draw(std::uint64_t seed, Purpose purpose, std::uint32_t epoch,
                               std::uint32_t item, std::size_t count) {
  std::vector<std::int16_t> values(count);
  normals(seed, purpose, epoch, item, values.data(), count);
  return values;
}

}  // namespace

TEST_CASE("Philox4x32-10 gives the published vectors") {
  CHECK(philox4x32({0, 0, 0, 0}, 0) == PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, 0xffffffffffffffff) ==
        PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  // Digits of pi.
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, 0x299f31d0a4093822) ==
        PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE(
    "words stand where the format says: counter (index / 4, item, epoch, purpose), key seed") {
  std::array<std::uint32_t, 11> words{};
  uniforms(0x0123456789abcdef, Purpose::kTraining, 5, 7, words.data(), words.size());
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto block = philox4x32({static_cast<std::uint32_t>(i / 4), 7, 5, 2}, 0x0123456789abcdef);
    CHECK(words[i] == block[i % 4]);
  }
  // Numbers of purposes are part of the format.
  CHECK(static_cast<int>(Purpose::kPrior) == 0);
  CHECK(static_cast<int>(Purpose::kPosterior) == 1);
  CHECK(static_cast<int>(Purpose::kTraining) == 2);
  CHECK(static_cast<int>(Purpose::kShuffle) == 3);
  CHECK(static_cast<int>(Purpose::kInitialize) == 4);
  CHECK(static_cast<int>(Purpose::kBinarize) == 5);
  CHECK(static_cast<int>(Purpose::kUserDefined) == 16);
}

TEST_CASE("a shorter draw is the beginning of a longer one, and writes no further") {
  constexpr std::size_t kMost = 53;
  const auto longest = draw(3, Purpose::kPrior, 1, 9, kMost);
  std::array<std::uint32_t, kMost> longest_words{};
  uniforms(3, Purpose::kPrior, 1, 9, longest_words.data(), kMost);
  for (std::size_t i = 0; i < kMost; ++i) CHECK(longest[i] == normal_from_bits(longest_words[i]));

  for (std::size_t count = 0; count < kMost; ++count) {
    CAPTURE(count);
    std::vector<std::int16_t> values(kMost, 12345);  // no normal is that large
    normals(3, Purpose::kPrior, 1, 9, values.data(), count);
    const auto end = values.begin() + static_cast<std::ptrdiff_t>(count);
    CHECK(std::equal(values.begin(), end, longest.begin()));
    CHECK(std::all_of(end, values.end(), [](std::int16_t v) { return v == 12345; }));

    std::vector<std::uint32_t> words(kMost, 0);
    uniforms(3, Purpose::kPrior, 1, 9, words.data(), count);
    const auto words_end = words.begin() + static_cast<std::ptrdiff_t>(count);
    CHECK(std::equal(words.begin(), words_end, longest_words.begin()));
    CHECK(std::all_of(words_end, words.end(), [](std::uint32_t v) { return v == 0; }));
  }
}

TEST_CASE(
    "every normal is part of the contract: these are the codes of a thousand digits of seed 1") {
  const std::vector<std::int16_t> first = {-285, -274, -1400, -821, -969, -328, 62, -1035};
  CHECK(draw(1, Purpose::kPrior, 0, 0, first.size()) == first);
  std::uint32_t crc = 0;
  for (std::uint32_t digit = 0; digit < 1000; ++digit) {
    const auto code = draw(1, Purpose::kPrior, 0, digit, 50);
    crc = crc32c(std::as_bytes(std::span(code)), crc);
  }
  CHECK(crc == 0x1bd400ce);  // from another program that follows FORMAT.md
}

TEST_CASE("rare normals are part of the contract, too: 4,096 words of each octave") {
  std::uint32_t crc = 0;
  for (std::uint64_t place = 0; place < 4096; ++place) {
    for (int leading = 30; leading >= 15; --leading) {
      const auto tail = static_cast<std::uint32_t>((4096 + place) << leading >> 12);
      const std::array<std::int16_t, 2> both = {normal_from_bits(tail),
                                                normal_from_bits(tail | 0x80000000u)};
      crc = crc32c(std::as_bytes(std::span(both)), crc);
    }
  }
  CHECK(crc == 0x496bc993);  // as above
}

TEST_CASE("seed, purpose, epoch and item each lead to other numbers") {
  using Key = std::tuple<std::uint64_t, Purpose, std::uint32_t, std::uint32_t>;
  std::vector<std::vector<std::int16_t>> draws;
  for (const auto& [seed, purpose, epoch, item] : {
           Key{1, Purpose::kPrior, 0, 0},
           Key{2, Purpose::kPrior, 0, 0},
           Key{1 + (std::uint64_t{1} << 32), Purpose::kPrior, 0, 0},
           Key{1 + (std::uint64_t{1} << 63), Purpose::kPrior, 0, 0},
           Key{1, Purpose::kPosterior, 0, 0},
           Key{1, Purpose::kUserDefined, 0, 0},
           Key{1, Purpose::kPrior, 1, 0},
           Key{1, Purpose::kPrior, 0, 1},
           Key{1, Purpose::kPrior, 0, 0x80000000},
           Key{1, Purpose::kPrior, 0x80000000, 0},
       }) {
    draws.push_back(draw(seed, purpose, epoch, item, 50));
    CHECK(draws.back() == draw(seed, purpose, epoch, item, 50));
  }
  for (std::size_t i = 0; i < draws.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      int equal = 0;
      for (std::size_t k = 0; k < 50; ++k) equal += draws[i][k] == draws[j][k] ? 1 : 0;
      CAPTURE(i);
      CAPTURE(j);
      CHECK(equal < 3);
    }
  }
}

TEST_CASE("a million normals are normal") {
  for (const std::uint64_t seed : {1ull, 7ull, 0xfeedfacecafebeefull}) {
    CAPTURE(seed);
    Histogram histogram;
    for (std::uint32_t digit = 0; digit < 20'000; ++digit) {
      for (const std::int16_t value : draw(seed, Purpose::kPrior, 0, digit, 50))
        histogram.add(value);
    }
    const double mean = histogram.moment(1);
    const double deviation = std::sqrt(histogram.moment(2, mean));
    const double skewness = histogram.moment(3, mean) / std::pow(deviation, 3);
    const double kurtosis = histogram.moment(4, mean) / std::pow(deviation, 4);
    CHECK(histogram.outside() == 0);
    CHECK(histogram.largest() > 4300);
    // Three to four standard errors at 10^6 draws.
    CHECK(std::abs(mean) < 0.0035);
    CHECK(deviation * deviation == doctest::Approx(1).epsilon(0.005));
    CHECK(std::abs(skewness) < 0.008);
    CHECK(std::abs(kurtosis - 3) < 0.016);
    CHECK(histogram.distance() < 0.00136);  // the 5 % level of Kolmogorov and Smirnov's test
  }
}

TEST_CASE("the table itself: words at equal distances leave out the luck of drawing") {
  Histogram histogram;
  constexpr std::uint32_t kCount = 1 << 22;
  for (std::uint32_t i = 0; i < kCount; ++i) histogram.add(normal_from_bits((i << 10) + (1 << 9)));
  CHECK(histogram.outside() == 0);
  CHECK(histogram.moment(1) == doctest::Approx(0).epsilon(1e-9));
  CHECK(std::abs(histogram.moment(2) - 1) < 0.0001);
  CHECK(std::abs(histogram.moment(4) / std::pow(histogram.moment(2), 2) - 3) < 0.002);
  CHECK(histogram.distance() < 0.0004);  // a step of Q3.10 at 0 alone is 0.0004 / 2
}

TEST_CASE("a normal grows as its tail shrinks, in steps of one, up to 4428") {
  // The bits that matter: 3 of the interval and 15 of the fraction in each of 16 octaves.
  int previous = 0;
  std::size_t wrong = 0;
  for (int octave = 0; octave < 16; ++octave) {
    for (std::uint32_t bits = 1 << 18; bits-- > 0;) {
      const std::uint32_t leading = 1u << (30 - octave);
      const std::uint32_t low = octave <= 12 ? bits << (12 - octave) : bits >> (octave - 12);
      const int value = normal_from_bits(leading + low);
      if (value < previous || value > previous + 1) ++wrong;
      previous = value;
    }
  }
  CHECK(wrong == 0);
  CHECK(previous == kLargest);
  CHECK(normal_from_bits(0) == kLargest);
  CHECK(normal_from_bits(0x7fff) == kLargest);
  CHECK(normal_from_bits(0x7fffffff) == 0);
}

TEST_CASE("the highest bit is the sign") {
  std::size_t wrong = 0;
  for (std::uint32_t tail = 0; tail < 0x80000000u - 997; tail += 997) {
    const int value = normal_from_bits(tail);
    if (value < 0 || normal_from_bits(tail | 0x80000000u) != -value) ++wrong;
  }
  CHECK(wrong == 0);
  CHECK(normal_from_bits(0x80000000u) == -kLargest);
}
