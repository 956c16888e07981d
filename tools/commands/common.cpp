#include "tools/commands/common.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <thread>

#include "tools/base/built_shape.hpp"
#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

// As tools/fetch_mnist.sh has it.
std::filesystem::path default_data_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::filesystem::path{value == nullptr ? "" : value};
  };
  const auto cache = variable("XDG_CACHE_HOME");
  return (cache.empty() ? variable("HOME") / ".cache" : cache) / "picovae" / "mnist";
}

}  // namespace

std::size_t image_side() {
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(BuiltShape::kPixels)));
  if (side * side != BuiltShape::kPixels) {
    fail("{} pixels make no square image; pictures need one", BuiltShape::kPixels);
  }
  return side;
}

void add_data_option(const Command& command, std::filesystem::path& folder) {
  folder = default_data_folder();
  command
      .path("--data", folder,
            "Folder of a data set's four IDX files, plain or .gz: MNIST (tools/fetch_mnist.sh) "
            "or another; DIR/PREFIX where their names have one, as emnist-letters")
      .type_name("DIR")
      .shows_default();
}

void add_seed_option(const Command& command, std::uint64_t& seed, const char* what) {
  command.whole("--seed", seed, what, 0).type_name("N").shows_default();
}

void add_threads_option(const Command& command, unsigned& threads) {
  threads = std::max(1U, std::thread::hardware_concurrency());
  command.whole("--threads", threads, "Threads; the result does not depend on them", 1, 256)
      .type_name("N")
      .shows_default();
}

void add_pixels_option(const Command& command, PixelMode& pixels) {
  command
      .choice("--pixels", pixels, kPixelModes,
              "gray: p / 255; binary: p > 127; stochastic: 1 with probability p / 255")
      .type_name("gray|binary|stochastic")
      .shows_default();
}

void add_validation_option(const Command& command, std::size_t& images) {
  command
      .whole("--validation", images,
             "Hold the last N training images out and judge by them, not by the test set", 0)
      .type_name("N");
}

void add_json_option(const Command& command, bool& json) {
  command.flag("--json", json, "Print the result as JSON");
}

}  // namespace picovae::tools
