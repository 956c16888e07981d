// picovae.h, called by a C compiler's code, against vae.hpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/c_caller.h"
#include "tests/engine/edited_blob.hpp"
#include "tests/engine/live_models.hpp"
#include "tests/engine/packed_layer.hpp"
#include "tests/engine/random_models.hpp"
#include "tests/engine/random_thresholds.hpp"
#include "tools/format/pack.hpp"

extern "C" picovae_status c_generate_second(const void* model, std::size_t size,
                                            const picovae_kernels* kernels, std::uint64_t seed,
                                            std::uint32_t number, std::uint8_t* pixels);

using namespace picovae;

namespace {

using BuiltShape = Shape<PICOVAE_SHAPE>;
constexpr std::uint8_t kBothParts = kEncoderPart | kDecoderPart;
constexpr std::uint64_t kSeed = 0x1234567890abcdef;  // more than 32 bits
constexpr std::uint32_t kNumber = 77;
constexpr std::uint8_t kLabel = 5;

// With dead pixels, classes and thresholds.
tools::BlobBytes built_blob(std::uint8_t parts = kBothParts, Layout layout = Layout::kHost) {
  auto network = tests::random_pruned_network(BuiltShape::kDimensions, 5);
  network.thresholds = tests::random_threshold_section({10, 500, 999}, 8);
  network.classes = tests::random_class_section(BuiltShape::kLatent, 2, {1, kLabel, 26}, 7);
  return tools::pack_s8(network, layout, parts, {});
}

// One image and one latent vector.
struct Inputs {
  std::vector<std::uint8_t> x;
  std::vector<std::int16_t> z;

  Inputs() {
    tests::Dice dice(6);
    for (std::size_t i = 0; i < BuiltShape::kPixels; ++i) {
      x.push_back(static_cast<std::uint8_t>(dice.between(0, 255)));
    }
    for (std::size_t i = 0; i < BuiltShape::kLatent; ++i) {
      z.push_back(static_cast<std::int16_t>(dice.between(-32768, 32767) >> dice.between(0, 6)));
    }
  }
};

// Results of C; what it does not write stays 0xa5.
std::unique_ptr<c_results> call_all(std::span<const std::byte> model,
                                    const Kernels* kernels = picovae_kernels_scalar()) {
  const Inputs inputs;
  auto results = std::make_unique<c_results>();
  std::memset(results.get(), 0xa5, sizeof(c_results));
  c_call_all(model.data(), model.size(), kernels, kSeed, kNumber, kLabel, inputs.x.data(),
             inputs.z.data(), results.get());
  return results;
}

template <typename T, std::size_t N>
bool equal(const T (&c)[N], const std::vector<T>& cpp) {
  return cpp.size() == N && std::memcmp(c, cpp.data(), sizeof(c)) == 0;
}

template <typename T, std::size_t N>
bool untouched(const T (&c)[N]) {
  T pattern;
  std::memset(&pattern, 0xa5, sizeof(pattern));
  return equal(c, std::vector<T>(N, pattern));
}

Score cpp_of(const picovae_score& score) {
  return {score.reconstruction, score.kl, score.entropy, score.squares};
}

picovae_status open_status(std::span<const std::byte> model,
                           const Kernels* kernels = picovae_kernels_scalar()) {
  const auto results = call_all(model, kernels);
  for (const picovae_status later :
       {results->verify, results->self_test, results->generate, results->decode,
        results->decode_logits, results->encode, results->reconstruct, results->score}) {
    CHECK(later == (results->open == PICOVAE_OK ? PICOVAE_OK : PICOVAE_NOT_OPEN));
  }
  if (results->open != PICOVAE_OK) {
    CHECK(results->generate_class == PICOVAE_NOT_OPEN);
    CHECK(results->class_count == 0);
    for (const picovae_status threshold : results->threshold) {
      CHECK(threshold == PICOVAE_NOT_OPEN);
    }
  }
  return results->open;
}

}  // namespace

TEST_CASE("C gets the bits that C++ gets, with every ISA of the machine") {
  const auto blob = built_blob();
  const Inputs inputs;
  for (const Kernels* kernels : tests::runnable_kernels()) {
    CAPTURE(std::string(kernels->name));
    const auto c = call_all(blob.bytes(), kernels);

    Vae<BuiltShape, Integer> vae;
    Arena<BuiltShape, Integer> arena;
    std::vector<std::uint8_t> pixels(BuiltShape::kPixels);
    std::vector<std::int16_t> logits(BuiltShape::kPixels);
    std::vector<std::int16_t> mu(BuiltShape::kLatent), logvar(BuiltShape::kLatent);
    REQUIRE(vae.open(blob.bytes(), *kernels) == Status::kOk);
    CHECK(c->open == PICOVAE_OK);
    CHECK(c->verify == PICOVAE_OK);
    CHECK(c->self_test == PICOVAE_OK);
    CHECK(c->wrong_layer == -1);

    REQUIRE(vae.generate(kSeed, kNumber, pixels.data(), arena.decoder) == Status::kOk);
    CHECK(c->generate == PICOVAE_OK);
    CHECK(equal(c->generated, pixels));
    CHECK(std::set(pixels.begin(), pixels.end()).size() > 15);  // so that agreement says something

    REQUIRE(vae.generate_class(kSeed, kLabel, kNumber, pixels.data(), arena.decoder) ==
            Status::kOk);
    CHECK(c->generate_class == PICOVAE_OK);
    CHECK(equal(c->of_class, pixels));
    CHECK(c->other_class == PICOVAE_NO_SUCH_CLASS);
    CHECK(std::vector<int>(c->class_labels, c->class_labels + c->class_count) ==
          std::vector<int>{1, kLabel, 26});

    REQUIRE(vae.decode(inputs.z.data(), pixels.data(), arena.decoder) == Status::kOk);
    CHECK(c->decode == PICOVAE_OK);
    CHECK(equal(c->decoded, pixels));

    REQUIRE(vae.decode_logits(inputs.z.data(), logits.data(), arena.decoder) == Status::kOk);
    CHECK(c->decode_logits == PICOVAE_OK);
    CHECK(equal(c->logits, logits));

    REQUIRE(vae.encode(inputs.x.data(), mu.data(), logvar.data(), arena.encoder) == Status::kOk);
    CHECK(c->encode == PICOVAE_OK);
    CHECK(equal(c->mu, mu));
    CHECK(equal(c->logvar, logvar));

    REQUIRE(vae.reconstruct(inputs.x.data(), pixels.data(), arena) == Status::kOk);
    CHECK(c->reconstruct == PICOVAE_OK);
    CHECK(equal(c->reconstructed, pixels));

    Score score{};
    REQUIRE(vae.score(inputs.x.data(), &score, arena) == Status::kOk);
    CHECK(c->score == PICOVAE_OK);
    CHECK(cpp_of(c->scored) == score);
    CHECK(score.reconstruction > 0);
    for (const Figure figure : {Figure::kExcess, Figure::kNegElbo, Figure::kSquares}) {
      const auto index = static_cast<std::size_t>(figure);
      CHECK(c->figures[index] == score.of(figure));
      std::uint32_t threshold = 0;
      REQUIRE(vae.threshold(figure, 998, threshold) == Status::kOk);
      CHECK(c->threshold[index] == PICOVAE_OK);
      CHECK(c->thresholds[index] == threshold);
    }
    CHECK(std::set(std::begin(c->thresholds), std::end(c->thresholds)).size() == 3);
    CHECK(c->no_threshold == PICOVAE_NO_THRESHOLDS);
    CHECK(c->unused_threshold == 0xa5a5a5a5);
  }
}

TEST_CASE("figures of C are those of C++, also where the entropy is above the reconstruction") {
  static_assert(PICOVAE_EXCESS == static_cast<int>(Figure::kExcess) &&
                PICOVAE_NEG_ELBO == static_cast<int>(Figure::kNegElbo) &&
                PICOVAE_SQUARES == static_cast<int>(Figure::kSquares));
  const std::uint32_t values[] = {0, 1, 1000, 1001, 0x40000000};
  for (const std::uint32_t reconstruction : values) {
    for (const std::uint32_t kl : values) {
      for (const std::uint32_t entropy : values) {
        const picovae_score score{reconstruction, kl, entropy, 77};
        for (int i = 0; i < 3; ++i) {
          CHECK(c_figure_of(&score, static_cast<picovae_figure>(i)) ==
                cpp_of(score).of(static_cast<Figure>(i)));
        }
      }
    }
  }
}

TEST_CASE("kernels by name") {
  CHECK(picovae_kernels_scalar() == &kScalarKernels);
  CHECK(picovae_kernels_host() == &select_kernels());
}

TEST_CASE("models that C refuses") {
  const auto blob = built_blob();
  const auto bytes = blob.bytes();
  CHECK(open_status(bytes) == PICOVAE_OK);
  CHECK(open_status({}) == PICOVAE_TRUNCATED);
  CHECK(open_status(bytes.first(63)) == PICOVAE_TRUNCATED);
  CHECK(open_status(bytes.first(bytes.size() - 1)) == PICOVAE_TRUNCATED);

  tools::BlobBytes moved(bytes.size() + 64);
  for (const std::size_t offset : {std::size_t{1}, std::size_t{4}, std::size_t{32}}) {
    std::memcpy(moved.bytes().data() + offset, bytes.data(), bytes.size());
    CHECK(open_status(moved.bytes().subspan(offset, bytes.size())) == PICOVAE_MISALIGNED);
  }
  std::memset(moved.bytes().data(), 0xff, moved.bytes().size());  // an erased partition
  CHECK(open_status(moved.bytes()) == PICOVAE_BAD_MAGIC);
  std::memcpy(moved.bytes().data(), bytes.data(), bytes.size());
  CHECK(open_status(moved.bytes()) == PICOVAE_OK);  // longer than its model

  CHECK(open_status(built_blob(kBothParts, Layout::kCortexM).bytes()) ==
        PICOVAE_UNSUPPORTED_KERNEL);
  CHECK(open_status(tools::pack_float(tests::random_network(BuiltShape::kDimensions, 5)).bytes()) ==
        PICOVAE_WRONG_TYPE);
  CHECK(open_status(tools::pack_s8(tests::random_quantized_network({20, 7, 6, 3}, 5), Layout::kHost,
                                   kBothParts, {})
                        .bytes()) == PICOVAE_WRONG_SHAPE);
}

TEST_CASE("a vae that is not open") {
  CHECK(c_verify_closed() == PICOVAE_NOT_OPEN);
  const auto bytes = built_blob();
  CHECK(c_verify_after_failure(bytes.bytes().data(), bytes.bytes().size(),
                               picovae_kernels_scalar()) == PICOVAE_NOT_OPEN);
}

TEST_CASE("a damaged section is found by verify") {
  auto blob = built_blob();
  blob.bytes().back() ^= std::byte{1};
  const auto results = call_all(blob.bytes());
  CHECK(results->open == PICOVAE_OK);
  CHECK(
      (results->verify == PICOVAE_BAD_SECTION_CHECKSUM || results->verify == PICOVAE_BAD_PADDING));
}

TEST_CASE("a changed weight is found by the self-test, whatever checksums were mended") {
  tests::EditedBlob edited(built_blob());
  edited.weight(kDecoder1, 5, 6) ^= 32;
  const auto results = call_all(edited.seal().bytes());
  CHECK(results->verify == PICOVAE_OK);
  CHECK(results->self_test == PICOVAE_WRONG_OUTPUT);
  CHECK(results->wrong_layer == kDecoder1);
}

TEST_CASE("half a model, and nothing is written where it fails") {
  const auto decoder = call_all(built_blob(kDecoderPart).bytes());
  CHECK(decoder->generate == PICOVAE_OK);
  CHECK(decoder->encode == PICOVAE_NO_ENCODER);
  CHECK(decoder->reconstruct == PICOVAE_NO_ENCODER);
  CHECK(decoder->score == PICOVAE_NO_ENCODER);
  CHECK(decoder->threshold[0] == PICOVAE_NO_THRESHOLDS);
  CHECK(untouched(decoder->mu));
  CHECK(untouched(decoder->logvar));
  CHECK(untouched(decoder->reconstructed));

  const auto encoder = call_all(built_blob(kEncoderPart).bytes());
  CHECK(encoder->encode == PICOVAE_OK);
  for (const picovae_status status : {encoder->generate, encoder->decode, encoder->decode_logits,
                                      encoder->reconstruct, encoder->score}) {
    CHECK(status == PICOVAE_NO_DECODER);
  }
  CHECK(encoder->generate_class == PICOVAE_NO_DECODER);
  CHECK(untouched(encoder->of_class));
  CHECK(encoder->class_count == 0);
  CHECK(untouched(encoder->generated));
  CHECK(untouched(encoder->decoded));
  CHECK(untouched(encoder->logits));
}

TEST_CASE("a model without classes") {
  const auto blob = tools::pack_s8(tests::random_quantized_network(BuiltShape::kDimensions, 5),
                                   Layout::kHost, kBothParts, {});
  const auto results = call_all(blob.bytes());
  CHECK(results->generate == PICOVAE_OK);
  CHECK(results->generate_class == PICOVAE_NO_CLASSES);
  CHECK(untouched(results->of_class));
  CHECK(results->class_count == 0);
}

TEST_CASE("dead pixels and thresholds that C refuses") {
  tests::EditedBlob live(built_blob());
  live.contents<std::uint8_t>(SectionKind::kLive, kEncoder0)[2] ^= 1;  // of the first run
  CHECK(open_status(live.seal().bytes()) == PICOVAE_BAD_LIVE_PIXELS);
  CHECK(PICOVAE_BAD_LIVE_PIXELS == 37);

  tests::EditedBlob thresholds(built_blob());
  thresholds.contents<ThresholdHeader>(SectionKind::kThresholds, kDecoder2)->images = 0;
  CHECK(open_status(thresholds.seal().bytes()) == PICOVAE_BAD_THRESHOLDS);
  CHECK(PICOVAE_BAD_THRESHOLDS == 39);

  auto network = tests::random_quantized_network(BuiltShape::kDimensions, 5);
  const auto without = tools::pack_s8(network, Layout::kHost, kBothParts, {});
  const auto results = call_all(without.bytes());
  CHECK(results->score == PICOVAE_OK);
  for (const picovae_status threshold : results->threshold) {
    CHECK(threshold == PICOVAE_NO_THRESHOLDS);
  }
  CHECK(untouched(results->thresholds));
  CHECK(PICOVAE_NO_THRESHOLDS == 38);
}

TEST_CASE("an arena as malloc gives it is refused") {
  const auto blob = built_blob();
  picovae_vae vae;
  REQUIRE(picovae_open(&vae, blob.bytes().data(), blob.bytes().size(), picovae_kernels_scalar()) ==
          PICOVAE_OK);
  const Inputs inputs;
  std::vector<picovae_arena> memory(2);
  void* address = reinterpret_cast<char*>(memory.data()) + 16;
  auto* encoder = static_cast<picovae_encoder_arena*>(address);
  auto* decoder = static_cast<picovae_decoder_arena*>(address);
  auto* arena = static_cast<picovae_arena*>(address);
  std::vector<std::uint8_t> pixels(BuiltShape::kPixels, 0xa5);
  std::vector<std::int16_t> mu(BuiltShape::kLatent), logvar(BuiltShape::kLatent),
      logits(BuiltShape::kPixels);
  picovae_score score;
  int layer = 9;
  CHECK(picovae_self_test(&vae, decoder, &layer) == PICOVAE_MISALIGNED_ARENA);
  CHECK(picovae_generate(&vae, 1, 0, pixels.data(), decoder) == PICOVAE_MISALIGNED_ARENA);
  CHECK(picovae_generate_class(&vae, 1, kLabel, 0, pixels.data(), decoder) ==
        PICOVAE_MISALIGNED_ARENA);
  CHECK(picovae_decode(&vae, inputs.z.data(), pixels.data(), decoder) == PICOVAE_MISALIGNED_ARENA);
  CHECK(picovae_decode_logits(&vae, inputs.z.data(), logits.data(), decoder) ==
        PICOVAE_MISALIGNED_ARENA);
  CHECK(picovae_encode(&vae, inputs.x.data(), mu.data(), logvar.data(), encoder) ==
        PICOVAE_MISALIGNED_ARENA);
  CHECK(picovae_reconstruct(&vae, inputs.x.data(), pixels.data(), arena) ==
        PICOVAE_MISALIGNED_ARENA);
  CHECK(picovae_score_image(&vae, inputs.x.data(), &score, arena) == PICOVAE_MISALIGNED_ARENA);
  CHECK(std::count(std::begin(pixels), std::end(pixels), 0xa5) == BuiltShape::kPixels);
  CHECK(layer == 9);
}

TEST_CASE("messages are the engine's") {
  for (int i = 0; i < 256; ++i) {
    CHECK(std::string(picovae_message(static_cast<picovae_status>(i))) ==
          message(static_cast<Status>(i)));
  }
}

TEST_CASE("a C program has models of two shapes, each in a file of its own") {
  using Second = Shape<15, 7, 5, 3>;
  const auto blob = tools::pack_s8(tests::random_quantized_network(Second::kDimensions, 3),
                                   Layout::kHost, kBothParts, {});
  Vae<Second, Integer> vae;
  REQUIRE(vae.open(blob.bytes(), kScalarKernels) == Status::kOk);
  DecoderArena<Second, Integer> arena;
  std::array<std::uint8_t, Second::kPixels> expected{}, pixels{};
  REQUIRE(vae.generate(kSeed, kNumber, expected.data(), arena) == Status::kOk);
  const auto generate = [&](std::span<const std::byte> model) {
    return c_generate_second(model.data(), model.size(), picovae_kernels_scalar(), kSeed, kNumber,
                             pixels.data());
  };
  CHECK(generate(blob.bytes()) == PICOVAE_OK);
  CHECK(pixels == expected);
  CHECK(generate(built_blob().bytes()) == PICOVAE_WRONG_SHAPE);
}
