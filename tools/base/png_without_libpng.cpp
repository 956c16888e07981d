// png.hpp for builds with PICOVAE_PNG=OFF: every function fails.

#include "tools/base/png.hpp"

#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

[[noreturn]] void refuse(std::string_view name) {
  fail("{}: this picovae is built without PNG; `picovae generate MODEL --ascii` draws without it",
       name);
}

}  // namespace

void write_png(const std::filesystem::path& path, const GrayImage&) { refuse(path.string()); }
GrayImage read_png(const std::filesystem::path& path) { refuse(path.string()); }
std::vector<std::byte> encode_png(const GrayImage&, std::string_view name) { refuse(name); }
GrayImage decode_png(std::span<const std::byte>, std::string_view name) { refuse(name); }

}  // namespace picovae::tools
