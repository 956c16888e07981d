// Class priors: what is drawn, against the arithmetic of FORMAT.md done plainly, and what is
// refused.
#include "picovae/classes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "picovae/random.hpp"
#include "picovae/vae.hpp"
#include "tests/engine/edited_blob.hpp"
#include "tests/engine/packed_layer.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/format/pack.hpp"

using namespace picovae;
using tests::EditedBlob;

namespace {

using SmallShape = Shape<20, 7, 6, 5>;
constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;
constexpr std::uint64_t kSeed = 0x123456789;

tools::QuantizedNetwork small_network() {
  auto network = tests::random_quantized_network(SmallShape::kDimensions, 3);
  network.classes = tests::random_class_section(SmallShape::kLatent, 2, {0, 3, 200}, 4);
  return network;
}

tools::BlobBytes small_blob(std::uint8_t parts = kBothParts) {
  return tools::pack_s8(small_network(), Layout::kHost, parts, {});
}

ClassHeader& header_of(EditedBlob& edited) {
  return *edited.contents<ClassHeader>(SectionKind::kClasses, kDecoder0);
}

// The section apart, as numbers that cannot overflow.
struct PlainClasses {
  int shift;
  std::vector<std::size_t> unit;
  std::vector<std::int64_t> mean, label, factor;

  explicit PlainClasses(const std::vector<std::byte>& section) {
    std::size_t at = 0;
    const auto take = [&]<typename T>(T) {
      T value;
      std::memcpy(&value, section.data() + at, sizeof value);
      at += sizeof value;
      return value;
    };
    const std::size_t classes = take(std::uint8_t{});
    shift = take(std::uint8_t{});
    const std::size_t units = take(std::uint16_t{});
    take(std::uint32_t{});
    for (std::size_t i = 0; i < units; ++i) unit.push_back(take(std::uint16_t{}));
    for (std::size_t i = 0; i < classes * units; ++i) mean.push_back(take(std::int16_t{}));
    for (std::size_t i = 0; i < classes; ++i) label.push_back(take(std::uint8_t{}));
    while (at < section.size()) factor.push_back(take(std::int8_t{}));
  }

  std::vector<std::int16_t> draw(std::size_t index, std::uint64_t seed, std::uint32_t number,
                                 std::size_t latent) const {
    std::vector<std::int16_t> eps(latent);
    normals(seed, Purpose::kClass, static_cast<std::uint32_t>(label[index]), number, eps.data(),
            latent);
    std::vector<std::int64_t> z(eps.begin(), eps.end());
    const std::size_t units = unit.size();
    for (std::size_t r = 0; r < units; ++r) {
      std::int64_t sum = std::int64_t{1} << (shift - 1);
      for (std::size_t c = 0; c <= r; ++c) {
        sum += factor[index * (units * (units + 1) / 2) + r * (r + 1) / 2 + c] * eps[unit[c]];
      }
      z[unit[r]] = mean[index * units + r] + (sum >> shift);
    }
    std::vector<std::int16_t> clamped;
    for (const std::int64_t v : z) {
      clamped.push_back(static_cast<std::int16_t>(std::clamp<std::int64_t>(v, -8191, 8191)));
    }
    return clamped;
  }
};

}  // namespace

TEST_CASE("latents are those of FORMAT.md") {
  for (const std::size_t step : {1u, 2u, 4u}) {
    auto network = small_network();
    network.classes = tests::random_class_section(SmallShape::kLatent, step, {0, 3, 200}, 4);
    const auto blob = tools::pack_s8(network, Layout::kHost, kBothParts, {});
    const PlainClasses plain(network.classes);
    BlobView view;
    REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
    ClassPriors priors;
    REQUIRE(find_classes(view, priors) == Status::kOk);
    int clamped = 0;
    for (std::size_t index = 0; index < 3; ++index) {
      for (std::uint32_t number = 0; number < 100; ++number) {
        const auto label = static_cast<std::uint8_t>(plain.label[index]);
        std::vector<std::int16_t> z(SmallShape::kLatent);
        REQUIRE(draw_class(priors, label, kSeed, number, z.data(), z.size()) == Status::kOk);
        CHECK(z == plain.draw(index, kSeed, number, SmallShape::kLatent));
        clamped += std::count(z.begin(), z.end(), 8191) > 0;
      }
    }
    CHECK(clamped > 0);
  }
}

TEST_CASE("the largest section there can be cannot overflow") {
  // 2048 latents, all of them units, of extreme factors: sanitizers look on.
  constexpr std::size_t kUnits = 2048;
  for (const int factor : {-128, 127}) {
    auto section = tests::random_class_section(kUnits, 1, {9}, 5);
    auto* header = reinterpret_cast<ClassHeader*>(section.data());
    header->shift = 1;
    const auto* unit = reinterpret_cast<const std::uint16_t*>(header + 1);
    const auto* mean = reinterpret_cast<const std::int16_t*>(unit + kUnits);
    const auto* label = reinterpret_cast<const std::uint8_t*>(mean + kUnits);
    std::byte* factors = section.data() + section.size() - kUnits * (kUnits + 1) / 2;
    std::fill(factors, section.data() + section.size(), static_cast<std::byte>(factor));
    const ClassPriors priors{header, unit, mean, label,
                             reinterpret_cast<const std::int8_t*>(factors)};
    std::vector<std::int16_t> z(kUnits);
    REQUIRE(draw_class(priors, 9, 1, 0, z.data(), z.size()) == Status::kOk);
    CHECK(z == PlainClasses(section).draw(0, 1, 0, kUnits));
  }
}

TEST_CASE("a class digit is its latents decoded, on every ISA, one or many at a time") {
  const auto network = small_network();
  const auto blob = tools::pack_s8(network, Layout::kHost, kBothParts, {});
  const PlainClasses plain(network.classes);
  std::set<std::vector<std::uint8_t>> all;
  for (const Kernels* kernels : tests::runnable_kernels()) {
    CAPTURE(std::string(kernels->name));
    Vae<SmallShape, Integer> vae;
    REQUIRE(vae.open(blob.bytes(), *kernels) == Status::kOk);
    constexpr std::size_t kMany = 7;
    DecoderArena<SmallShape, Integer, kMany> arena;
    std::vector<std::uint8_t> many(kMany * SmallShape::kPixels), one(SmallShape::kPixels);
    REQUIRE(vae.generate_class(kSeed, 3, 10, many.data(), arena, kMany) == Status::kOk);
    for (std::size_t i = 0; i < kMany; ++i) {
      const auto z = plain.draw(1, kSeed, static_cast<std::uint32_t>(10 + i), SmallShape::kLatent);
      REQUIRE(vae.decode(z.data(), one.data(), arena) == Status::kOk);
      const auto* row = many.data() + i * SmallShape::kPixels;
      CHECK(std::vector(row, row + SmallShape::kPixels) == one);
    }
    all.insert(many);
  }
  CHECK(all.size() == 1);
}

TEST_CASE("a float model draws the same latents") {
  const auto section = tests::random_class_section(SmallShape::kLatent, 2, {0, 3, 200}, 4);
  const PlainClasses plain(section);
  auto network = tests::random_network(SmallShape::kDimensions, 8);
  network.classes.labels = {0, 3, 200};
  network.classes.units = {0, 2, 4};
  for (const auto m : plain.mean) network.classes.mean.push_back(static_cast<float>(m) / 1024);
  std::size_t next = 0;
  for (std::size_t i = 0; i < 27; ++i) {  // [3][3][3], lower triangles
    const bool kept = i % 3 <= i / 3 % 3;
    network.classes.factor.push_back(kept ? static_cast<float>(plain.factor[next++]) / 64 : 0);
  }
  // 127 at most: -128 is legal, but nobody makes it.
  for (auto& f : network.classes.factor) f = std::max(f, -127.0F / 64);
  const auto blob = tools::pack_float(network);
  Vae<SmallShape, Float> vae;
  REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
  ClassPriors priors;
  REQUIRE(find_classes(vae.view(), priors) == Status::kOk);
  CHECK(priors.header->shift == 6);  // the finest that holds 127 / 64
  CHECK(std::equal(plain.mean.begin(), plain.mean.end(), priors.mean));

  DecoderArena<SmallShape, Float> arena;
  std::vector<float> drawn(SmallShape::kPixels), decoded(SmallShape::kPixels);
  std::vector<std::int16_t> z(SmallShape::kLatent);
  std::vector<float> real;
  REQUIRE(draw_class(priors, 200, kSeed, 5, z.data(), z.size()) == Status::kOk);
  for (const std::int16_t v : z) real.push_back(static_cast<float>(v) / 1024);
  REQUIRE(vae.generate_class(kSeed, 200, 5, drawn.data(), arena) == Status::kOk);
  REQUIRE(vae.decode(real.data(), decoded.data(), arena) == Status::kOk);
  CHECK(drawn == decoded);
}

TEST_CASE("what there is not") {
  std::vector<std::uint8_t> pixels(2 * SmallShape::kPixels, 0xa5);
  DecoderArena<SmallShape, Integer> arena;
  Vae<SmallShape, Integer> vae;
  CHECK(vae.classes().empty());
  CHECK(vae.generate_class(1, 3, 0, pixels.data(), arena) == Status::kNotOpen);

  const auto with = small_blob();
  REQUIRE(vae.open(with.bytes(), kScalarKernels) == Status::kOk);
  CHECK(std::vector<int>(vae.classes().begin(), vae.classes().end()) ==
        std::vector<int>{0, 3, 200});
  CHECK(vae.generate_class(1, 4, 0, pixels.data(), arena) == Status::kNoSuchClass);
  CHECK(vae.generate_class(1, 3, 0, pixels.data(), arena, 2) == Status::kBatchTooLarge);

  auto network = small_network();
  network.classes.clear();
  const auto without = tools::pack_s8(network, Layout::kHost, kBothParts, {});
  REQUIRE(vae.open(without.bytes(), kScalarKernels) == Status::kOk);
  CHECK(vae.classes().empty());
  CHECK(vae.generate_class(1, 3, 0, pixels.data(), arena) == Status::kNoClasses);

  const auto encoder = small_blob(kEncoderPart);
  REQUIRE(vae.open(encoder.bytes(), kScalarKernels) == Status::kOk);
  CHECK(vae.classes().empty());
  CHECK(vae.generate_class(1, 3, 0, pixels.data(), arena) == Status::kNoDecoder);
  CHECK(std::count(pixels.begin(), pixels.end(), 0xa5) == 2 * 20);  // nothing was written
}

TEST_CASE("classes change neither the model id nor what is drawn without them") {
  auto network = small_network();
  const auto with = tools::pack_s8(network, Layout::kHost, kBothParts, {});
  network.classes.clear();
  const auto without = tools::pack_s8(network, Layout::kHost, kBothParts, {});
  CHECK(with.header().model_id == without.header().model_id);
  CHECK(with.header().version == without.header().version);
}

TEST_CASE("a section that is not as FORMAT.md says is refused") {
  const auto blob = small_blob();
  const auto after = [&](auto&& damage) {
    EditedBlob edited(blob);
    damage(edited);
    return edited.seal().open();
  };
  CHECK(after([](EditedBlob&) {}) == Status::kOk);
  const auto change = [&](auto&& damage) {
    return after([&](EditedBlob& p) { damage(header_of(p)); });
  };
  CHECK(change([](ClassHeader& h) { h.classes = 0; }) == Status::kBadClasses);
  for (const int classes : {1, 2, 64}) {
    CHECK(change([&](ClassHeader& h) { h.classes = static_cast<std::uint8_t>(classes); }) ==
          Status::kBadSectionSize);
  }
  CHECK(change([](ClassHeader& h) { h.classes = 65; }) == Status::kBadClasses);
  CHECK(change([](ClassHeader& h) { h.shift = 0; }) == Status::kBadClasses);
  CHECK(change([](ClassHeader& h) { h.shift = 16; }) == Status::kBadClasses);
  CHECK(change([](ClassHeader& h) { h.shift = 1; }) == Status::kOk);
  CHECK(change([](ClassHeader& h) { h.shift = 15; }) == Status::kOk);
  CHECK(change([](ClassHeader& h) { h.units = 0; }) == Status::kBadClasses);
  CHECK(change([](ClassHeader& h) { h.units = 1; }) == Status::kBadSectionSize);
  CHECK(change([](ClassHeader& h) { h.units = 4; }) == Status::kBadSectionSize);
  CHECK(change([](ClassHeader& h) { h.units = 0xffff; }) == Status::kBadClasses);
  CHECK(change([](ClassHeader& h) { h.signature = 7; }) == Status::kOk);

  constexpr std::size_t kUnits = 8, kLabels = 8 + 3 * 2 + 3 * 3 * 2;
  const auto byte = [&](std::size_t at, int value) {
    return after([&](EditedBlob& p) {
      p.contents<std::uint8_t>(SectionKind::kClasses, kDecoder0)[at] =
          static_cast<std::uint8_t>(value);
    });
  };
  CHECK(byte(kUnits + 4, 5) == Status::kBadClasses);  // units 0, 2, 4 of 5
  CHECK(byte(kUnits + 5, 1) == Status::kBadClasses);
  CHECK(byte(kUnits + 2, 4) == Status::kBadClasses);  // twice
  CHECK(byte(kUnits + 2, 0) == Status::kBadClasses);
  CHECK(byte(kUnits + 2, 1) == Status::kOk);
  CHECK(byte(kLabels, 3) == Status::kBadClasses);  // labels 0, 3, 200
  CHECK(byte(kLabels, 2) == Status::kOk);
  CHECK(byte(kLabels + 2, 1) == Status::kBadClasses);

  const auto entry = [&](auto&& damage) {
    return after([&](EditedBlob& p) { damage(p.section(SectionKind::kClasses, kDecoder0)); });
  };
  CHECK(entry([](Section& s) { s.size -= 1; }) == Status::kBadSectionSize);
  CHECK(entry([](Section& s) { s.size = 7; }) == Status::kBadSectionSize);
  CHECK(entry([](Section& s) { s.size = 0; }) == Status::kBadSectionSize);
  CHECK(entry([](Section& s) { s.size = 0xffffffff; }) == Status::kSectionOutOfRange);
  // A section that is a header alone is long enough to be read.
  CHECK(after([](EditedBlob& p) {
          p.section(SectionKind::kClasses, kDecoder0).size = sizeof(ClassHeader);
          header_of(p).classes = 0;
        }) == Status::kBadClasses);
  CHECK(entry([](Section& s) { s.layer = kDecoder1; }) == Status::kMisplacedSection);
  CHECK(entry([](Section& s) { s.layer = 200; }) == Status::kMisplacedSection);
  CHECK(entry([](Section& s) { s.flags = 0; }) == Status::kUnknownSection);

  EditedBlob twice(blob, 4096);
  const auto& first = twice.section(SectionKind::kClasses, kDecoder0);
  const auto size = first.size;
  const std::size_t second = twice.add_section(SectionKind::kClasses, kDecoder0, kMaySkip, size);
  std::memcpy(twice.bytes().data() + twice.section(second).offset,
              twice.bytes().data() + twice.section(SectionKind::kClasses, kDecoder0).offset, size);
  CHECK(twice.seal().open() == Status::kDuplicateSection);
}

TEST_CASE("any flipped bit of the section is found by verify") {
  const auto blob = small_blob();
  EditedBlob edited(blob);
  const Section entry = edited.section(SectionKind::kClasses, kDecoder0);
  for (std::size_t i = 0; i < entry.size; ++i) {
    edited.bytes()[entry.offset + i] ^= std::byte{0x10};
    CHECK(edited.check() != Status::kOk);
    edited.bytes()[entry.offset + i] ^= std::byte{0x10};
  }
  CHECK(edited.check() == Status::kOk);
}
