#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "host/product.hpp"
#include "picovae/kernels.hpp"

using namespace picovae;

TEST_CASE("the scalar kernels are always there, last, and run anywhere") {
  const auto built = built_kernels();
  REQUIRE(!built.empty());
  CHECK(built.back() == &kScalarKernels);
  CHECK(machine_runs(Isa::kScalar));
  for (const Isa isa : {Isa::kCortexM0, Isa::kSmall, Isa::kCortexMDsp, Isa::kMve, Isa::kRv32}) {
    CHECK_FALSE(machine_runs(isa));  // a host is no board
  }
}

TEST_CASE("the tables are complete, on one layout, and no ISA or name occurs twice") {
  std::vector<Isa> isas;
  std::vector<std::string_view> names;
  for (const Kernels* kernels : built_kernels()) {
    REQUIRE(kernels != nullptr);
    CAPTURE(std::string(kernels->name));
    CHECK((kernels->f32 != nullptr));
    CHECK((kernels->f16 != nullptr));
    CHECK((kernels->bf16 != nullptr));
    CHECK((kernels->s8 != nullptr));
    CHECK((product_for(kernels->isa) != nullptr));
    CHECK(kernels->layout == Layout::kHost);
    CHECK(std::count(isas.begin(), isas.end(), kernels->isa) == 0);
    CHECK(std::count(names.begin(), names.end(), kernels->name) == 0);
    isas.push_back(kernels->isa);
    names.push_back(kernels->name);
  }
  // Best first: wider vectors before narrower ones.
  CHECK(std::is_sorted(isas.begin(), isas.end(),
                       [](Isa a, Isa b) { return static_cast<int>(a) > static_cast<int>(b); }));
}

#if defined(__x86_64__) && defined(__linux__)
TEST_CASE("the machine runs the ISAs whose flags Linux sees, and no other") {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string line;
  while (std::getline(cpuinfo, line) && !line.starts_with("flags")) {
  }
  std::istringstream words(line);
  const std::vector<std::string> flags(std::istream_iterator<std::string>(words), {});
  if (flags.empty()) return;
  const auto has = [&](std::initializer_list<const char*> wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const char* flag) {
      return std::find(flags.begin(), flags.end(), flag) != flags.end();
    });
  };
  const bool avx2 = has({"avx2", "fma", "f16c"});
  const bool avx512 = avx2 && has({"avx512f", "avx512bw", "avx512vl", "avx512dq"});
  CHECK(machine_runs(Isa::kSse2));
  CHECK(machine_runs(Isa::kSse2Fma));
  CHECK(machine_runs(Isa::kAvx2) == avx2);
  CHECK(machine_runs(Isa::kAvxVnni) == (avx2 && has({"avx_vnni"})));
  CHECK(machine_runs(Isa::kAvx512) == avx512);
  CHECK(machine_runs(Isa::kAvx512Vnni) == (avx512 && has({"avx512_vnni"})));
  CHECK(machine_runs(Isa::kAvx512Bf16) == (avx512 && has({"avx512_vnni", "avx512_bf16"})));
}
#endif

TEST_CASE(
    "the first table that the machine runs is selected, of those with f32 arithmetic"
    " that it gains by") {
  const Kernels& selected = select_kernels();
  CHECK(machine_runs(selected.isa));
  CHECK(machine_gains(selected.isa));
  CHECK_FALSE(selected.rounds_inputs);
  for (const Kernels* kernels : built_kernels()) {
    if (kernels == &selected) break;
    const Isa isa = kernels->isa;
    CHECK((kernels->rounds_inputs || !machine_runs(isa) || !machine_gains(isa)));
  }

  // It runs: y = 2 x + 1 for a layer of one input, of which one output column is real.
  alignas(64) float weights[16] = {2};
  alignas(64) float bias[16] = {1};
  const Dense layer{.weights = weights,
                    .bias = bias,
                    .multiplier = nullptr,
                    .rescale = nullptr,
                    .in = 1,
                    .out = 1,
                    .pre_shift = 0,
                    .post_shift = 0,
                    .wide_input = false,
                    .s4 = false,
                    .high_input = false,
                    .activation = Activation::kIdentity};
  const float x = 3;
  float y[2] = {0, -1};
  selected.f32(layer, &x, 1, y, 1, 1);
  CHECK(y[0] == 7);
  CHECK(y[1] == -1);
}

TEST_CASE("a board's table has integers alone, and no table a kernel of no type") {
  const Kernels board = integer_kernels(Isa::kSmall, "small", Layout::kHost, kScalarKernels.s8);
  CHECK((board.dense(Type::kS8) == kScalarKernels.s8));
  for (const Type type : {Type::kF32, Type::kF16, Type::kBf16}) {
    CHECK((board.dense(type) == nullptr));
    CHECK((kScalarKernels.dense(type) != nullptr));
  }
  CHECK((kScalarKernels.dense(static_cast<Type>(200)) == nullptr));
}
