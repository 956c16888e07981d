// picovae plot: the curves of a training, from its log.
#include <fmt/core.h>

#include <memory>
#include <string_view>

#include "tools/base/file.hpp"
#include "tools/base/text.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
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
  const Curves curves = parse_curves(csv, options.log.string());
  write_file(options.out, run_gnuplot(curves_script(curves)));
  say("{}: {}\n", options.out.string(), counted(curves.points.size(), "epoch"));
}

}  // namespace

void add_plot(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command =
      line.add("plot", "Draw the curves of a training: ELBO, reconstruction and KL (by gnuplot)",
               "Example:\n  picovae train --out model.safetensors --log log.csv\n"
               "  picovae plot log.csv --out curve.png");
  command.path("LOG", options->log, Access::kRead, "", "A log of picovae train --log");
  command.out(options->out, "FILE.png", "PNG to write");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
