// A model with dead pixels gives what its twin gives that computes them all, bit for bit: by every
// call and every kernel, in batches, between guard pages.
#include "picovae/live.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "picovae/vae.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/guarded.hpp"
#include "tests/engine/live_models.hpp"
#include "tests/engine/runnable_kernels.hpp"

using namespace picovae;
using namespace picovae::tests;
using tools::LiveMasks;
using tools::QuantizedNetwork;

namespace {

constexpr std::size_t kBatch = 5;

// Nothing is written before it, and nothing behind it is read or written.
template <typename T>
class GuardedArray {
 public:
  explicit GuardedArray(std::size_t count) : bytes_(kFront + count * sizeof(T)) {
    std::fill(bytes_.bytes().begin(), bytes_.bytes().end(), kPattern);
  }
  explicit GuardedArray(std::span<const T> values) : GuardedArray(values.size()) {
    std::copy(values.begin(), values.end(), data());
  }
  T* data() { return reinterpret_cast<T*>(bytes_.bytes().data() + kFront); }
  std::vector<T> values() {
    const auto front = bytes_.bytes().first(kFront);
    CHECK(std::count(front.begin(), front.end(), kPattern) == kFront);
    return {data(), data() + (bytes_.bytes().size() - kFront) / sizeof(T)};
  }

 private:
  static constexpr std::size_t kFront = 64;
  static constexpr std::byte kPattern{0xa5};
  GuardedBytes bytes_;
};

// Images, and latents to decode.
struct Inputs {
  std::vector<std::uint8_t> x;
  std::vector<std::int16_t> z;

  explicit Inputs(Dimensions d) {
    Dice dice(4);
    for (std::size_t i = 0; i < kBatch * d.pixels; ++i) {
      x.push_back(static_cast<std::uint8_t>(dice.between(0, 255)));
    }
    for (std::size_t i = 0; i < kBatch * d.latent; ++i) {
      z.push_back(static_cast<std::int16_t>(dice.between(-4000, 4000)));
    }
  }
};

// What `count` images of every call gave; a call that the model has no part for left its arrays.
struct Results {
  std::vector<std::int16_t> mu, logvar, logits;
  std::vector<std::uint8_t> decoded, drawn, copies;
  std::vector<Score> scores;

  bool operator==(const Results&) const = default;
};

Results run(const tools::BlobBytes& blob, const Kernels& kernels, const Inputs& inputs,
            std::size_t count) {
  DynamicVae<Integer> vae;
  REQUIRE(vae.open(blob.bytes(), kernels) == Status::kOk);
  const Dimensions d = vae.dimensions();
  GuardedBytes encoder(count * encoder_arena_size<Integer>(d), kArenaAlignment);
  GuardedBytes decoder(count * decoder_arena_size<Integer>(d), kArenaAlignment);
  GuardedBytes both(count * arena_size<Integer>(d), kArenaAlignment);
  const auto arena = [&](GuardedBytes& memory) -> DynamicArena {
    std::fill(memory.bytes().begin(), memory.bytes().end(), std::byte{0xff});
    return {memory.bytes().data(), count};
  };
  GuardedArray<std::uint8_t> x(std::span(inputs.x).first(count * d.pixels));
  GuardedArray<std::int16_t> z(std::span(inputs.z).first(count * d.latent));
  GuardedArray<std::int16_t> mu(count * d.latent), logvar(count * d.latent);
  GuardedArray<std::int16_t> logits(count * d.pixels);
  GuardedArray<std::uint8_t> decoded(count * d.pixels), drawn(count * d.pixels),
      copies(count * d.pixels);
  GuardedArray<Score> scores(count);

  const Status of_encoder = vae.view().has(kEncoderPart) ? Status::kOk : Status::kNoEncoder;
  const Status of_decoder = vae.view().has(kDecoderPart) ? Status::kOk : Status::kNoDecoder;
  const Status of_both = of_decoder == Status::kOk ? of_encoder : of_decoder;
  CHECK(vae.encode(x.data(), mu.data(), logvar.data(), arena(encoder), count) == of_encoder);
  CHECK(vae.decode_logits(z.data(), logits.data(), arena(decoder), count) == of_decoder);
  CHECK(vae.decode(z.data(), decoded.data(), arena(decoder), count) == of_decoder);
  CHECK(vae.generate(7, 30, drawn.data(), arena(decoder), count) == of_decoder);
  CHECK(vae.reconstruct(x.data(), copies.data(), arena(both), count) == of_both);
  CHECK(vae.score(x.data(), scores.data(), arena(both), count) == of_both);
  const Results results{mu.values(),    logvar.values(), logits.values(), decoded.values(),
                        drawn.values(), copies.values(), scores.values()};
  // In place.
  CHECK(vae.reconstruct(x.data(), x.data(), arena(both), count) == of_both);
  if (of_both == Status::kOk) CHECK(x.values() == results.copies);

  CHECK(vae.verify() == Status::kOk);
  Layer differs{};
  CHECK(vae.self_test(arena(decoder), decoder_arena_size<Integer>(d), differs) == Status::kOk);
  return results;
}

Results first(const Results& all, std::size_t count) {
  const auto part = [&](auto values) {
    values.resize(values.size() / kBatch * count);
    return values;
  };
  return {part(all.mu),    part(all.logvar), part(all.logits), part(all.decoded),
          part(all.drawn), part(all.copies), part(all.scores)};
}

// Dead outputs are dark and cost what their logits say.
void check_dead(const Results& results, const LiveMasks& live) {
  const std::size_t pixels = live.outputs.size();
  std::size_t dead = 0, wrong = 0;
  for (std::size_t p = 0; p < pixels; ++p) {
    if (live.outputs[p] != 0) continue;
    for (std::size_t i = p; i < results.logits.size(); i += pixels) {
      if (results.logits[i] != live.dead_logits[dead] || results.decoded[i] != 0 ||
          results.drawn[i] != 0 || results.copies[i] != 0) {
        ++wrong;
      }
    }
    ++dead;
  }
  CHECK(wrong == 0);
}

void check_twins(Dimensions dimensions, const LiveMasks& live, std::uint8_t parts = kBothParts) {
  const QuantizedNetwork whole = random_quantized_network(dimensions, 3);
  const QuantizedNetwork pruned = without_dead_pixels(whole, live);
  const QuantizedNetwork twin = with_constant_pixels(whole, live);
  const Inputs inputs(dimensions);
  const auto blob_of = [&](const QuantizedNetwork& network, Layout layout) {
    return tools::pack_s8(network, layout, parts, {});
  };
  const Results wanted = run(blob_of(twin, Layout::kHost), kScalarKernels, inputs, kBatch);
  if (parts == kBothParts) check_dead(wanted, live);
  std::vector<const Kernels*> all = runnable_kernels();
  all.push_back(&kSmallKernels);
  for (const Kernels* kernels : all) {
    CAPTURE(std::string(kernels->name));
    const auto blob = blob_of(pruned, kernels->layout);
    CHECK(blob.header().model_id != blob_of(twin, kernels->layout).header().model_id);
    for (std::size_t count = 1; count <= kBatch; ++count) {
      CAPTURE(count);
      CHECK(run(blob, *kernels, inputs, count) == first(wanted, count));
    }
  }
}

// Pixels of a few more than whole panels, runs or pieces of a score; and those of MNIST.
constexpr Dimensions kShapes[] = {
    {15, 7, 5, 3}, {127, 40, 16, 4}, {300, 5, 3, 2}, {449, 64, 33, 40}, {784, 30, 20, 10}};

}  // namespace

TEST_CASE("dead pixels at both ends, at one of them, and at the corners") {
  for (const Dimensions d : kShapes) {
    CAPTURE(d.pixels);
    Dice dice(d.pixels);
    for (const bool corners : {false, true}) {
      const Mask inputs = random_mask(d.pixels, corners, dice);
      const Mask outputs = random_mask(d.pixels, corners, dice);
      check_twins(d, random_logits(inputs, outputs, dice));
      check_twins(d, random_logits(inputs, {}, dice));
      check_twins(d, random_logits({}, outputs, dice));
    }
  }
}

TEST_CASE("only one pixel lives, or only one is dead") {
  for (const Dimensions d : kShapes) {
    CAPTURE(d.pixels);
    Dice dice(d.pixels);
    const std::size_t last = d.pixels - 1u;
    for (const std::size_t pixel : {std::size_t{0}, last / 2, last}) {
      CAPTURE(pixel);
      check_twins(
          d, random_logits(only_pixel(d.pixels, pixel), only_pixel(d.pixels, last - pixel), dice));
      Mask one_dead(d.pixels, 1);
      one_dead[pixel] = 0;
      check_twins(d, random_logits(one_dead, one_dead, dice));
    }
  }
}

TEST_CASE("half a model") {
  for (const Dimensions d : kShapes) {
    CAPTURE(d.pixels);
    Dice dice(d.pixels);
    const LiveMasks live =
        random_logits(random_mask(d.pixels, true, dice), random_mask(d.pixels, true, dice), dice);
    check_twins(d, live, kEncoderPart);
    check_twins(d, live, kDecoderPart);
  }
}

TEST_CASE("what a dead input shows does not reach the code, and its cost reaches the score") {
  constexpr Dimensions kSize{127, 40, 16, 4};
  Dice dice(5);
  const LiveMasks live = random_logits(random_mask(kSize.pixels, true, dice), {}, dice);
  const auto blob = tools::pack_s8(without_dead_pixels(random_quantized_network(kSize, 3), live),
                                   Layout::kHost, kBothParts, {});
  Inputs inputs(kSize);
  const Results before = run(blob, kScalarKernels, inputs, kBatch);
  // The values spread, so that agreement means something.
  CHECK(std::set(before.mu.begin(), before.mu.end()).size() > kBatch);
  CHECK(std::set(before.copies.begin(), before.copies.end()).size() > 15);
  for (std::size_t i = 0; i < inputs.x.size(); ++i) {
    if (live.inputs[i % kSize.pixels] == 0) inputs.x[i] ^= 0x80;
  }
  const Results after = run(blob, kScalarKernels, inputs, kBatch);
  CHECK(after.mu == before.mu);
  CHECK(after.logvar == before.logvar);
  CHECK(after.copies == before.copies);
  for (std::size_t i = 0; i < kBatch; ++i) {
    CHECK(after.scores[i].kl == before.scores[i].kl);
    CHECK(after.scores[i].squares != before.scores[i].squares);
  }
  inputs.x[static_cast<std::size_t>(std::find(live.inputs.begin(), live.inputs.end(), 1) -
                                    live.inputs.begin())] ^= 0x80;
  CHECK(run(blob, kScalarKernels, inputs, kBatch).mu != after.mu);
}

TEST_CASE("pixels are halved, parted and spread in order") {
  // Of 11 pixels 1, 2, 5 and 8 live; behind the runs are the logits of the others.
  alignas(std::uint16_t) std::uint8_t bytes[2 + 2 * 4 + 2 * 7] = {4, 0, 1, 2, 2, 1, 2, 1, 2, 0};
  const LivePixels live{reinterpret_cast<const std::uint16_t*>(bytes)};
  CHECK(live.run_count() == 4);
  CHECK(reinterpret_cast<const std::uint8_t*>(live.dead_logits()) == bytes + 10);
  const std::uint8_t x[] = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
  std::uint8_t halves[4];
  detail::halve_live(live, x, halves);
  const std::uint8_t halved[] = {5, 6, 7, 9};
  CHECK(std::equal(halves, halves + 4, halved));
  std::uint8_t parted[11];
  detail::part_pixels(live, x, parted, parted + 4);
  const std::uint8_t wanted[] = {11, 12, 15, 18, 10, 13, 14, 16, 17, 19, 20};
  CHECK(std::equal(parted, parted + 11, wanted));
  detail::spread_live(live, parted, 11, 4);
  const std::uint8_t spread[] = {0, 11, 12, 0, 0, 15, 0, 0, 18, 0, 0};
  CHECK(std::equal(parted, parted + 11, spread));
  CHECK(live_section_size(4, 0) == 10);
  CHECK(live_section_size(4, 7) == 24);
  CHECK(live_section_size(1, 1) == 6);
}
