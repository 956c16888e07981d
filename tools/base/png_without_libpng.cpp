// png.hpp for builds with PICOVAE_PNG=OFF: every function fails.

#include "tools/base/png.hpp"

#include "tools/base/error.hpp"

namespace picovae::tools {
namespace {

[[noreturn]] void refuse(std::string_view name, std::string_view instead) {
  fail("{}: this picovae is built without PNG; {}", name, instead);
}

constexpr std::string_view kDraw = "`picovae generate MODEL --ascii` draws without it";
constexpr std::string_view kRead = "`picovae convert` of one that has it makes IDX files";

}  // namespace

void write_png(const std::filesystem::path& path, const GrayImage&) {
  refuse(path.string(), kDraw);
}
GrayImage read_png(const std::filesystem::path& path) { refuse(path.string(), kRead); }
std::vector<std::byte> encode_png(const GrayImage&, std::string_view name) { refuse(name, kDraw); }
GrayImage decode_png(std::span<const std::byte>, std::string_view name) { refuse(name, kRead); }

}  // namespace picovae::tools
