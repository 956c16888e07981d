// picovae generate: digits drawn from the prior.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/isa.hpp"
#include "tools/base/png.hpp"
#include "tools/base/text.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/data/idx.hpp"
#include "tools/measure/model.hpp"
#include "tools/view/grid.hpp"
#include "tools/view/terminal.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model;
  std::filesystem::path out = "digits.png";
  std::filesystem::path idx;  // empty: none
  std::string digit;          // empty: from the prior
  std::size_t count = 100;
  std::uint64_t seed = 1;
  bool ascii = false;
  bool png = true;  // out is written
};

constexpr std::string_view kAllClasses = "all";
constexpr std::size_t kLongestRow = 50;  // of digits of one class

// "7" or "all": the form; which classes there are, the model says.
std::string complaint_about_digit(const std::string& text) {
  const bool number = !text.empty() && text.size() <= 3 &&
                      text.find_first_not_of("0123456789") == std::string::npos;
  return number || text == kAllClasses ? "" : text + " is neither a label nor all";
}

// The classes to draw; empty: from the prior.
std::vector<std::uint8_t> wanted_classes(const Options& options, const Model& model) {
  if (options.digit.empty()) return {};
  const std::span<const std::uint8_t> known = model.classes();
  const std::string name = options.model.string();
  if (known.empty()) {
    fail("{}: knows no classes; fit them to labeled images: picovae classes {} --out FILE", name,
         name);
  }
  if (options.digit == kAllClasses) return {known.begin(), known.end()};
  for (const std::uint8_t label : known) {
    if (std::to_string(label) == options.digit) return {label};
  }
  fail("{}: has no class {}; it has {}: choose one of these, or {}", name, options.digit,
       joined(known, " "), kAllClasses);
}

void run(const Options& options) {
  const auto model = load_model(options.model, chosen_kernels());
  const std::size_t pixels = model->dimensions().pixels;
  const ImageSize size = image_size(pixels, model->header().columns);
  const std::vector<std::uint8_t> labels = wanted_classes(options, *model);
  const std::size_t rows = std::max<std::size_t>(labels.size(), 1);
  const std::size_t row = options.count * pixels;
  std::vector<std::uint8_t> digits(rows * row);
  if (labels.empty()) model->generate(options.seed, 0, options.count, digits.data());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    model->generate_class(options.seed, labels[i], 0, options.count, digits.data() + i * row);
  }
  if (options.ascii) {
    constexpr std::size_t kUsualWidth = 100;
    say("{}", render_text(digits, size.width, size.height,
                          terminal_width(::fileno(report_stream()), kUsualWidth)));
  }
  if (!options.idx.empty()) write_idx_images(options.idx, digits, size.height, size.width);
  if (!options.png) return;
  const bool row_a_class = labels.size() > 1 && options.count <= kLongestRow;
  const std::size_t columns = row_a_class ? options.count : GridStyle{}.columns;
  write_png(options.out, compose_grid(digits, size, {.columns = columns}));
  say("{}: {} digits of seed {}{}\n", options.out.string(), rows * options.count, options.seed,
      labels.empty() ? "" : fmt::format(", of class {}", joined(labels, " ")));
}

}  // namespace

void add_generate(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command =
      line.add("generate", "Draw digits from the prior, as a PNG grid or in the terminal",
               "Example:\n"
               "  picovae generate model.pvae --count 100 --seed 7 --out digits.png\n"
               "  picovae generate model.pvae --digit 7 --count 3 --ascii\n"
               "  picovae generate model.pvae --digit all --out classes.png");
  command.model(options->model);
  command.whole("--count", options->count, {1, 10'000}, "N", "Digits to draw, of each class");
  command.text("--digit", options->digit, complaint_about_digit, "LABEL|all",
               "Draw this class alone, such as 7; all: ten of each, a row a class");
  command.seed(options->seed, "The same seed draws the same digits everywhere");
  const auto writes_png = [options, command] {
    return command.given("--out") || (!options->ascii && options->idx.empty());
  };
  using Files = std::vector<std::filesystem::path>;
  command.path("--out", options->out, Access::kWrite, "FILE", "PNG to write").stands_for([=] {
    return writes_png() ? Files{options->out} : Files{};
  });
  command.flag("--ascii", options->ascii, "Draw in the terminal; a PNG only with --out");
  command.path("--idx", options->idx, Access::kWrite, "FILE",
               "IDX file to write, the format of data sets; a PNG only with --out");
  command.run([=] {
    if (options->digit == kAllClasses && !command.given("--count")) options->count = 10;
    options->png = writes_png();
    run(*options);
  });
}

}  // namespace picovae::tools
