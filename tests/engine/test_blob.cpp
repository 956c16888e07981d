#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "picovae/blob.hpp"
#include "picovae/layout.hpp"
#include "tests/engine/patient.hpp"
#include "tests/engine/random_models.hpp"
#include "tools/model/blob_bytes.hpp"
#include "tools/model/pack.hpp"

using namespace picovae;
using tests::Patient;

namespace {

template <typename T>
using List = std::initializer_list<T>;

constexpr Dimensions kSmall{20, 7, 6, 3};
constexpr Layout kLayouts[] = {Layout::kHost, Layout::kCortexM, Layout::kMve};
constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;

tools::BlobBytes s8_blob(Dimensions dimensions = kSmall, Layout layout = Layout::kHost,
                         std::uint8_t parts = kBothParts) {
  return tools::pack_s8(tests::random_quantized_network(dimensions, 1), layout, parts, {11, 12});
}

tools::BlobBytes float_blob(Type type) {
  return tools::pack_float(tests::random_network(kSmall, 1), type);
}
tools::BlobBytes f32_blob() { return float_blob(Type::kF32); }

std::vector<tools::BlobBytes> all_kinds() {
  std::vector<tools::BlobBytes> kinds;
  for (const Type type : {Type::kF32, Type::kF16, Type::kBf16}) kinds.push_back(float_blob(type));
  for (const Layout layout : kLayouts) kinds.push_back(s8_blob(kSmall, layout));
  kinds.push_back(s8_blob(kSmall, Layout::kHost, kDecoderPart));
  kinds.push_back(s8_blob(kSmall, Layout::kHost, kEncoderPart));
  return kinds;
}

}  // namespace

TEST_CASE("what was packed opens and verifies; a larger span than the declared size is a flash") {
  for (const auto& blob : all_kinds()) {
    CHECK(Patient(blob).check() == Status::kOk);
    CHECK(Patient(blob).seal().check() == Status::kOk);  // seal() says the same as pack

    Patient partition(blob, 1000);
    std::ranges::fill(partition.bytes().last(1000), std::byte{0xff});
    CHECK(partition.check() == Status::kOk);
  }
}

TEST_CASE("a view tells what the model is") {
  const auto blob = s8_blob(kSmall, Layout::kCortexM, kDecoderPart);
  BlobView view;
  CHECK_FALSE(view.has(kDecoderPart));
  REQUIRE(open_blob(blob.bytes(), kSmall, view) == Status::kOk);
  CHECK(view.has(kDecoderPart));
  CHECK_FALSE(view.has(kEncoderPart));
  CHECK(view.header->signature == 11);
  CHECK(view.header->signature_reconstruct == 0);  // there is no encoder
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const Dense& layer = view.layers[i];
    CHECK(layer.in == layer_sizes(kSmall)[i].in);
    CHECK(layer.out == layer_sizes(kSmall)[i].out);
    CHECK((layer.weights != nullptr) == (i >= kDecoder0));
    CHECK((layer.rescale != nullptr) == (i == kDecoder0 || i == kDecoder1));
    CHECK(layer.wide_input == (i == kDecoder0));
  }
  CHECK(view.layers[kEncoderHeads].activation == Activation::kIdentity);
  CHECK(view.layers[kDecoder1].activation == Activation::kSoftplus);
  CHECK(view.layers[kDecoder2].activation == Activation::kIdentity);
}

TEST_CASE("truncated at every length") {
  for (const auto& blob : all_kinds()) {
    std::size_t wrong = 0;
    for (std::size_t size = 0; size < blob.bytes().size(); ++size) {
      BlobView view;
      const Status status = open_blob(blob.bytes().first(size), kSmall, view);
      if (status != Status::kTruncated || view.header != nullptr) ++wrong;
    }
    CHECK(wrong == 0);
  }
  BlobView view;
  CHECK(open_blob({}, kSmall, view) == Status::kTruncated);
}

TEST_CASE("misaligned by 1 to 63 bytes") {
  const auto blob = s8_blob();
  tools::BlobBytes room(blob.bytes().size() + kBlobAlignment);
  for (std::size_t shift = 0; shift <= kBlobAlignment; ++shift) {
    CAPTURE(shift);
    const auto moved = room.bytes().subspan(shift, blob.bytes().size());
    std::memcpy(moved.data(), blob.bytes().data(), moved.size());
    BlobView view;
    CHECK(open_blob(moved, kSmall, view) ==
          (shift % kBlobAlignment == 0 ? Status::kOk : Status::kMisaligned));
  }
}

TEST_CASE("any bit of any byte that flips is found by open or verify") {
  for (const auto& blob : all_kinds()) {
    Patient patient(blob);
    std::size_t unnoticed = 0;
    for (std::byte& byte : patient.bytes()) {
      for (int bit = 0; bit < 8; ++bit) {
        byte ^= std::byte{1} << bit;
        if (patient.check() == Status::kOk) ++unnoticed;
        byte ^= std::byte{1} << bit;
      }
    }
    CHECK(unnoticed == 0);
    CHECK(patient.check() == Status::kOk);
  }
}

TEST_CASE("magic and version come first: a file of something else is not called damaged") {
  for (std::size_t i = 0; i < 4; ++i) {
    Patient patient(s8_blob());
    patient.header().magic[i] = '!';
    CHECK(patient.open() == Status::kBadMagic);
    CHECK(patient.seal().open() == Status::kBadMagic);
  }
  for (const std::uint16_t version : List<std::uint16_t>{0, 2, 256, 65535}) {
    Patient patient(s8_blob());
    patient.header().version = version;
    CHECK(patient.open() == Status::kUnknownVersion);
    CHECK(patient.seal().open() == Status::kUnknownVersion);
  }
}

TEST_CASE("header fields outside of their legal values") {
  const auto refused = [](const tools::BlobBytes& blob, auto change) {
    Patient patient(blob);
    change(patient.header());
    CHECK(patient.open() == Status::kBadHeaderChecksum);
    return patient.seal().open();
  };
  const auto s8 = s8_blob();
  for (const int type : {4, 5, 255}) {
    CHECK(refused(s8, [&](auto& h) { h.type = Type{static_cast<std::uint8_t>(type)}; }) ==
          Status::kBadHeader);
  }
  for (const int layout : {3, 4, 255}) {
    CHECK(refused(s8, [&](auto& h) { h.layout = Layout{static_cast<std::uint8_t>(layout)}; }) ==
          Status::kBadHeader);
  }
  for (const Layout layout : {Layout::kCortexM, Layout::kMve}) {
    for (const Type type : {Type::kF32, Type::kF16, Type::kBf16}) {
      CHECK(refused(float_blob(type), [&](auto& h) { h.layout = layout; }) == Status::kBadHeader);
    }
  }
  for (const std::uint8_t parts : List<std::uint8_t>{0, 4, 7, 128, 255}) {
    CHECK(refused(s8, [&](auto& h) { h.parts = parts; }) == Status::kBadHeader);
  }
  for (std::size_t i = 0; i < sizeof(BlobHeader::reserved); ++i) {
    CHECK(refused(s8, [&](auto& h) { h.reserved[i] = 1; }) == Status::kBadHeader);
  }
  for (std::uint16_t Dimensions::*side :
       {&Dimensions::pixels, &Dimensions::hidden1, &Dimensions::hidden2, &Dimensions::latent}) {
    for (const std::uint16_t size : List<std::uint16_t>{0, 4097, 65535}) {
      CHECK(refused(s8, [&](auto& h) { h.dimensions.*side = size; }) == Status::kBadHeader);
    }
    CHECK(refused(s8, [&](auto& h) { h.dimensions.*side += 1; }) == Status::kWrongShape);
  }
  // Two heads of this many do not fit, and the number of outputs must not wrap around to 6.
  CHECK(refused(s8, [](auto& h) { h.dimensions.latent = 2049; }) == Status::kBadHeader);
  CHECK(refused(s8, [](auto& h) { h.dimensions.latent = 32768 + 3; }) == Status::kBadHeader);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    CHECK(refused(s8, [&](auto& h) { h.shifts[i][0] = kMaxPreShift + 1; }) == Status::kBadShift);
    CHECK(refused(s8, [&](auto& h) { h.shifts[i][1] = kMaxPostShift + 1; }) == Status::kBadShift);
    CHECK(refused(s8, [&](auto& h) { h.shifts[i] = {255, 255}; }) == Status::kBadShift);
  }
  CHECK(refused(s8, [](auto& h) { h.checksum ^= 1; }) == Status::kOk);  // sealed again
}

TEST_CASE("a header is read whatever its shape, for tools that describe models") {
  Patient patient(s8_blob({5, 4, 3, 2}));
  CHECK(patient.open(kSmall) == Status::kWrongShape);
  const BlobHeader* header = nullptr;
  REQUIRE(read_header(patient.bytes(), header) == Status::kOk);
  CHECK(header->dimensions == Dimensions{5, 4, 3, 2});
  CHECK(sections(*header).size() == header->section_count);
  CHECK(sections(*header).data() == &patient.section(0));

  patient.header().magic[0] = 'X';
  header = nullptr;
  CHECK(read_header(patient.bytes(), header) == Status::kBadMagic);
  CHECK(header == nullptr);
}

TEST_CASE("sizes that lie") {
  const auto blob = s8_blob();
  const auto with_total = [&](std::uint32_t total, std::size_t more = 0) {
    Patient patient(blob, more);
    patient.header().total_size = total;
    return patient.seal().check();
  };
  const auto size = static_cast<std::uint32_t>(blob.bytes().size());
  CHECK(with_total(size + 1) == Status::kTruncated);
  CHECK(with_total(0xffffffff) == Status::kTruncated);
  CHECK(with_total(0x80000000) == Status::kTruncated);
  CHECK(with_total(0) == Status::kBadSection);
  CHECK(with_total(63) == Status::kBadSection);
  CHECK(with_total(64) == Status::kBadSection);
  CHECK(with_total(size - 64) == Status::kBadSection);
  CHECK(with_total(size + 5, 64) == Status::kOk);  // longer than needed, and zero there

  Patient damaged(blob, 64);
  damaged.header().total_size += 64;
  damaged.bytes().back() = std::byte{1};
  CHECK(damaged.seal().check() == Status::kBadPadding);

  // 255 sections: a table beyond the blob, or over its contents.
  for (const std::size_t more : {std::size_t{0}, std::size_t{8192}}) {
    Patient patient(blob, more);
    patient.header().total_size += static_cast<std::uint32_t>(more);
    patient.header().section_count = 255;
    CHECK(patient.seal().open() == Status::kBadSection);
  }
  Patient none(blob);
  none.header().section_count = 0;
  CHECK(none.seal().open() == Status::kMissingSection);
}

TEST_CASE("sections out of range, misaligned, overlapping, out of order or of the wrong size") {
  for (const auto& blob : all_kinds()) {
    const std::size_t count = Patient(blob).section_count();
    for (std::size_t i = 0; i < count; ++i) {
      CAPTURE(i);
      const auto refused = [&](auto change) {
        Patient patient(blob);
        change(patient.section(i));
        CHECK(patient.open() == Status::kBadHeaderChecksum);
        return patient.seal().open() == Status::kBadSection;
      };
      const auto size = static_cast<std::uint32_t>(blob.bytes().size());
      CHECK(refused([&](Section& s) { s.offset = size; }));
      CHECK(refused([&](Section& s) { s.offset = size + 64; }));
      CHECK(refused([](Section& s) { s.offset = 0xffffffc0; }));  // with its size beyond 2^32
      CHECK(refused([](Section& s) { s.offset = 0; }));
      CHECK(refused([](Section& s) { s.offset = 64; }));  // the table
      for (const std::uint32_t shift : List<std::uint32_t>{1, 2, 4, 16, 32, 63}) {
        CHECK(refused([&](Section& s) { s.offset += shift; }));
      }
      CHECK(refused([](Section& s) { s.size = 0; }));
      CHECK(refused([](Section& s) { s.size += 1; }));
      CHECK(refused([](Section& s) { s.size -= 1; }));
      CHECK(refused([](Section& s) { s.size += 64; }));
      CHECK(refused([](Section& s) { s.size = 0xffffffff; }));
      CHECK(refused([](Section& s) { s.size = 0u - s.offset; }));  // offset + size is 2^32
      CHECK(refused([](Section& s) { s.reserved = 1; }));
      CHECK(refused([](Section& s) { s.flags = 2; }));
      CHECK(refused([](Section& s) { s.layer = kLayerCount; }));
      CHECK(refused([](Section& s) { s.layer = 255; }));
      for (const int kind : {0, 6, 255}) {
        CHECK(refused([&](Section& s) {
          s.kind = SectionKind{static_cast<std::uint8_t>(kind)};
          s.flags = 0;
        }));
      }
      if (i == 0) continue;
      Patient overlapping(blob);
      overlapping.section(i).offset = overlapping.section(i - 1).offset;
      CHECK(overlapping.seal().open() == Status::kBadSection);
      Patient swapped(blob);
      std::swap(swapped.section(i), swapped.section(i - 1));
      CHECK(swapped.seal().open() == Status::kBadSection);
    }
  }
}

TEST_CASE("a section twice, or one that the model cannot have") {
  Patient twice(s8_blob());
  twice.section(SectionKind::kRescale, 0).kind = SectionKind::kMultiplier;  // both 32 bytes
  CHECK(twice.seal().open() == Status::kBadSection);

  Patient head(s8_blob());  // mu and logvar know no softplus
  head.section(SectionKind::kMultiplier, kEncoderHeads).kind = SectionKind::kRescale;
  CHECK(head.seal().open() == Status::kBadSection);

  Patient f32(f32_blob(), 128);
  f32.add_section(SectionKind::kMultiplier, 0, 0, 32);
  CHECK(f32.seal().open() == Status::kBadSection);

  Patient decoder(s8_blob(kSmall, Layout::kHost, kDecoderPart), 128);
  decoder.add_section(SectionKind::kBias, 0, 0, 64);
  CHECK(decoder.seal().open() == Status::kBadSection);

  // Its size is right by chance, since both hidden layers have fewer than 16 units.
  Patient other_layer(s8_blob());
  other_layer.section(SectionKind::kBias, kEncoder0).layer = kEncoder1;
  CHECK(other_layer.seal().open() == Status::kBadSection);

  Patient parts(s8_blob(kSmall, Layout::kHost, kDecoderPart));
  parts.header().parts = kEncoderPart;
  CHECK(parts.seal().open() == Status::kBadSection);
}

TEST_CASE("every section is missed but the golden ones") {
  for (const auto& blob : all_kinds()) {
    const std::size_t count = Patient(blob).section_count();
    for (std::size_t i = 0; i < count; ++i) {
      CAPTURE(i);
      const bool golden = Patient(blob).section(i).kind == SectionKind::kGolden;
      const Status missed = golden ? Status::kOk : Status::kMissingSection;
      Patient removed(blob);
      removed.remove_section(i);
      CHECK(removed.seal().open() == missed);

      Patient renamed(blob);
      renamed.section(i).kind = SectionKind{77};
      renamed.section(i).flags = 0;
      CHECK(renamed.seal().open() == Status::kBadSection);
      renamed.section(i).flags = kMaySkip;
      CHECK(renamed.seal().open() == missed);
    }
  }
  Patient half(s8_blob(kSmall, Layout::kHost, kDecoderPart));
  half.header().parts = kBothParts;
  CHECK(half.seal().open() == Status::kMissingSection);
}

TEST_CASE("sections of later kinds may be skipped where they say so, and are checked even so") {
  for (const auto& blob : all_kinds()) {
    Patient patient(blob, 192);
    const std::size_t last = patient.add_section(SectionKind{200}, 99, kMaySkip, 70);
    const std::size_t at = patient.section(last).offset;
    patient.bytes()[at + 69] = std::byte{7};
    CHECK(patient.seal().check() == Status::kOk);
    patient.bytes()[at + 1] = std::byte{7};
    CHECK(patient.check() == Status::kBadSectionChecksum);
    CHECK(patient.seal().check() == Status::kOk);
    patient.bytes()[at + 70] = std::byte{7};  // behind it
    CHECK(patient.seal().check() == Status::kBadPadding);

    patient.section(last).flags = 0;
    CHECK(patient.seal().open() == Status::kBadSection);
    patient.section(last).flags = kMaySkip;
    // Nobody compares its size with a wanted one, so that its range alone must stop these.
    const std::uint32_t offset = patient.section(last).offset;
    for (const std::uint32_t size :
         List<std::uint32_t>{129, 0u - offset, 64u - offset, 0xffffffff}) {
      patient.section(last).size = size;
      CHECK(patient.seal().open() == Status::kBadSection);
    }
  }
}

TEST_CASE("a damaged section") {
  for (const auto& blob : all_kinds()) {
    const std::size_t count = Patient(blob).section_count();
    for (std::size_t i = 0; i < count; ++i) {
      Patient patient(blob);
      patient.bytes()[patient.section(i).offset] ^= std::byte{0x10};
      CHECK(patient.open() == Status::kOk);
      CHECK(patient.verify() == Status::kBadSectionChecksum);
    }
  }
}

TEST_CASE("padding between sections that is not zero") {
  std::size_t gaps = 0;
  for (const auto& blob : all_kinds()) {
    Patient patient(blob);
    std::size_t end = sizeof(BlobHeader) + patient.section_count() * sizeof(Section);
    for (std::size_t i = 0; i <= patient.section_count(); ++i) {
      const bool last = i == patient.section_count();
      const std::size_t next = last ? patient.bytes().size() : patient.section(i).offset;
      for (; end < next; ++end) {
        patient.bytes()[end] = std::byte{0x80};
        CHECK(patient.open() == Status::kOk);
        CHECK(patient.verify() == Status::kBadPadding);
        patient.bytes()[end] = std::byte{0};
        ++gaps;
      }
      if (!last) end = patient.section(i).offset + patient.section(i).size;
    }
  }
  CHECK(gaps > 100);
}

TEST_CASE("padding within sections that is not zero") {
  // Inputs beyond the last are read, so their weights must not count: 7 inputs become 8, or 16.
  // 6 outputs become 8, or 16.
  for (const Layout layout : kLayouts) {
    const std::size_t last_input = layout == Layout::kMve ? 15 : 7;
    const std::size_t last_output = layout == Layout::kHost ? 15 : 7;
    using Position = std::pair<std::size_t, std::size_t>;
    for (const auto& [output, input] :
         {Position{0, 7}, {5, 7}, {5, last_input}, {6, 0}, {7, 6}, {last_output, last_input}}) {
      Patient patient(s8_blob(kSmall, layout));
      patient.weight(kEncoder1, output, input) ^= 1;
      CHECK(patient.seal().verify() == Status::kBadPadding);
    }
  }
  for (const std::size_t output : {std::size_t{6}, std::size_t{15}}) {
    Patient bias(s8_blob());
    bias.contents<std::int32_t>(SectionKind::kBias, kEncoder1)[output] = 1;
    CHECK(bias.seal().verify() == Status::kBadPadding);
    Patient multiplier(s8_blob());
    multiplier.contents<std::uint16_t>(SectionKind::kMultiplier, kEncoder1)[output] = 1;
    CHECK(multiplier.seal().verify() == Status::kBadPadding);
    Patient rescale(s8_blob());
    rescale.contents<std::int16_t>(SectionKind::kRescale, kEncoder1)[output] = 1;
    CHECK(rescale.seal().verify() == Status::kBadPadding);
    Patient f32(f32_blob());
    f32.contents<float>(SectionKind::kBias, kEncoder1)[output] = 1;
    CHECK(f32.seal().verify() == Status::kBadPadding);
  }
  Patient f32(f32_blob());
  f32.contents<float>(SectionKind::kWeights, kEncoder1)[6] = 1;  // column 6 of 6
  CHECK(f32.seal().verify() == Status::kBadPadding);
}

TEST_CASE("multipliers and rescales outside of their range") {
  for (const Layout layout : kLayouts) {
    for (std::size_t layer = 0; layer < kLayerCount; ++layer) {
      const std::size_t last = layer_sizes(kSmall)[layer].out - 1u;
      for (const std::size_t output : {std::size_t{0}, last}) {
        CAPTURE(layer);
        CAPTURE(output);
        Patient patient(s8_blob(kSmall, layout));
        auto& multiplier = patient.contents<std::uint16_t>(SectionKind::kMultiplier, layer)[output];
        for (const std::uint16_t legal : List<std::uint16_t>{1, 1023}) {
          multiplier = legal;
          CHECK(patient.seal().verify() == Status::kOk);
        }
        for (const std::uint16_t illegal : List<std::uint16_t>{0, 1024, 65535}) {
          multiplier = illegal;
          CHECK(patient.seal().verify() == Status::kBadScale);
        }
        if (layer_activation(layer) != Activation::kSoftplus) continue;
        multiplier = 1;
        auto& rescale = patient.contents<std::int16_t>(SectionKind::kRescale, layer)[output];
        for (const std::int16_t legal : List<std::int16_t>{1, 32767}) {
          rescale = legal;
          CHECK(patient.seal().verify() == Status::kOk);
        }
        for (const std::int16_t illegal : List<std::int16_t>{0, -1, -32767}) {
          rescale = illegal;
          CHECK(patient.seal().verify() == Status::kBadScale);
        }
      }
    }
  }
}

TEST_CASE("sums of u8 layers stay below 2^23, to the last unit of a weight") {
  constexpr Dimensions kWide{700, 7, 6, 3};
  for (const Layout layout : kLayouts) {
    for (const std::size_t output : {std::size_t{0}, std::size_t{5}}) {
      for (const int sign : {1, -1}) {
        Patient patient(s8_blob(kWide, layout));
        const int zero = layout == Layout::kCortexM && output % 2 == 0 ? kCortexMOffset : 0;
        const auto set = [&](std::size_t input, int weight) {
          patient.weight(kEncoder0, output, input) = static_cast<std::int8_t>(weight + zero);
        };
        // (2^23 - 1) / 127 = 66,052.0: 520 weights of 127 and one of 12.
        for (std::size_t input = 0; input < 700; ++input) set(input, input < 520 ? sign * 127 : 0);
        set(600, -sign * 100);  // of the other sign, and no excuse
        patient.contents<std::int32_t>(SectionKind::kBias, kEncoder0)[output] = 0;
        patient.header().shifts[kEncoder0][0] = kMaxPreShift;
        set(699, sign * 12);
        CHECK(patient.seal().verify() == Status::kOk);
        set(699, sign * 13);
        CHECK(patient.seal().verify() == Status::kAccumulatorOverflow);
      }
    }
  }
}

TEST_CASE("scaled sums and biases stay within s32, to the last unit") {
  constexpr std::int64_t kHighest = std::numeric_limits<std::int32_t>::max();
  constexpr std::int64_t kLowest = std::numeric_limits<std::int32_t>::min();
  for (const Layout layout : kLayouts) {
    for (const std::size_t layer : {std::size_t{kEncoder0}, std::size_t{kDecoder0}}) {
      for (const std::size_t output : {std::size_t{2}, std::size_t{3}}) {
        auto network = tests::random_quantized_network(kSmall, 2);
        auto& plain = network.layers[layer];
        plain.pre_shift = 3;
        plain.multiplier[output] = 77;
        // By hand: inputs 0..127 for positive and negative weights apart, or +-8191.
        std::int64_t highest = 0;
        std::int64_t lowest = 0;
        for (std::size_t k = 0; k < plain.in; ++k) {
          const std::int64_t weight = plain.weight[output * plain.in + k];
          if (layer == kDecoder0) {
            highest += std::abs(weight) * 8191;
            lowest -= std::abs(weight) * 8191;
          } else {
            (weight > 0 ? highest : lowest) += weight * 127;
          }
        }
        Patient patient(tools::pack_s8(network, layout, kBothParts, {}));
        auto& bias = patient.contents<std::int32_t>(SectionKind::kBias, layer)[output];
        const std::int64_t most = kHighest - (highest >> 3) * 77;
        const std::int64_t least = kLowest - (lowest >> 3) * 77;
        for (const std::int64_t legal : List<std::int64_t>{most, least, std::int64_t{0}}) {
          bias = static_cast<std::int32_t>(legal);
          CHECK(patient.seal().verify() == Status::kOk);
        }
        for (const std::int64_t illegal :
             List<std::int64_t>{most + 1, least - 1, kHighest, kLowest}) {
          bias = static_cast<std::int32_t>(illegal);
          CHECK(patient.seal().verify() == Status::kAccumulatorOverflow);
        }
      }
    }
  }
}

TEST_CASE("a view that was never opened") { CHECK(verify_blob({}) == Status::kNotOpen); }

TEST_CASE("whatever the table says, views never leave the bytes") {
  tests::Dice dice(9);
  const auto kinds = all_kinds();
  int opened = 0;
  for (int turn = 0; turn < 60'000; ++turn) {
    Patient patient(kinds[static_cast<std::size_t>(turn) % kinds.size()]);
    // A few bytes of header and table, with a liking for extremes. The magic stays.
    const std::size_t end = sizeof(BlobHeader) + patient.section_count() * sizeof(Section);
    for (int i = dice.between(1, 3); i > 0; --i) {
      const auto at = static_cast<std::size_t>(dice.between(6, static_cast<std::int32_t>(end) - 1));
      const int choice = dice.between(0, 5);
      patient.bytes()[at] = choice == 0   ? std::byte{0}
                            : choice == 1 ? std::byte{0xff}
                            : choice == 2 ? patient.bytes()[at] ^ std::byte{1}
                            : choice == 3 ? patient.bytes()[at] ^ std::byte{0x40}
                                          : static_cast<std::byte>(dice.between(0, 255));
    }
    patient.seal();
    BlobView view;
    if (open_blob(patient.bytes(), patient.header().dimensions, view) != Status::kOk) continue;
    ++opened;
    verify_blob(view);
    const auto within = [&](const void* start, std::size_t size) {
      if (start == nullptr) return true;
      const auto* from = static_cast<const std::byte*>(start);
      return from >= patient.bytes().data() && size <= patient.bytes().size() &&
             from <= patient.bytes().data() + (patient.bytes().size() - size);
    };
    const BlobHeader& header = *view.header;
    const std::size_t width = header.type == Type::kS8 ? 1 : 4;
    for (const Dense& layer : view.layers) {
      const std::size_t padded = round_up(layer.out, kOutputPad);
      REQUIRE(within(layer.weights,
                     packed_size(header.layout, header.type, layer.in, layer.out) * width));
      REQUIRE(within(layer.bias, padded * 4));
      REQUIRE(within(layer.multiplier, padded * 2));
      REQUIRE(within(layer.rescale, padded * 2));
    }
  }
  CHECK(opened > 1000);
}
