// picovae plot: the curves of a training, from its log.
#include <fmt/core.h>

#include <memory>
#include <string_view>

#include "tools/base/file.hpp"
#include "tools/commands/commands.hpp"
#include "tools/view/curves.hpp"
#include "tools/view/gnuplot.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path log, out;
};

void run(const Options& options) {
  constexpr std::size_t kLargestLog = std::size_t{64} << 20;
  check_writable(options.out);
  const auto bytes = read_file(options.log, kLargestLog);
  const std::string_view csv(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto points = parse_curves(csv, options.log.string());
  write_file(options.out, run_gnuplot(curves_script(points)));
  fmt::print("{}: {} epoch{}\n", options.out.string(), points.size(),
             points.size() == 1 ? "" : "s");
}

}  // namespace

void add_plot(CLI::App& app) {
  auto options = std::make_shared<Options>();
  const Command command(app, "plot",
                        "Draw the curves of a training: ELBO, reconstruction and KL (by gnuplot)");
  command.path("log", options->log, "A log of picovae train --log").required().type_name("LOG");
  command.path("--out", options->out, "PNG to write").required().type_name("FILE.png");
  command.footer(
      "Example:\n  picovae train --out model.safetensors --log log.csv\n"
      "  picovae plot log.csv --out curve.png");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
