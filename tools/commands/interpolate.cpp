// picovae interpolate: the deck's figure, from the code of one training digit to another's.
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <span>
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

struct Options {
  std::filesystem::path model, data, out;
  int from = 0, to = 8;
  std::size_t steps = 10;
};

// Posterior mean of the first training image with this label.
std::vector<float> code_of(const Model& model, const LabeledImages& train, int label) {
  const auto found = std::find(train.labels.begin(), train.labels.end(), label);
  if (found == train.labels.end()) {
    const auto [lowest, highest] = std::minmax_element(train.labels.begin(), train.labels.end());
    fail("no training image has the label {}; there are labels from {} to {}", label, *lowest,
         *highest);
  }
  const auto index = static_cast<std::size_t>(found - train.labels.begin());
  const std::size_t pixels = model.dimensions().pixels;
  const auto image = std::span(train.images.pixels).subspan(index * pixels, pixels);
  return encode_images(model, image, {}).mu;
}

void run(const Options& options) {
  const auto model = load_model(options.model, chosen_kernels());
  const std::size_t image = model->dimensions().pixels;
  const auto train = load_split(options.data, Split::kTrain, image);
  require_labels(train, options.data);
  const std::vector<float> from = code_of(*model, train, options.from);
  const std::vector<float> to = code_of(*model, train, options.to);
  std::vector<float> codes;
  for (std::size_t step = 0; step < options.steps; ++step) {
    const float t = static_cast<float>(step) / static_cast<float>(options.steps - 1);
    for (std::size_t i = 0; i < from.size(); ++i) codes.push_back(from[i] + t * (to[i] - from[i]));
  }
  std::vector<std::uint8_t> pixels(options.steps * image);
  model->decode(codes, pixels.data());
  write_png(options.out, compose_grid(pixels, image_size(image, model->header().columns),
                                      {.columns = options.steps}));
  say("{}: {} to {} in {} steps\n", options.out.string(), options.from, options.to, options.steps);
}

}  // namespace

void add_interpolate(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command =
      line.add("interpolate", "Walk from the code of one training digit to another's, as a PNG",
               "Example:\n"
               "  picovae interpolate model.pvae --from 0 --to 8 --steps 10 --out morph.png");
  command.model(options->model);
  command.data(options->data);
  command.whole("--from", options->from, {0, 255}, "LABEL", "Label of the first digit");
  command.whole("--to", options->to, {0, 255}, "LABEL", "Label of the last digit");
  command.whole("--steps", options->steps, {2, 1000}, "N", "Digits to draw, both ends included");
  command.out(options->out, "FILE", "PNG to write");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
