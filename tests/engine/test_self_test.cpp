#include "picovae/self_test.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/edited_blob.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tools/base/file.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/pack.hpp"

using namespace picovae;
using tests::EditedBlob;

namespace {

// Several panels in each direction, no width a multiple of any padding.
using S = Shape<70, 90, 43, 11>;
constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;

tools::BlobBytes blob_for(Layout layout, std::uint8_t parts = kBothParts) {
  return tools::pack_s8(tests::random_quantized_network(S::kDimensions, 1), layout, parts, {});
}

struct Verdict {
  Status status = Status::kNotOpen;
  Layer differs = kLayerCount;
};

template <typename AnyArena>
Verdict self_test_in(std::span<const std::byte> blob, const Kernels& kernels) {
  Vae<S, Integer> vae;
  REQUIRE(vae.open(blob, kernels) == Status::kOk);
  REQUIRE(vae.verify() == Status::kOk);  // what is found is found by the outputs alone
  const auto arena = std::make_unique<AnyArena>();
  Verdict verdict;
  verdict.status = vae.self_test(*arena, verdict.differs);
  return verdict;
}

template <std::size_t Batch = 1>
Verdict self_test(std::span<const std::byte> blob, const Kernels& kernels) {
  return self_test_in<Arena<S, Integer, Batch>>(blob, kernels);
}

// Kernels that compute rightly but for one lane of one layer.
struct Fault {
  std::size_t in = 0, out = 0;  // of the layer
  Activation activation = Activation::kIdentity;
  std::size_t lane = 0, row = 0;
};
Fault fault;

void faulty_s8(const Dense& layer, const void* x, std::size_t x_stride, void* y,
               std::size_t y_stride, std::size_t rows) {
  kScalarKernels.s8(layer, x, x_stride, y, y_stride, rows);
  if (layer.in != fault.in || layer.activation != fault.activation || layer.out <= fault.lane ||
      rows <= fault.row) {
    return;
  }
  const std::size_t at = fault.row * y_stride + fault.lane;
  if (layer.activation == Activation::kIdentity) {
    static_cast<std::int16_t*>(y)[at] ^= 1;
  } else {
    static_cast<std::uint8_t*>(y)[at] ^= 1;
  }
}

}  // namespace

TEST_CASE("whole models pass on all kernels of this machine, a row at a time and many together") {
  const auto blob = blob_for(Layout::kHost);
  for (const Kernels* kernels : tests::runnable_kernels()) {
    CAPTURE(std::string(kernels->name));
    CHECK(self_test(blob.bytes(), *kernels).status == Status::kOk);
    CHECK(self_test<23>(blob.bytes(), *kernels).status == Status::kOk);
    CHECK((self_test_in<DecoderArena<S, Integer>>(blob.bytes(), *kernels).status == Status::kOk));
    CHECK((self_test_in<EncoderArena<S, Integer>>(blob.bytes(), *kernels).status == Status::kOk));
  }
}

TEST_CASE("each layout has the same inputs and outputs") {
  const auto host = blob_for(Layout::kHost);
  BlobView wanted;
  REQUIRE(open_blob(host.bytes(), wanted) == Status::kOk);
  for (const Layout layout : {Layout::kCortexM, Layout::kMve}) {
    const auto blob = blob_for(layout);
    BlobView view;
    REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
    std::size_t golden = 0;
    for (std::size_t i = 0; i < view.header->section_count; ++i) {
      const Section& a = sections(*view.header)[i];
      const Section& b = sections(*wanted.header)[i];
      if (a.kind != SectionKind::kGolden) continue;
      CHECK(a.layer == b.layer);
      CHECK(a.checksum == b.checksum);
      ++golden;
    }
    CHECK(golden == kLayerCount);
  }
}

TEST_CASE("ReLU for softplus is found on every ISA, and every hidden layer of its own is right") {
  auto network = tests::random_quantized_network(S::kDimensions, 1);
  network.activation = Activation::kRelu;
  const auto blob = tools::pack_s8(network, Layout::kHost, kEncoderPart | kDecoderPart, {});
  EditedBlob other(blob);
  other.header().relu = 0;
  other.seal();
  for (const Kernels* kernels : tests::runnable_kernels()) {
    CAPTURE(std::string(kernels->name));
    CHECK(self_test(blob.bytes(), *kernels).status == Status::kOk);
    CHECK(self_test(other.bytes(), *kernels).status == Status::kWrongOutput);
  }
}

TEST_CASE("half a model is tested for what it has") {
  CHECK(self_test(blob_for(Layout::kHost, kDecoderPart).bytes(), kScalarKernels).status ==
        Status::kOk);
  CHECK(self_test(blob_for(Layout::kHost, kEncoderPart).bytes(), kScalarKernels).status ==
        Status::kOk);
}

TEST_CASE("one wrong lane in one layer is found and the layer named, in either output") {
  const auto blob = blob_for(Layout::kHost);
  Kernels kernels = kScalarKernels;
  kernels.s8 = faulty_s8;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const auto [in, out] = S::kLayers[i];
    const Activation last =
        i == kDecoder2 ? Activation::kSigmoid : layer_activation(i, Activation::kSoftplus);
    for (const Activation activation : {Activation::kIdentity, last}) {
      for (std::size_t lane = 0; lane < kPanel; ++lane) {
        // Layers of equal width are told apart by their activation only: the first is named.
        fault = {.in = in, .out = out, .activation = activation, .lane = lane};
        const Verdict verdict = self_test(blob.bytes(), kernels);
        if (lane >= out) continue;
        CAPTURE(i);
        CAPTURE(lane);
        CHECK(verdict.status == Status::kWrongOutput);
        CHECK(S::kLayers[verdict.differs].in == in);
        CHECK(verdict.differs <= i);
      }
    }
  }
}

TEST_CASE("a lane that is wrong in one row of many only") {
  const auto blob = blob_for(Layout::kHost);
  Kernels kernels = kScalarKernels;
  kernels.s8 = faulty_s8;
  fault = {.in = S::kLatent,
           .out = S::kHidden2,
           .activation = Activation::kSoftplus,
           .lane = 7,
           .row = 22};
  CHECK(self_test(blob.bytes(), kernels).status == Status::kOk);
  CHECK(self_test<22>(blob.bytes(), kernels).status == Status::kOk);
  const Verdict verdict = self_test<23>(blob.bytes(), kernels);
  CHECK(verdict.status == Status::kWrongOutput);
  CHECK(verdict.differs == kDecoder0);
}

TEST_CASE("flipped weights whose checksums were mended are found, and the layer named") {
  std::size_t tried = 0, found = 0;
  EditedBlob edited(blob_for(Layout::kHost));
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const auto [in, out] = S::kLayers[i];
    for (std::size_t at = 0; at < std::size_t{in} * out; at += 97) {
      std::int8_t& weight = edited.weight(i, at / in, at % in);
      const std::int8_t whole = weight;
      for (int bit = 0; bit < 7; ++bit) {  // bit 7 may leave -127..127's sums
        weight = static_cast<std::int8_t>(whole ^ 1 << bit);
        if (weight == -128 || edited.seal().verify() != Status::kOk) continue;
        const Verdict verdict = self_test(edited.bytes(), kScalarKernels);
        ++tried;
        found += verdict.status == Status::kWrongOutput && verdict.differs == i;
      }
      weight = whole;
    }
  }
  REQUIRE(tried > 1000);
  CHECK(static_cast<double>(found) > 0.97 * static_cast<double>(tried));
  MESSAGE(found << " of " << tried << " flips found");
  CHECK(self_test(edited.seal().bytes(), kScalarKernels).status == Status::kOk);
}

namespace {

// Of the model that ships, how many of kFlips flipped bits of each layer's weights kernels find.
constexpr int kFlips = 1000;
constexpr int kAll = kFlips * int{kLayerCount};
int flips_found(const Kernels& kernels) {
  const auto file = tools::read_file(PICOVAE_MODEL_FILE, 1 << 24);
  tools::BlobBytes model(file.size());
  std::copy(file.begin(), file.end(), model.bytes().begin());
  EditedBlob edited(model);
  tests::Dice dice(1);
  const auto arena = std::make_unique<Arena<MnistShape, Integer>>();
  Vae<MnistShape, Integer> vae;
  int found = 0;
  REQUIRE(vae.open(edited.bytes(), kernels) == Status::kOk);
  const auto layers = vae.view().layers;
  for (std::size_t i = 0; i < kLayerCount; ++i) {
    const auto output = [&] {
      return static_cast<std::size_t>(dice.between(0, layers[i].out - 1));
    };
    const auto input = [&] { return static_cast<std::size_t>(dice.between(0, layers[i].in - 1)); };
    for (int flips = 0; flips < kFlips;) {
      std::int8_t& weight = edited.weight(i, output(), input());
      const std::int8_t whole = weight;
      weight = static_cast<std::int8_t>(whole ^ 1 << dice.between(0, 7));
      if (weight != -128) {
        ++flips;
        REQUIRE(vae.open(edited.bytes(), kernels) == Status::kOk);
        Layer differs = kLayerCount;
        if (vae.self_test(*arena, differs) == Status::kWrongOutput) {
          ++found;
          CHECK(differs == i);
        }
      }
      weight = whole;
    }
  }
  return found;
}

// The first kernels that this machine runs of those that take 128 off their inputs, or of the
// others; none: nullptr.
const Kernels* first_kernels(bool take_128_off) {
  for (const Kernels* kernels : tests::runnable_kernels()) {
    [[maybe_unused]] const Isa isa = kernels->isa;
#if defined(__aarch64__)
    const bool takes = isa == Isa::kNeon || isa == Isa::kSdot || isa == Isa::kSve;
#else
    const bool takes = false;
#endif
    if (takes == take_128_off) return kernels;
  }
  return nullptr;
}

}  // namespace

TEST_CASE("of the model that ships, nearly every flipped bit of a weight is found") {
  const int found = flips_found(*first_kernels(false));
  MESSAGE(found << " of " << kAll << " flips found");
  CHECK(found > 0.97 * kAll);
}

// These see little of a weight whose golden input is about 128.
TEST_CASE("kernels that take 128 off their inputs find nine in ten of these") {
  const Kernels* kernels = first_kernels(true);
  if (kernels == nullptr) return;
  const int found = flips_found(*kernels);
  MESSAGE(found << " of " << kAll << " flips found");
  CHECK(found > 0.91 * kAll);
}

TEST_CASE("a changed golden input is a damaged section, and a wrong output where that is mended") {
  EditedBlob edited(blob_for(Layout::kHost));
  edited.contents<std::uint8_t>(SectionKind::kGolden, kDecoder1)[3] ^= 4;
  CHECK(edited.check() == Status::kBadSectionChecksum);
  const Verdict verdict = self_test(edited.seal().bytes(), kScalarKernels);
  CHECK(verdict.status == Status::kWrongOutput);
  CHECK(verdict.differs == kDecoder1);
}

TEST_CASE("models without golden inputs, and a Vae that is not open") {
  EditedBlob edited(blob_for(Layout::kHost));
  for (std::size_t i = edited.section_count(); i-- > 0;) {
    if (edited.section(i).kind != SectionKind::kGolden) continue;
    const Section& section = edited.section(i);
    for (std::byte& byte : edited.bytes().subspan(section.offset, section.size)) byte = {};
    edited.remove_section(i);
  }
  CHECK(self_test(edited.seal().bytes(), kScalarKernels).status == Status::kNoGolden);

  Vae<S, Integer> vae;
  Arena<S, Integer> arena;
  Layer differs = kLayerCount;
  CHECK(vae.self_test(arena, differs) == Status::kNotOpen);
  CHECK(differs == kLayerCount);

  const auto f32 = tools::pack_float(tests::random_network(S::kDimensions, 1));
  Vae<S, Float> real;
  Arena<S, Float> real_arena;
  REQUIRE(real.open(f32.bytes(), kScalarKernels) == Status::kOk);
  CHECK(real.self_test(real_arena, differs) == Status::kNoGolden);
}
