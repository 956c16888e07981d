// picovae self-test: draws the digits of an s8 model's signatures anew, on this machine's kernels.
#include <fmt/format.h>

#include <memory>
#include <string_view>

#include "tools/commands/commands.hpp"
#include "tools/error.hpp"
#include "tools/isa.hpp"
#include "tools/model/model.hpp"
#include "tools/model/names.hpp"
#include "tools/model/signature.hpp"

namespace picovae::tools {
namespace {

void run(const std::filesystem::path& path) {
  const BlobBytes blob = load_blob(path);
  const auto& header = *reinterpret_cast<const BlobHeader*>(blob.bytes().data());
  if (header.type != Type::kS8) {
    fail("{}: is an {} model; only s8 models have signatures", path.string(),
         type_name(header.type));
  }
  const Kernels& kernels = chosen_kernels();
  const Signatures found = compute_signatures(blob, kernels);
  const auto compare = [&](std::string_view what, std::uint32_t wanted, std::uint32_t got) {
    if (got != wanted) {
      fail("{}: {} have signature {:08x} on {} kernels, the model says {:08x}", path.string(), what,
           got, kernels.name, wanted);
    }
    fmt::print("{}: {:08x} on {} kernels, as the model says\n", what, got, kernels.name);
  };
  compare("1,000 digits of seed 1", header.signature, found.generated);
  if (header.parts & kEncoderPart) {
    compare("100 reconstructions", header.signature_reconstruct, found.reconstructed);
  }
}

}  // namespace

void add_self_test(CLI::App& app) {
  auto path = std::make_shared<std::filesystem::path>();
  CLI::App* command = app.add_subcommand(
      "self-test", "Draw the digits of a model's signatures anew and compare, bit for bit");
  command->add_option("model", *path, "A .pvae model of type s8")->required()->type_name("MODEL");
  command->footer("Example:\n  PICOVAE_ISA=scalar picovae self-test model.pvae");
  command->callback([path] { run(*path); });
}

}  // namespace picovae::tools
