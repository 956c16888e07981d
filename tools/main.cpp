// picovae: the command line. Exit status 0, 1 (failed, one line on stderr) or 2 (misused); training
// that a signal ended: 130 or 143.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

#include "picovae/blob.hpp"
#include "picovae/version.h"
#include "tools/base/built_shape.hpp"
#include "tools/base/error.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

constexpr int kFailed = 1;
constexpr int kMisused = 2;

std::string version() {
  const Dimensions d = BuiltShape::kDimensions;
  return fmt::format("picovae {} (shape {},{},{},{}; format {}; ISA {})", PICOVAE_VERSION, d.pixels,
                     d.hidden1, d.hidden2, d.latent, kBlobVersion, chosen_kernels().name);
}

int run(int argc, char** argv) {
  CLI::App app{
      "Trains a variational autoencoder, quantizes it, and draws digits with it.\n"
      "PICOVAE_ISA=scalar|sse2|avx2|avxvnni|avx512|avx512vnni|neon|sdot|i8mm forces the kernels."};
  app.name("picovae");
  app.footer(
      "Example:\n"
      "  picovae train --out model.safetensors\n"
      "  picovae quantize model.safetensors --out model.pvae\n"
      "  picovae generate model.pvae --ascii --count 3");
  app.require_subcommand(1);
  app.set_version_flag("--version", version, "Print version, shape and the ISA in use");
  for (const auto add : kCommands) add(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    fmt::print(stderr, "picovae: {} (see picovae --help)\n", error.what());
    return kMisused;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  // A file beyond the limit of `ulimit -f` is an error like a full disk, not the end of the
  // process.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    const int status = run(argc, argv);
    // Output that could not be written is a failure too, now or when CLI11 flushed it.
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
      fail("standard output: {}", std::strerror(errno));
    }
    return status;
  } catch (const Interrupted& error) {
    fmt::print(stderr, "picovae: {}\n", error.what());
    return 128 + error.signal;
  } catch (const std::exception& error) {
    fmt::print(stderr, "picovae: {}\n", error.what());
    return kFailed;
  }
}
