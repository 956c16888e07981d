// picovae: the command line. Exit status 0, 1 (failed, one line on stderr) or 2 (misused); training
// that a signal ended: 130 or 143.
#include <fmt/core.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>

#include "picovae/blob.hpp"
#include "picovae/version.h"
#include "tools/base/error.hpp"
#include "tools/base/isa.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;

constexpr int kFailed = 1;
constexpr int kMisused = 2;

std::string version() {
  return fmt::format("picovae {} (format {}; ISA {})", PICOVAE_VERSION, kBlobVersion,
                     chosen_kernels().name);
}

std::string about() {
  std::string isas;  // of this build, best last
  std::string unasked;
  for (const Kernels* kernels : built_kernels()) {
    isas.insert(0, isas.empty() ? "" : "|").insert(0, kernels->name);
    if (kernels->rounds_inputs) {
      unasked += fmt::format("\n{} multiplies bf16 models in bf16; nothing takes it unasked.",
                             kernels->name);
    }
  }
  return fmt::format(
      "Trains a variational autoencoder, quantizes it, and draws digits with it.\n"
      "PICOVAE_ISA={} forces the kernels.{}",
      isas, unasked);
}

void run(int argc, char** argv) {
  CommandLine line(
      about().c_str(),
      "Example:\n"
      "  picovae train --out model.safetensors\n"
      "  picovae quantize model.safetensors --out model.pvae\n"
      "  picovae generate model.pvae --ascii --count 3\n"
      "picovae help COMMAND is picovae COMMAND --help.\n"
      "A file may be -: standard input if it is read, standard output if it is written; "
      "a command\nthat writes its file there says what it has to say on standard error.\n"
      "Other files appear whole or not at all. If one is a link, what it leads to is replaced.",
      version);
  for (const auto add : kCommands) add(line);
  if (const auto work = line.parse(argc, argv)) work();
  // Output that could not be written is a failure too, now or when it was flushed before.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fail("standard output: {}", std::strerror(errno));
  }
}

}  // namespace

int main(int argc, char** argv) {
  // A file beyond the limit of `ulimit -f` is an error like a full disk, not the end of the
  // process.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    run(argc, argv);
    return 0;
  } catch (const Misuse& error) {
    fmt::print(stderr, "picovae: {} (see picovae --help)\n", error.what());
    return kMisused;
  } catch (const Interrupted& error) {
    fmt::print(stderr, "picovae: {}\n", error.what());
    return 128 + error.signal;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "picovae: there is not enough memory\n");
    return kFailed;
  } catch (const std::exception& error) {
    fmt::print(stderr, "picovae: {}\n", error.what());
    return kFailed;
  }
}
