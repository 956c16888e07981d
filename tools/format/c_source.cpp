#include "tools/format/c_source.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <iterator>

#include "picovae/arena.hpp"
#include "picovae/blob.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/shape_text.hpp"

namespace picovae::tools {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kNameCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";

// Of both languages, those that a file may well be called.
constexpr std::array<std::string_view, 48> kKeywords = {
    "alignas", "and",     "asm",      "auto",     "bool",    "break",    "case",   "catch",
    "char",    "class",   "const",    "continue", "default", "delete",   "do",     "double",
    "else",    "enum",    "explicit", "export",   "extern",  "false",    "float",  "for",
    "goto",    "if",      "inline",   "int",      "long",    "main",     "new",    "not",
    "or",      "private", "public",   "register", "return",  "short",    "signed", "static",
    "struct",  "switch",  "this",     "true",     "union",   "unsigned", "void",   "while"};

// Names of files may hold anything: a newline or a backslash would end the comment or prolong it.
std::string for_comment(std::string_view text) {
  constexpr std::string_view kHarmless = " .-+,=@~()";
  std::string result;
  for (const char c : text) {
    const bool harmless = kNameCharacters.find(c) != std::string_view::npos ||
                          kHarmless.find(c) != std::string_view::npos;
    result += harmless ? c : '_';
  }
  return result;
}

// Decimal without blanks: shortest to store and fastest to compile.
std::string decimal_lines(std::span<const std::byte> bytes) {
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

std::string about(const CModel& model) {
  const auto& header = *reinterpret_cast<const BlobHeader*>(model.blob.data());
  return fmt::format(
      R"(// A picovae model, {} bytes, made by
//   {}
//
// shape      {}, {}
// weights    {}{}{}, layout {}, format {}
// model id   {:08x}
// signature  {:08x}
)",
      model.blob.size(), for_comment(model.command), shape_text(header.dimensions),
      parts_name(header), type_name(header.type),
      has_s4(header) ? ", decoder of 4 bits (compile the engine with -DPICOVAE_S4)" : "",
      header.relu != 0 ? ", ReLU (compile the engine with -DPICOVAE_RELU)" : "",
      layout_name(header.layout), header.version, header.model_id, header.signature);
}

std::string capitals(std::string_view name) {
  std::string text(name);
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// What a program would otherwise type: the shape, and the bytes of what it owns.
std::string constants(const CModel& model) {
  const auto& header = *reinterpret_cast<const BlobHeader*>(model.blob.data());
  const Dimensions d = header.dimensions;
  const std::string prefix = capitals(model.name);
  std::string text;
  const auto define = [&](std::string_view what, const auto& value) {
    fmt::format_to(std::back_inserter(text), "#define {}_{} {}\n", prefix, what, value);
  };
  define("SIZE", model.blob.size());
  define("SHAPE", shape_text(d, ", "));
  define("PIXELS", d.pixels);
  define("LATENT", d.latent);
  const bool encodes = (header.parts & kEncoderPart) != 0;
  const bool decodes = (header.parts & kDecoderPart) != 0;
  if (encodes) define("ENCODER_ARENA_SIZE", encoder_arena_size<Integer>(d));
  if (decodes) define("DECODER_ARENA_SIZE", decoder_arena_size<Integer>(d));
  if (encodes && decodes) define("ARENA_SIZE", arena_size<Integer>(d));
  define("SIGNATURE", fmt::format("0x{:08x}u", header.signature));
  fmt::format_to(std::back_inserter(text), R"(
#if defined(__cplusplus)
#define {0}_ALIGNED alignas({7})
#elif defined(__STDC_VERSION__) && __STDC_VERSION__ >= 201112L
#define {0}_ALIGNED _Alignas({7})
#else
#define {0}_ALIGNED __attribute__((aligned({7})))
#endif

// picovae.h has one shape in a file: that of the first model, if it comes after it, or
// -DPICOVAE_SHAPE. With vae.hpp a file may have several: Vae<Shape<{0}_SHAPE>, Integer>.
#if !defined(PICOVAE_SHAPE)
#define PICOVAE_SHAPE {0}_SHAPE
#elif defined(PICOVAE_PIXELS) && !(defined(__cplusplus) && __cplusplus >= 201703L)
#if PICOVAE_PIXELS != {1} || PICOVAE_HIDDEN1 != {2} || PICOVAE_HIDDEN2 != {3} || \
    PICOVAE_LATENT != {4}
#error "picovae.h has another shape than {5}: include this first, or -DPICOVAE_SHAPE={6}"
#endif
#endif
)",
                 prefix, d.pixels, d.hidden1, d.hidden2, d.latent, model.name, shape_text(d, ","),
                 kBlobAlignment);
  return text;
}

}  // namespace

bool is_c_name(std::string_view text) {
  return !text.empty() && kDigits.find(text.front()) == std::string_view::npos &&
         text.find_first_not_of(kNameCharacters) == std::string_view::npos &&
         capitals(text) != "PICOVAE" &&  // whose constants are picovae.h's
         std::find(std::begin(kKeywords), std::end(kKeywords), text) == std::end(kKeywords);
}

std::string c_name(std::string_view file_stem) {
  std::string name;
  for (const char c : file_stem) {
    name += kNameCharacters.find(c) == std::string_view::npos ? '_' : c;
  }
  return is_c_name(name) ? name : "model_" + name;
}

std::string c_declaration(const CModel& model) {
  return fmt::format(R"({0}#pragma once

{1}
#ifdef __cplusplus
extern "C" {{
#endif
{2}_ALIGNED extern const unsigned char {3}[{4}];
#ifdef __cplusplus
}}
#endif
)",
                     about(model), constants(model), capitals(model.name), model.name,
                     model.blob.size());
}

std::string c_definition(const CModel& model, std::string_view header_file) {
  return fmt::format(R"({0}#include "{1}"

{2}_ALIGNED const unsigned char {3}[{4}] = {{
{5}}};
)",
                     about(model), header_file, capitals(model.name), model.name, model.blob.size(),
                     decimal_lines(model.blob));
}

std::string c_header(const CModel& model) {
  return fmt::format(R"({0}//
// For one file of a program: every other that includes it gets {4} bytes of its own. For several
// files export a .c, which comes with a header.
#pragma once

{1}
#ifdef __cplusplus
{2}_ALIGNED static constexpr
#else
{2}_ALIGNED static const
#endif
unsigned char {3}[] = {{
{5}}};

typedef char {3}_is_whole[2 * (sizeof({3}) == {4}) - 1];
)",
                     about(model), constants(model), capitals(model.name), model.name,
                     model.blob.size(), decimal_lines(model.blob));
}

}  // namespace picovae::tools
