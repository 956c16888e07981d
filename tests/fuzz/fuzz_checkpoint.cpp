// Any bytes as a checkpoint, with a checksum that is right: refused with one short line, or a
// training goes on from it, or ends with such a line.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "tests/fuzz/checkpoint.hpp"
#include "tests/fuzz/must.hpp"
#include "tests/fuzz/one_line.hpp"
#include "tests/tools/train/mend_checkpoint.hpp"
#include "tools/train/checkpoint.hpp"
#include "tools/train/trainer.hpp"

using namespace picovae;
using namespace picovae::tests;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Kernels& kernels = select_kernels();
  const std::span bytes(data, size);
  std::vector<std::byte> file(std::as_bytes(bytes).begin(), std::as_bytes(bytes).end());
  mend_checkpoint(file);
  one_line_or_none([&] {
    const auto checkpoint = tools::parse_checkpoint(file, "FILE");
    const tools::Recipe recipe = checkpoint_recipe();
    one_line_or_none(
        [&] { tools::require_same_settings(checkpoint, tools::settings_of(recipe), "FILE"); });
    const auto images = checkpoint_images();
    tools::Trainer trainer(kCheckpointShape, images, recipe, kernels);
    trainer.restore(checkpoint.state, "FILE");
    const auto state = trainer.state();
    tools::Trainer other(kCheckpointShape, images, recipe, kernels);
    other.restore(state, "FILE");
    must(other.state() == state, "a state that is restored");
    if (trainer.epoch() < recipe.epochs) trainer.run_epoch({});
  });
  return 0;
}
