// picovae encode: the posteriors of a data set, as CSV and as a checksum that is equal everywhere.
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "picovae/crc32c.hpp"
#include "picovae/latent.hpp"
#include "tools/base/built_shape.hpp"
#include "tools/base/file.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/data/dataset.hpp"
#include "tools/data/pixels.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/progress.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model, data, out;
  Split split = Split::kTest;
  bool json = false;
};

constexpr std::size_t kLatent = BuiltShape::kLatent;
constexpr std::size_t kPart = 1000;  // images at a time

using Code = std::array<float, 2 * kLatent>;  // mu, then logvar

// Encodes everything. `take` is called with each image's code, in order.
template <typename Take>
void for_each_code(Model& model, const LabelledImages& data, Take take) {
  const std::size_t count = data.images.count;
  Progress bar("encoding", count);
  std::vector<float> x, mu(kPart * kLatent), logvar(kPart * kLatent);
  for (std::size_t first = 0; first < count; first += kPart) {
    const std::size_t part = std::min(kPart, count - first);
    x.clear();
    for (std::size_t i = 0; i < part * BuiltShape::kPixels; ++i) {
      x.push_back(
          pixel_value(data.images.pixels[first * BuiltShape::kPixels + i], PixelMode::kGray, 0));
    }
    model.encode(x, mu.data(), logvar.data());
    for (std::size_t i = 0; i < part; ++i) {
      Code code;
      std::copy_n(mu.data() + i * kLatent, kLatent, code.begin());
      std::copy_n(logvar.data() + i * kLatent, kLatent, code.begin() + kLatent);
      take(first + i, code);
    }
    bar.update(first + part);
  }
}

// Of an integer model: the CRC-32C of each code as the engine gives it, s16 mu and s16 logvar.
std::uint32_t extend(std::uint32_t crc, const Code& code) {
  std::array<std::int16_t, 2 * kLatent> fixed;
  for (std::size_t i = 0; i < fixed.size(); ++i) {
    const int bits = i < kLatent ? kMuBits : kLogvarBits;
    fixed[i] = static_cast<std::int16_t>(std::lrint(std::ldexp(code[i], bits)));
  }
  return crc32c(std::as_bytes(std::span(fixed)), crc);
}

std::string csv_header() {
  std::string line = "label";
  for (const char* name : {"mu", "logvar"}) {
    for (std::size_t i = 0; i < kLatent; ++i)
      fmt::format_to(std::back_inserter(line), ",{}{}", name, i);
  }
  return line + "\n";
}

std::string csv_line(unsigned label, const Code& code) {
  std::string line = fmt::format("{}", label);
  for (const float v : code) fmt::format_to(std::back_inserter(line), ",{:.9g}", v);
  return line + "\n";
}

void run(const Options& options) {
  const bool writes = !options.out.empty();
  if (writes) check_writable(options.out);
  const auto model = load_model(options.model, chosen_kernels());
  const bool integer = model->header().type == Type::kS8;
  const auto data = load_split(options.data, options.split, BuiltShape::kPixels);
  std::string csv = csv_header();
  std::uint32_t crc = 0;
  for_each_code(*model, data, [&](std::size_t image, const Code& code) {
    if (integer) crc = extend(crc, code);
    if (writes) csv += csv_line(data.labels[image], code);
  });
  if (writes) write_file(options.out, csv);

  if (options.json) {
    nlohmann::ordered_json json = {{"images", data.images.count}, {"latents", kLatent}};
    if (integer) json["crc32c"] = fmt::format("{:08x}", crc);
    if (writes) json["file"] = options.out.string();
    fmt::print("{}\n", json.dump(2));
    return;
  }
  fmt::print("{}: {} images", options.model.string(), data.images.count);
  if (integer) fmt::print(", CRC-32C of mu and logvar {:08x}", crc);
  fmt::print("\n");
  if (writes) fmt::print("{}: label, {} mu, {} logvar\n", options.out.string(), kLatent, kLatent);
}

}  // namespace

void add_encode(CLI::App& app) {
  auto options = std::make_shared<Options>();
  const Command command(
      app, "encode",
      "Encode a data set: labels and posteriors as CSV; of s8 models also their checksum");
  command.path("model", options->model, "A .safetensors or .pvae model")
      .required()
      .type_name("MODEL");
  add_data_option(command, options->data);
  command.path("--out", options->out, "CSV to write: label, mu, logvar of each image")
      .type_name("FILE");
  const std::map<std::string, Split> splits = {{"test", Split::kTest}, {"train", Split::kTrain}};
  command.choice("--split", options->split, splits, "Which half of the data set")
      .type_name("test|train")
      .shows_default();
  add_json_option(command, options->json);
  command.footer("Example:\n  picovae encode model.pvae --out codes.csv");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
