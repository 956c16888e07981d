// picovae interpolate: the deck's figure, from the code of one training digit to another's.
#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/base/isa.hpp"
#include "tools/base/png.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/codes.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/grid.hpp"

namespace picovae::tools {
namespace {

// Where the walk begins or ends: at the first training image with a label, or at one by number.
struct End {
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  int label;
  std::size_t image = kNone;

  std::string name() const {
    return image == kNone ? std::to_string(label) : fmt::format("image {}", image);
  }
};

struct Options {
  std::filesystem::path model, data, out;
  End from{.label = 0}, to{.label = 8};
  std::size_t steps = 10;
};

// Number of the first training image with this label.
std::size_t image_with(int label, const LabeledImages& train, const std::filesystem::path& data) {
  if (train.labels.empty()) {
    fail("{}: has no labels; name images by their numbers: --from-image and --to-image",
         data.string());
  }
  const auto found = std::find(train.labels.begin(), train.labels.end(), label);
  if (found == train.labels.end()) {
    const auto [lowest, highest] = std::minmax_element(train.labels.begin(), train.labels.end());
    fail("no training image has the label {}; there are labels from {} to {}", label, *lowest,
         *highest);
  }
  return static_cast<std::size_t>(found - train.labels.begin());
}

// Posterior mean of the image at an end of the walk.
std::vector<float> code_of(const Model& model, const LabeledImages& train, const End& end,
                           const std::filesystem::path& data) {
  const std::size_t image =
      end.image != End::kNone ? end.image : image_with(end.label, train, data);
  if (image >= train.images.count) {
    fail("{}: has no image {}; its {} training images are numbered from 0", data.string(), image,
         train.images.count);
  }
  const std::size_t pixels = model.dimensions().pixels;
  return encode_images(model, std::span(train.images.pixels).subspan(image * pixels, pixels), {})
      .mu;
}

void run(const Options& options) {
  const auto model = load_model(options.model, chosen_kernels());
  const std::size_t image = model->dimensions().pixels;
  const auto train = load_split(options.data, Split::kTrain, image);
  const std::vector<float> from = code_of(*model, train, options.from, options.data);
  const std::vector<float> to = code_of(*model, train, options.to, options.data);
  std::vector<float> codes;
  for (std::size_t step = 0; step < options.steps; ++step) {
    const float t = static_cast<float>(step) / static_cast<float>(options.steps - 1);
    for (std::size_t i = 0; i < from.size(); ++i) codes.push_back(from[i] + t * (to[i] - from[i]));
  }
  std::vector<std::uint8_t> pixels(options.steps * image);
  model->decode(codes, pixels.data());
  write_png(options.out, compose_grid(pixels, image_size(image, model->header().columns),
                                      {.columns = options.steps}));
  say("{}: {} to {} in {} steps\n", options.out.string(), options.from.name(), options.to.name(),
      options.steps);
}

}  // namespace

void add_interpolate(CommandLine& line) {
  constexpr WholeRange kNumbers{.highest = End::kNone - 1};
  auto options = std::make_shared<Options>();
  Command command =
      line.add("interpolate", "Walk from the code of one training digit to another's, as a PNG",
               "Example:\n"
               "  picovae interpolate model.pvae --from 0 --to 8 --steps 10 --out morph.png");
  command.model(options->model);
  command.data(options->data);
  command.whole("--from", options->from.label, {0, 255}, "LABEL", "Label of the first digit");
  command.whole("--to", options->to.label, {0, 255}, "LABEL", "Label of the last digit");
  command
      .whole("--from-image", options->from.image, kNumbers, "N",
             "Training image to begin with, in place of --from; they are numbered from 0")
      .excludes("--from")
      .hide_default();
  command.whole("--to-image", options->to.image, kNumbers, "N", "Training image to end with")
      .excludes("--to")
      .hide_default();
  command.whole("--steps", options->steps, {2, 1000}, "N", "Digits to draw, both ends included");
  command.out(options->out, "FILE", "PNG to write");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
