// picovae map: the latent space of a model as a picture.
#include <fmt/core.h>

#include <memory>
#include <vector>

#include "tools/base/file.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/codes.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/gnuplot.hpp"
#include "tools/view/grid.hpp"
#include "tools/view/latent_map.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data, out;
  std::size_t side = 20;
  std::size_t validation = 0;
  unsigned threads = 1;
};

// [side][side] digits, the topmost row first: unit 0 grows to the right, unit 1 upwards.
std::vector<std::uint8_t> draw_grid(Model& model, std::array<std::size_t, 2> units,
                                    std::size_t side) {
  const std::vector<double> quantiles = normal_quantiles(side);
  const auto [pixels, latent] =
      std::array<std::size_t, 2>{model.dimensions().pixels, model.dimensions().latent};
  std::vector<float> z(side * side * latent);
  for (std::size_t row = 0; row < side; ++row) {
    for (std::size_t column = 0; column < side; ++column) {
      float* code = z.data() + (row * side + column) * latent;
      code[units[0]] = static_cast<float>(quantiles[column]);
      code[units[1]] = static_cast<float>(quantiles[side - 1 - row]);
    }
  }
  std::vector<std::uint8_t> digits(side * side * pixels);
  model.decode(z, digits.data());
  return digits;
}

void run(const Options& options) {
  check_writable(options.out);
  const auto model = load_model(options.model, chosen_kernels());
  const std::size_t pixels = model->dimensions().pixels;
  const auto held_out = load_held_out(options.data, pixels, options.validation);
  const Codes codes = encode_images(*model, held_out.images.pixels, {.threads = options.threads});
  const std::vector<PlanePoint> points = project_codes(codes, held_out.labels);
  const std::vector<std::size_t> active = active_latents(codes);
  const std::array<std::size_t, 2> units = {active[0], active[1]};
  const auto digits = draw_grid(*model, units, options.side);
  write_file(options.out,
             run_gnuplot(
                 map_script({units, options.side, image_size(pixels, model->header().columns),
                             digits, points, held_out.labels, held_out_name(options.validation)})));
  say("{}: {} x {} digits over latents {} and {} of {} active ones, {} codes\n",
      options.out.string(), options.side, options.side, units[0], units[1], active.size(),
      codes.count);
}

}  // namespace

void add_map(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command = line.add(
      "map",
      "Draw the latent space: digits over two latents, and the test set's codes by label, if any",
      "Example:\n  picovae map model.pvae --out map.png");
  command.model(options->model, "A .safetensors or .pvae model with both halves");
  command.data(options->data);
  command.out(options->out, "FILE.png", "PNG to write (by gnuplot)");
  command.whole("--side", options->side, {2, 40}, "N", "Digits each way");
  command.validation(options->validation);
  command.threads(options->threads);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
