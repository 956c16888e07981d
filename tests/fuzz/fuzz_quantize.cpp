// A float network of any finite weights, quantized: one short line, or a model that opens, verifies
// and passes its self-test on all kernels that run here.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "picovae/forward.hpp"
#include "picovae/kernels.hpp"
#include "tests/engine/runnable_kernels.hpp"
#include "tests/fuzz/any_floats.hpp"
#include "tests/fuzz/input.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/fuzz/one_line.hpp"
#include "tests/fuzz/rv32_on_host.hpp"
#include "tools/base/aligned.hpp"
#include "tools/format/pack.hpp"
#include "tools/quantize/order_units.hpp"
#include "tools/quantize/prune.hpp"
#include "tools/quantize/quantize_network.hpp"

namespace {

using namespace picovae;
using namespace picovae::tests;

constexpr std::size_t kMostPixels = 12, kMostUnits = 6, kMostImages = 16;

std::vector<std::uint8_t> any_images(Input& input, std::size_t pixels) {
  const std::size_t count = input.size(1, kMostImages);
  std::vector<std::uint8_t> images(count * pixels);
  for (std::uint8_t& pixel : images) pixel = input.any<std::uint8_t>();
  return images;
}

void run_golden(const tools::QuantizedNetwork& network) {
  constexpr std::uint8_t kBoth = kEncoderPart | kDecoderPart;
  const tools::BlobBytes host = tools::pack_s8(network, Layout::kHost, kBoth, {});
  const tools::BlobBytes board = tools::pack_s8(network, Layout::kCortexM, kBoth, {});
  std::vector<const Kernels*> kernels = runnable_kernels(&Kernels::s8);
  kernels.insert(kernels.end(), {&kSmallKernels, &kRv32OnHost});
  constexpr std::size_t kRows = 3, kRowSize = round_up(kSelfTestRowSize, kArenaAlignment);
  tools::AlignedVector<std::byte> scratch(kRows * kRowSize);
  for (const Kernels* each : kernels) {
    DynamicVae<Integer> vae;
    const auto& blob = each->layout == Layout::kHost ? host : board;
    must(vae.open(blob.bytes(), *each) == Status::kOk, "open", each->name);
    must(vae.verify() == Status::kOk, "verify", each->name);
    Layer differs{};
    must(vae.self_test({scratch.data(), kRows}, kRowSize, differs) == Status::kOk, "the self-test",
         each->name);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Kernels& kernels = select_kernels();
  Input input(data, size);
  const std::uint8_t options = input.any<std::uint8_t>();
  tools::Network network = any_floats(input, kMostPixels, kMostUnits);
  const std::vector<std::uint8_t> images = any_images(input, network.pixels);
  std::optional<tools::QuantizedNetwork> quantized;
  one_line_or_none([&] {
    tools::QuantizeOptions how{.images = 10};
    if ((options & 1) != 0) how.decoder_bits = 4;
    if ((options & 2) != 0) how.greatest = kMaxActivation;
    if (how.decoder_bits == 4) network = tools::order_units(network, images, how, kernels);
    if ((options & 4) != 0) {
      const double nats = (options & 8) != 0 ? 1000 : 0.01;
      tools::Pruned pruned = tools::prune(network, images, {.nats = nats}, kernels);
      network = std::move(pruned.network);
      how.live = std::move(pruned.live);
    }
    quantized = tools::quantize_network(network, images, how, kernels).network;
  });
  if (quantized) run_golden(*quantized);  // what was quantized can be packed
  return 0;
}
