// picovae interpolate: the deck's figure, from the code of one training digit to another's.
#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "tools/base/built_shape.hpp"
#include "tools/base/error.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/grid.hpp"
#include "tools/view/png.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data, out;
  int from = 0, to = 8;
  std::size_t steps = 10;
};

// Posterior mean of the first training image with this label.
std::vector<float> code_of(Model& model, const LabelledImages& train, int label) {
  for (std::size_t i = 0; i < train.labels.size(); ++i) {
    if (train.labels[i] != label) continue;
    std::vector<float> image(BuiltShape::kPixels);
    for (std::size_t k = 0; k < image.size(); ++k) {
      image[k] = pixel_value(train.images.pixels[i * image.size() + k], PixelMode::kGray, 0);
    }
    std::vector<float> mu(BuiltShape::kLatent), logvar(BuiltShape::kLatent);
    model.encode(image, mu.data(), logvar.data());
    return mu;
  }
  const auto [lowest, highest] = std::minmax_element(train.labels.begin(), train.labels.end());
  fail("no training image has the label {}; there are labels from {} to {}", label, *lowest,
       *highest);
}

void run(const Options& options) {
  const std::size_t side = image_side();
  const auto model = load_model(options.model, chosen_kernels());
  const auto train = load_split(options.data, Split::kTrain, BuiltShape::kPixels);
  const std::vector<float> from = code_of(*model, train, options.from);
  const std::vector<float> to = code_of(*model, train, options.to);
  std::vector<float> codes;
  for (std::size_t step = 0; step < options.steps; ++step) {
    const float t = static_cast<float>(step) / static_cast<float>(options.steps - 1);
    for (std::size_t i = 0; i < from.size(); ++i) codes.push_back(from[i] + t * (to[i] - from[i]));
  }
  std::vector<std::uint8_t> pixels(options.steps * BuiltShape::kPixels);
  model->decode(codes, pixels.data());
  write_png(options.out, compose_grid(pixels, side, side, {.columns = options.steps}));
  fmt::print("{}: {} to {} in {} steps\n", options.out.string(), options.from, options.to,
             options.steps);
}

}  // namespace

void add_interpolate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  const Command command(app, "interpolate",
                        "Walk from the code of one training digit to another's, as a PNG");
  command.path("model", options->model, "A .safetensors or .pvae model")
      .required()
      .type_name("MODEL");
  add_data_option(command, options->data);
  command.whole("--from", options->from, "Label of the first digit", 0, 255)
      .type_name("LABEL")
      .shows_default();
  command.whole("--to", options->to, "Label of the last digit", 0, 255)
      .type_name("LABEL")
      .shows_default();
  command.whole("--steps", options->steps, "Digits to draw, both ends included", 2, 1000)
      .type_name("N")
      .shows_default();
  command.path("--out", options->out, "PNG to write").required().type_name("FILE");
  command.footer(
      "Example:\n"
      "  picovae interpolate model.pvae --from 0 --to 8 --steps 10 --out morph.png");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
