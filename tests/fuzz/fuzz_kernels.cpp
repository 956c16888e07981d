// Any valid integer model on all kernels that run here, those of boards in plain C++ included: one
// result, whether images go through a call alone, together or in steps.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "picovae/forward.hpp"
#include "picovae/kernels.hpp"
#include "picovae/steps.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tests/fuzz/any_model.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/fuzz/rv32_on_host.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/pack.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

constexpr std::size_t kMostRows = 5;

// Each function for integer layers once, but for the reference.
std::vector<const Kernels*> all_kernels() {
  std::vector<const Kernels*> all{&kSmallKernels, &kRv32OnHost};
  for (const Kernels* kernels : runnable_kernels(&Kernels::s8)) {
    if (kernels->isa != Isa::kScalar) all.push_back(kernels);
  }
  return all;
}

// Two parts of a layer, one after the other, as threads would share it.
struct Halves {
  void operator()(const LayerCall& call) const {
    const std::size_t middle = call.panels() / 2;
    if (middle != 0) call.run_panels(0, middle);
    call.run_panels(middle, call.panels());
  }
};

struct Images {
  std::size_t count;
  std::vector<std::uint8_t> x;
  std::vector<std::int16_t> z;
};

// What is called.
enum class Calls : std::uint8_t { kBoth, kDrawn, kScored, kGolden };
constexpr Calls kAllCalls[] = {Calls::kBoth, Calls::kDrawn, Calls::kScored, Calls::kGolden};

// All that a model makes of images, by those calls.
struct Results {
  std::vector<std::int16_t> values;
  std::vector<std::uint8_t> pixels;
  std::vector<Score> scores;

  bool operator==(const Results&) const = default;
};

template <typename Run>
Forward<Integer, RunTimeShape, Run> opened(const tools::BlobBytes& blob, const Kernels& kernels) {
  Forward<Integer, RunTimeShape, Run> vae;
  must(vae.open(blob.bytes(), kernels) == Status::kOk, "open", kernels.name);
  return vae;
}

// `rows` images to a call.
template <typename Run>
Results run(const tools::BlobBytes& blob, const Kernels& kernels, const Images& images,
            std::size_t rows, Calls calls) {
  const auto vae = opened<Run>(blob, kernels);
  const Dimensions d = vae.dimensions();
  const std::size_t latents = images.count * d.latent, pixels = images.count * d.pixels;
  const std::size_t row = arena_size<Integer>(d);
  tools::AlignedVector<std::byte> memory(rows * row);
  const DynamicArena arena{memory.data(), rows};
  const auto check = [&](Status status, const char* call) {
    must(status == Status::kOk, call, kernels.name);
  };
  Results r;
  if (calls == Calls::kGolden) {
    Layer differs{};
    check(vae.self_test(arena, row, differs), "self_test");
    return r;
  }
  if (calls == Calls::kBoth) r.values.resize(2 * latents + pixels);
  if (calls == Calls::kScored) r.scores.resize(images.count);
  r.pixels.resize(2 * pixels);
  for (std::size_t first = 0; first < images.count; first += rows) {
    const std::size_t count = std::min(rows, images.count - first);
    const std::uint8_t* x = images.x.data() + first * d.pixels;
    const std::int16_t* z = images.z.data() + first * d.latent;
    const std::size_t to = first * d.pixels;
    std::uint8_t* out = r.pixels.data() + to;
    if (calls == Calls::kBoth) {
      std::int16_t* mu = r.values.data() + first * d.latent;
      std::int16_t* logits = r.values.data() + 2 * latents + to;
      check(vae.encode(x, mu, mu + latents, arena, count), "encode");
      check(vae.decode(z, out, arena, count), "decode");
      check(vae.decode_logits(z, logits, arena, count), "decode_logits");
    } else if (calls == Calls::kDrawn) {
      check(vae.generate(1, static_cast<std::uint32_t>(first), out, arena, count), "generate");
      check(vae.reconstruct(x, out + pixels, arena, count), "reconstruct");
    } else {
      check(vae.score(x, r.scores.data() + first, arena, count), "score");
    }
  }
  return r;
}

// The first image's pixels.
std::vector<std::uint8_t> in_steps(const tools::BlobBytes& blob, const Kernels& kernels,
                                   const Images& images, std::size_t outputs) {
  const auto vae = opened<CallingThread>(blob, kernels);
  tools::AlignedVector<std::byte> memory(decoder_arena_size<Integer>(vae.dimensions()));
  std::vector<std::uint8_t> pixels(vae.dimensions().pixels);
  DecodeSteps steps;
  must(steps.begin(vae, images.z.data(), pixels.data(), {memory.data(), 1}) == Status::kOk, "begin",
       kernels.name);
  int calls = 0;
  while (!steps.step(vae, outputs)) must(++calls < 100, "an end of the steps", kernels.name);
  return pixels;
}

Images any_images(Input& input, Dimensions d) {
  Images images{input.size(1, kMostRows), {}, {}};
  Dice dice(input.any<std::uint8_t>());
  const bool ends = input.flag();  // nothing but black and white, and latents at their limits
  for (std::size_t i = 0; i < images.count * d.pixels; ++i) {
    const std::int32_t pixel = ends ? 255 * dice.between(0, 1) : dice.between(0, 255);
    images.x.push_back(static_cast<std::uint8_t>(pixel));
  }
  for (std::size_t i = 0; i < images.count * d.latent; ++i) {
    const std::int32_t z = ends ? 65535 * dice.between(0, 1) - 32768 : dice.between(-8191, 8191);
    images.z.push_back(static_cast<std::int16_t>(z));
  }
  return images;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<const Kernels*> kernels = all_kernels();
  Input input(data, size);
  const tools::QuantizedNetwork network = AnyModel(input).network();
  const Images images = any_images(input, network.dimensions);
  const std::size_t rows = input.size(1, kMostRows), outputs = input.size(0, 100);
  const Calls calls = input.of(kAllCalls);
  const bool in_halves = input.flag(), with_steps = input.flag() && calls == Calls::kBoth;
  constexpr std::uint8_t kBoth = kEncoderPart | kDecoderPart;
  const tools::BlobBytes host = tools::pack_s8(network, Layout::kHost, kBoth, {});
  const tools::BlobBytes board = tools::pack_s8(network, Layout::kCortexM, kBoth, {});

  const Results expected = run<CallingThread>(host, kScalarKernels, images, 1, calls);
  for (const Kernels* each : kernels) {
    const bool of_host = each->layout == Layout::kHost;
    const tools::BlobBytes& blob = of_host ? host : board;
    const Results found = of_host && in_halves
                              ? run<Halves>(blob, *each, images, rows, calls)
                              : run<CallingThread>(blob, *each, images, rows, calls);
    must(found == expected, "one result", each->name);
    if (!with_steps) continue;
    const auto pixels = in_steps(blob, *each, images, outputs);
    must(std::equal(pixels.begin(), pixels.end(), expected.pixels.begin()), "one result in steps",
         each->name);
  }
  return 0;
}
