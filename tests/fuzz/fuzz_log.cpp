// Any text as the log of a training.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tests/fuzz/must.hpp"
#include "tests/fuzz/one_line.hpp"
#include "tools/view/curves.hpp"

using namespace picovae;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tests::one_line_or_none([&] {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const tools::Curves curves = tools::parse_curves(text, "FILE");
    tests::must(!curves.points.empty(), "at least one epoch");
    tests::must(!tools::curves_script(curves).empty(), "a script");
  });
  return 0;
}
