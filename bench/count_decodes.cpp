// Decodes while count_instructions.c counts, with every ISA of the processor: a line for each type,
// ISA and batch, with the counts before a decode, after it, and after two more.
//   bench/arm_counts.sh
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "contender.hpp"
#include "models.hpp"
#include "picovae/kernels.hpp"
#include "tools/format/blob.hpp"

namespace {

using namespace picovae;
using namespace picovae::bench;

// The plugin writes the count at this point of the output.
void mark() {
  std::fflush(stdout);
  static_cast<void>(getppid());
}

void count(const tools::Named<Type>& type, const tools::BlobBytes& model, const Kernels& kernels,
           std::size_t batch) {
  const auto contender = make_picovae(subject(), type.value, kernels, {&model, 1}, batch);
  contender->run(Task::kDecode);
  std::printf("%s %s %zu", type.name.data(), kernels.name, batch);
  mark();
  contender->run(Task::kDecode);
  mark();
  contender->run(Task::kDecode);
  contender->run(Task::kDecode);
  mark();
  std::printf("\n");
}

constexpr std::size_t kCounted[] = {1, 2, 3, 8, 100};  // arm_counts.py has these on paper

}  // namespace

int main() try {
  for (const auto& type : tools::kTypeNames) {
    if (type.value != Type::kF32 && type.value != Type::kS8) continue;
    const tools::BlobBytes model = subject().pack(type.value);
    for (const Kernels* kernels : built_kernels()) {
      if (kernels->isa == Isa::kScalar || !machine_runs(kernels->isa)) continue;
      for (const std::size_t batch : kCounted) count(type, model, *kernels, batch);
    }
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
