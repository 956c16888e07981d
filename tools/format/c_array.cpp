#include "tools/format/c_array.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

#include "picovae/blob.hpp"
#include "tools/format/names.hpp"

namespace picovae::tools {
namespace {

// Names of files may hold anything: a newline or a backslash would end the comment or prolong it.
std::string for_comment(std::string_view text) {
  constexpr std::string_view kHarmless =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 ._-+,=@~()";
  std::string result;
  for (const char c : text) result += kHarmless.find(c) == std::string_view::npos ? '_' : c;
  return result;
}

// Decimal without blanks: what takes least of the text and of the compiler's time.
std::string numbers(std::span<const std::byte> bytes) {
  constexpr std::size_t kColumns = 100;
  std::string text;
  std::size_t line = 0;
  for (const std::byte byte : bytes) {
    fmt::format_to(std::back_inserter(text), "{},", std::to_integer<unsigned>(byte));
    if (text.size() - line > kColumns - 4) {
      text += '\n';
      line = text.size();
    }
  }
  if (text.size() > line) text += '\n';
  return text;
}

}  // namespace

std::string c_array(std::span<const std::byte> blob, std::string_view command) {
  const auto& header = *reinterpret_cast<const BlobHeader*>(blob.data());
  const Dimensions d = header.dimensions;
  return fmt::format(
      R"(// A picovae model, {bytes} bytes, made by
//   {command}
//
// shape      {pixels}-{hidden1}-{hidden2}-{latent}, {parts}
// weights    {type}, layout {layout}, format {version}
// model id   {model_id:08x}
// signature  {signature:08x}
#pragma once

#if defined(__cplusplus) && __cplusplus >= 201703L
alignas({alignment}) inline constexpr
#elif defined(__cplusplus)
alignas({alignment}) constexpr
#else
_Alignas({alignment}) static const
#endif
unsigned char picovae_model[] = {{
{numbers}}};

#ifdef __cplusplus
static_assert(sizeof(picovae_model) == {bytes}, "the model is not whole");
#else
_Static_assert(sizeof(picovae_model) == {bytes}, "the model is not whole");
#endif
)",
      fmt::arg("bytes", blob.size()), fmt::arg("command", for_comment(command)),
      fmt::arg("pixels", d.pixels), fmt::arg("hidden1", d.hidden1), fmt::arg("hidden2", d.hidden2),
      fmt::arg("latent", d.latent), fmt::arg("parts", parts_name(header)),
      fmt::arg("type", type_name(header.type)), fmt::arg("layout", layout_name(header.layout)),
      fmt::arg("version", header.version), fmt::arg("model_id", header.model_id),
      fmt::arg("signature", header.signature), fmt::arg("alignment", kBlobAlignment),
      fmt::arg("numbers", numbers(blob)));
}

}  // namespace picovae::tools
