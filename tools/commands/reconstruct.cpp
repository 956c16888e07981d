// picovae reconstruct: images over what the model makes of them.
#include <fmt/core.h>

#include <memory>
#include <vector>

#include "tools/base/built_shape.hpp"
#include "tools/base/error.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/data/dataset.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/pairs.hpp"
#include "tools/view/png.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data, image, out;
  std::size_t count = 20;
};

std::vector<std::uint8_t> load_images(const Options& options, std::size_t side) {
  if (options.image.empty()) {
    auto test = load_split(options.data, Split::kTest, BuiltShape::kPixels);
    if (options.count > test.images.count) {
      fail("{}: has {} test images; ask for at most as many with --count", options.data.string(),
           test.images.count);
    }
    test.images.pixels.resize(options.count * BuiltShape::kPixels);
    return test.images.pixels;
  }
  GrayImage image = read_png(options.image);
  if (image.width != side || image.height != side) {
    fail("{}: is {} x {} pixels; the model wants {} x {}, white ink on black",
         options.image.string(), image.width, image.height, side, side);
  }
  return std::move(image.pixels);
}

void run(const Options& options) {
  const std::size_t side = image_side();
  const auto model = load_model(options.model, chosen_kernels());
  const std::vector<std::uint8_t> images = load_images(options, side);
  std::vector<std::uint8_t> reconstructions(images.size());
  model->reconstruct(images, reconstructions.data());
  write_png(options.out, compose_pairs(images, reconstructions, side));
  fmt::print("{}: {} images over their reconstructions\n", options.out.string(),
             images.size() / BuiltShape::kPixels);
}

}  // namespace

void add_reconstruct(CLI::App& app) {
  auto options = std::make_shared<Options>();
  const Command command(app, "reconstruct", "Encode images and decode them again, as a PNG");
  command.path("model", options->model, "A .safetensors or .pvae model")
      .required()
      .type_name("MODEL");
  add_data_option(command, options->data);
  command.whole("--count", options->count, "Test images to take", 1, 10'000)
      .type_name("N")
      .shows_default();
  command.path("--image", options->image, "A PNG to take instead of test images")
      .type_name("FILE")
      .excludes("--count");
  command.path("--out", options->out, "PNG to write").required().type_name("FILE");
  command.footer("Example:\n  picovae reconstruct model.pvae --count 20 --out pairs.png");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
