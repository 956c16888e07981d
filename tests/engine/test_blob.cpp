// Views and headers.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "picovae/blob.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/edited_blob.hpp"
#include "tools/format/blob.hpp"

using namespace picovae;
using namespace picovae::tests;

namespace {

template <typename T>
using List = std::initializer_list<T>;

}  // namespace

TEST_CASE("what was packed opens and verifies; a larger span than the declared size is a flash") {
  for (const auto& blob : all_kinds()) {
    CHECK(EditedBlob(blob).check() == Status::kOk);
    CHECK(EditedBlob(blob).seal().check() == Status::kOk);  // seal() says the same as pack

    EditedBlob partition(blob, 1000);
    std::fill(partition.bytes().last(1000).begin(), partition.bytes().last(1000).end(),
              std::byte{0xff});
    CHECK(partition.check() == Status::kOk);
  }
}

TEST_CASE("a view tells what the model is") {
  const auto blob = s8_blob(kSmall, Layout::kCortexM, kDecoderPart);
  BlobView view;
  CHECK_FALSE(view.has(kDecoderPart));
  REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
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

TEST_CASE("byte 56 of the header says which activation hidden layers have; not in version 1") {
  for (const bool relu : {false, true}) {
    const auto blob = relu ? relu_blob() : s8_blob();
    CHECK(blob.bytes()[56] == std::byte{relu});
    BlobView view;
    REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
    const Activation hidden = relu ? Activation::kRelu : Activation::kSoftplus;
    CHECK(hidden_activation(*view.header) == hidden);
    for (std::size_t i = 0; i < kLayerCount; ++i) {
      const bool is_last = i == kEncoderHeads || i == kDecoder2;
      CHECK(view.layers[i].activation == (is_last ? Activation::kIdentity : hidden));
    }
    EditedBlob old(blob);
    old.header().version = 1;
    CHECK(old.seal().open() == (relu ? Status::kBadReserved : Status::kOk));
  }
}

TEST_CASE("a model of one hidden layer has no layers 1 and 4") {
  const auto blob = s8_blob(kSmallOneHidden);
  EditedBlob edited(blob);
  BlobView view;
  REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
  for (const std::size_t layer : {kEncoder1, kDecoder1}) {
    CHECK_FALSE(has_layer(*view.header, layer));
    CHECK(view.layers[layer].weights == nullptr);
    CHECK(view.layers[layer].in == 0);
    CHECK(view.layers[layer].out == 0);
  }
  CHECK(view.layers[kEncoderHeads].in == 7);
  CHECK(view.layers[kDecoder0].out == 7);
  for (std::size_t i = 0; i < view.header->section_count; ++i) {
    const std::uint8_t layer = edited.section(i).layer;
    CHECK(layer != kEncoder1);
    CHECK(layer != kDecoder1);
    edited.section(i).layer = layer < kDecoder0 ? kEncoder1 : kDecoder1;
    CHECK(edited.seal().open() == Status::kMisplacedSection);
    edited.section(i).layer = layer;
  }
  edited.header().dimensions.hidden1 = 0;
  CHECK(edited.seal().open() == Status::kBadDimensions);
}

TEST_CASE("truncated at every length") {
  for (const auto& blob : all_kinds()) {
    std::size_t wrong = 0;
    for (std::size_t size = 0; size < blob.bytes().size(); ++size) {
      BlobView view;
      const Status status = open_blob(blob.bytes().first(size), view);
      if (status != Status::kTruncated || view.header != nullptr) ++wrong;
    }
    CHECK(wrong == 0);
  }
  BlobView view;
  CHECK(open_blob({}, view) == Status::kTruncated);
}

TEST_CASE("at every address from 0 to 63 beyond a multiple of 64: right, or kMisaligned") {
  for (const auto& blob : all_kinds()) {
    tools::BlobBytes room(blob.bytes().size() + kBlobAlignment);
    for (std::size_t shift = 0; shift <= kBlobAlignment; ++shift) {
      CAPTURE(shift);
      const auto moved = room.bytes().subspan(shift, blob.bytes().size());
      std::memcpy(moved.data(), blob.bytes().data(), moved.size());
      const Status wanted = shift % kBlobAlignment == 0 ? Status::kOk : Status::kMisaligned;
      BlobView view;
      CHECK(open_blob(moved, view) == wanted);
      CHECK((view.header == nullptr) == (wanted != Status::kOk));
      const BlobHeader* header = nullptr;
      CHECK(read_header(moved, header) == wanted);
      // Too short to have a header: nothing of it is read.
      CHECK(open_blob(moved.first(3), view) ==
            (wanted == Status::kOk ? Status::kTruncated : wanted));
    }
  }
}

TEST_CASE("magic and version come first: a file of something else is not called damaged") {
  for (std::size_t i = 0; i < 4; ++i) {
    EditedBlob edited(s8_blob());
    edited.header().magic[i] = '!';
    CHECK(edited.open() == Status::kBadMagic);
    CHECK(edited.seal().open() == Status::kBadMagic);
  }
  for (const std::uint16_t version : List<std::uint16_t>{0, 3, 256, 65535}) {
    EditedBlob edited(s8_blob());
    edited.header().version = version;
    CHECK(edited.open() == Status::kUnknownVersion);
    CHECK(edited.seal().open() == Status::kUnknownVersion);
  }
}

TEST_CASE("header fields outside of their legal values") {
  const auto refused = [](const tools::BlobBytes& blob, auto change) {
    EditedBlob edited(blob);
    change(edited.header());
    CHECK(edited.open() == Status::kBadHeaderChecksum);
    return edited.seal().open();
  };
  const auto s8 = s8_blob();
  for (const int type : {4, 5, 255}) {
    CHECK(refused(s8, [&](auto& h) { h.type = Type{static_cast<std::uint8_t>(type)}; }) ==
          Status::kBadType);
  }
  for (const int layout : {3, 4, 255}) {
    CHECK(refused(s8, [&](auto& h) { h.layout = Layout{static_cast<std::uint8_t>(layout)}; }) ==
          Status::kBadType);
  }
  for (const Layout layout : {Layout::kCortexM, Layout::kMve}) {
    for (const Type type : kFloatTypes) {
      CHECK(refused(float_blob(type), [&](auto& h) { h.layout = layout; }) == Status::kBadType);
    }
  }
  for (const std::uint8_t parts : List<std::uint8_t>{0, 4, 7, 128, 255}) {
    CHECK(refused(s8, [&](auto& h) { h.parts = parts; }) == Status::kBadParts);
  }
  for (std::size_t i = 0; i < sizeof(BlobHeader::reserved); ++i) {
    CHECK(refused(s8, [&](auto& h) { h.reserved[i] = 1; }) == Status::kBadReserved);
  }
  for (const std::uint8_t relu : List<std::uint8_t>{2, 3, 128, 255}) {
    CHECK(refused(s8, [&](auto& h) { h.relu = relu; }) == Status::kBadReserved);
  }
  for (const std::uint8_t greatest : List<std::uint8_t>{1, 126, 127}) {
    CHECK(refused(s8, [&](auto& h) { h.greatest = greatest; }) == Status::kBadReserved);
  }
  for (const Type type : kFloatTypes) {
    CHECK(refused(float_blob(type), [&](auto& h) { h.greatest = 170; }) == Status::kBadReserved);
  }
  for (std::uint16_t Dimensions::*side :
       {&Dimensions::pixels, &Dimensions::hidden1, &Dimensions::hidden2, &Dimensions::latent}) {
    for (const std::uint16_t size : List<std::uint16_t>{0, 4097, 65535}) {
      const bool one_hidden = side == &Dimensions::hidden2 && size == 0;  // and layers too many
      CHECK(refused(s8, [&](auto& h) { h.dimensions.*side = size; }) ==
            (one_hidden ? Status::kMisplacedSection : Status::kBadDimensions));
    }
    CHECK(refused(s8, [&](auto& h) { h.dimensions.*side += 16; }) == Status::kBadSectionSize);
  }
  // Two heads of this many do not fit, and the number of outputs must not wrap around to 6.
  CHECK(refused(s8, [](auto& h) { h.dimensions.latent = 2049; }) == Status::kBadDimensions);
  CHECK(refused(s8, [](auto& h) { h.dimensions.latent = 2048; }) == Status::kBadSectionSize);
  CHECK(refused(s8, [](auto& h) { h.dimensions.hidden1 = 4097; }) == Status::kBadDimensions);
  CHECK(refused(s8, [](auto& h) { h.dimensions.hidden1 = 4096; }) == Status::kBadSectionSize);
  CHECK(refused(s8, [](auto& h) { h.dimensions.latent = 32768 + 3; }) == Status::kBadDimensions);
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    CHECK(refused(s8, [&](auto& h) { h.shifts[i][0] = kMaxPreShift + 1; }) == Status::kBadShift);
    CHECK(refused(s8, [&](auto& h) { h.shifts[i][1] = kMaxPostShift + 1; }) == Status::kBadShift);
    CHECK(refused(s8, [&](auto& h) { h.shifts[i] = {255, 255}; }) == Status::kBadShift);
    // Shifted biases suffice for layers without a pre-shift.
    const bool hidden_input = i != kEncoder0 && i != kDecoder0;
    CHECK(refused(high_blob(), [&](auto& h) { h.shifts[i][0] = 1; }) ==
          (hidden_input ? Status::kBadShift : Status::kOk));
  }
  CHECK(refused(s8, [](auto& h) { h.checksum ^= 1; }) == Status::kOk);  // sealed again
}

TEST_CASE("a header is read whatever its shape, for tools that describe models") {
  EditedBlob edited(s8_blob({5, 4, 3, 2}));
  CHECK(edited.open() == Status::kOk);
  const BlobHeader* header = nullptr;
  REQUIRE(read_header(edited.bytes(), header) == Status::kOk);
  CHECK(header->dimensions == Dimensions{5, 4, 3, 2});
  CHECK(sections(*header).size() == header->section_count);
  CHECK(sections(*header).data() == &edited.section(0));

  edited.header().magic[0] = 'X';
  header = nullptr;
  CHECK(read_header(edited.bytes(), header) == Status::kBadMagic);
  CHECK(header == nullptr);
}

TEST_CASE("sizes that lie") {
  const auto blob = s8_blob();
  const auto with_total = [&](std::uint32_t total, std::size_t more = 0) {
    EditedBlob edited(blob, more);
    edited.header().total_size = total;
    return edited.seal().check();
  };
  const auto size = static_cast<std::uint32_t>(blob.bytes().size());
  CHECK(with_total(size + 1) == Status::kTruncated);
  CHECK(with_total(0xffffffff) == Status::kTruncated);
  CHECK(with_total(0x80000000) == Status::kTruncated);
  CHECK(with_total(0) == Status::kBadTable);
  CHECK(with_total(63) == Status::kBadTable);
  CHECK(with_total(64) == Status::kBadTable);
  CHECK(with_total(size - 64) == Status::kSectionOutOfRange);
  CHECK(with_total(size + 5, 64) == Status::kOk);  // longer than needed, and zero there

  EditedBlob damaged(blob, 64);
  damaged.header().total_size += 64;
  damaged.bytes().back() = std::byte{1};
  CHECK(damaged.seal().check() == Status::kBadPadding);

  // 255 sections: a table beyond the blob, or over its contents.
  for (const std::size_t more : {std::size_t{0}, std::size_t{8192}}) {
    EditedBlob edited(blob, more);
    edited.header().total_size += static_cast<std::uint32_t>(more);
    edited.header().section_count = 255;
    CHECK(edited.seal().open() == (more == 0 ? Status::kBadTable : Status::kOverlappingSections));
  }
  EditedBlob none(blob);
  none.header().section_count = 0;
  CHECK(none.seal().open() == Status::kMissingSection);
}

TEST_CASE("a view that was never opened") { CHECK(verify_blob({}) == Status::kNotOpen); }
