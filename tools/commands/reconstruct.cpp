// picovae reconstruct: images over what the model makes of them.
#include <fmt/core.h>

#include <memory>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/base/isa.hpp"
#include "tools/base/png.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/grid.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data, image, out;
  std::size_t count = 20;
  std::size_t validation = 0;
};

std::vector<std::uint8_t> load_images(const Options& options, ImageSize size) {
  if (options.image.empty()) {
    const auto held_out = load_held_out(options.data, size.width * size.height, options.validation);
    const auto images = first_images(held_out, options.count, options.data);
    return {images.begin(), images.end()};
  }
  GrayImage image = read_png(options.image);
  if (image.width != size.width || image.height != size.height) {
    fail("{}: is {} x {} pixels; the model wants {} x {}, white ink on black",
         options.image.string(), image.width, image.height, size.width, size.height);
  }
  return std::move(image.pixels);
}

void run(const Options& options) {
  const auto model = load_model(options.model, chosen_kernels());
  const std::size_t pixels = model->dimensions().pixels;
  const ImageSize size = image_size(pixels, model->header().columns);
  const std::vector<std::uint8_t> images = load_images(options, size);
  std::vector<std::uint8_t> reconstructions(images.size());
  model->reconstruct(images, reconstructions.data());
  write_png(options.out, compose_pairs(images, reconstructions, size));
  say("{}: {} images over their reconstructions\n", options.out.string(), images.size() / pixels);
}

}  // namespace

void add_reconstruct(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command =
      line.add("reconstruct", "Encode images and decode them again, as a PNG",
               "Example:\n  picovae reconstruct model.pvae --count 20 --out pairs.png");
  command.model(options->model);
  command.data(options->data);
  command.whole("--count", options->count, {1, 10'000}, "N", "Test images to take");
  command.validation(options->validation);
  command
      .path("--image", options->image, Access::kRead, "FILE",
            "A PNG to take instead of test images")
      .excludes("--count")
      .excludes("--validation");
  command.out(options->out, "FILE", "PNG to write");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
