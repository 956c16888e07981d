// picovae generate: digits drawn from the prior.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <memory>
#include <vector>

#include "tools/built_shape.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/common.hpp"
#include "tools/commands/numbers.hpp"
#include "tools/isa.hpp"
#include "tools/model/model.hpp"
#include "tools/view/ascii.hpp"
#include "tools/view/grid.hpp"
#include "tools/view/png.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model;
  std::filesystem::path out = "digits.png";
  std::size_t count = 100;
  std::uint64_t seed = 1;
  bool ascii = false;
  bool wants_file = false;
};

std::size_t terminal_columns() {
  winsize size{};
  constexpr std::size_t kUsual = 100;
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : kUsual;
}

void run(const Options& options) {
  const std::size_t side = image_side();
  const auto model = load_model(options.model, chosen_kernels());
  std::vector<std::uint8_t> digits(options.count * BuiltShape::kPixels);
  model->generate(options.seed, 0, options.count, digits.data());
  if (options.ascii) fmt::print("{}", render_text(digits, side, side, terminal_columns()));
  if (options.ascii && !options.wants_file) return;
  write_png(options.out, compose_grid(digits, side, side));
  fmt::print("{}: {} digits of seed {}\n", options.out.string(), options.count, options.seed);
}

}  // namespace

void add_generate(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "generate", "Draw digits from the prior, as a PNG grid or in the terminal");
  command->add_option("model", options->model, "A .safetensors or .pvae model")
      ->required()
      ->type_name("MODEL");
  command->add_option("--count", options->count, "Digits to draw")
      ->transform(whole_number(1, 10'000))
      ->type_name("N")
      ->capture_default_str();
  add_seed_option(*command, options->seed, "The same seed draws the same digits everywhere");
  const CLI::Option* out = command->add_option("--out", options->out, "PNG to write")
                               ->type_name("FILE")
                               ->capture_default_str();
  command->add_flag("--ascii", options->ascii, "Draw in the terminal; a PNG only with --out");
  command->footer("Example:\n  picovae generate model.pvae --count 100 --seed 7 --out digits.png");
  command->callback([options, out] {
    options->wants_file = out->count() > 0;
    run(*options);
  });
}

}  // namespace picovae::tools
