// picovae export: the same s8 model packed for another target, as a file or as source code; or any
// model as ONNX.
#include <fmt/core.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/export_onnx.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/c_source.hpp"
#include "tools/format/pack.hpp"
#include "tools/measure/model.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path model;
  std::filesystem::path out, c_array, onnx;  // empty: none
  std::string name;                          // empty: that of c_array
  Layout layout = Layout::kCortexM;
  bool decoder_only = false;
};

// What makes the array, without folders, so that the text is the same wherever it is made.
std::string command_line(const Options& options) {
  return fmt::format(
      "picovae export {} --layout {}{} --c-array {}{}", options.model.filename().string(),
      layout_name(options.layout), options.decoder_only ? " --decoder-only" : "",
      options.c_array.filename().string(), options.name.empty() ? "" : " --name " + options.name);
}

// The header beside an array in a source file; none if the array itself is a header.
std::filesystem::path declaration_of(std::filesystem::path c_array) {
  const auto kind = c_array.extension();
  const bool source = kind == ".c" || kind == ".cc" || kind == ".cpp" || kind == ".cxx";
  return source ? c_array.replace_extension(".h") : std::filesystem::path();
}

// Of the array. "-" and stdout are no names for one.
std::string array_name(const Options& options) {
  if (!options.name.empty()) return options.name;
  if (!is_stream(options.c_array, Access::kWrite)) return c_name(options.c_array.stem().string());
  return is_stream(options.model, Access::kRead) ? "model" : c_name(options.model.stem().string());
}

void write_c_array(const Options& options, std::span<const std::byte> blob,
                   const std::string& kind) {
  const auto& file = options.c_array;
  const std::string name = array_name(options);
  const std::string command = command_line(options);
  const CModel model{blob, name, command};
  const std::filesystem::path header = declaration_of(file);
  if (header.empty()) {
    write_file(file, c_header(model));
  } else {
    write_file(header, c_declaration(model));
    write_file(file, c_definition(model, header.filename().string()));
  }
  say("{}{}: {}[{}], {}\n", file.string(), header.empty() ? "" : " and " + header.string(), name,
      blob.size(), kind);
}

std::string complaint_about_name(const std::string& text) {
  return is_c_name(text) ? "" : text + " cannot name an array in C; take letters, digits and _";
}

void run(const Options& options) {
  if (options.out.empty() && options.c_array.empty() && options.onnx.empty()) {
    throw Misuse("--out, --c-array or --onnx is required");
  }
  if (!options.name.empty() && options.c_array.empty()) {
    throw Misuse("--name belongs to --c-array; give both");
  }
  if (!options.onnx.empty()) {
    return export_onnx(options.model, options.onnx, options.decoder_only);
  }
  for (const auto& file : {options.out, options.c_array, declaration_of(options.c_array)}) {
    if (!file.empty()) check_writable(file);
  }
  const BlobBytes blob = load_blob(options.model);
  BlobView view;
  const auto& header = blob.header();
  if (const Status status = open_blob(blob.bytes(), view); status != Status::kOk) {
    fail("{}: {}", options.model.string(), message(status));
  }
  if (header.type != Type::kS8) {
    fail("{}: is an {} model; layouts are for s8 models (picovae quantize makes one)",
         options.model.string(), type_name(header.type));
  }
  const std::uint8_t parts =
      options.decoder_only ? static_cast<std::uint8_t>(kDecoderPart) : header.parts;
  if ((parts & header.parts) != parts) fail("{}: has no decoder", options.model.string());
  const BlobBytes packed =
      pack_s8(unpack_s8(view, options.model.string()), options.layout, parts, signatures_of(view));
  const std::string kind = fmt::format("layout {}{}", layout_name(options.layout),
                                       parts == kDecoderPart ? ", decoder only" : "");
  if (!options.out.empty()) {
    write_file(options.out, packed.bytes());
    say("{}: {} bytes, {}\n", options.out.string(), packed.bytes().size(), kind);
  }
  if (!options.c_array.empty()) write_c_array(options, packed.bytes(), kind);
}

}  // namespace

void add_export(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command = line.add(
      "export", "Pack an s8 model for another target, same digits, or write any model as ONNX",
      "Example:\n"
      "  picovae export model.pvae --layout cortex-m --decoder-only --out board.pvae\n"
      "  picovae export model.pvae --layout cortex-m --decoder-only --c-array digits.c\n"
      "  picovae export model.pvae --onnx folder\n"
      "ONNX of an s8 model is integers, whose results are its own to the bit in any runtime; of\n"
      "other models it is f32.");
  command.model(options->model, "A .pvae model of type s8; for --onnx any model");
  command.choice("--layout", options->layout, kLayoutNames,
                 "host: desktops, Linux; cortex-m: M0 to M33, RISC-V of 32 bits; mve: M55, M85");
  command.flag("--decoder-only", options->decoder_only,
               "Leave out the encoder, for boards that only draw");
  command.path("--out", options->out, Access::kWrite, "FILE", "Model to write");
  command
      .path("--c-array", options->c_array, Access::kWrite, "FILE.c",
            "The model as an aligned array for C and C++, with a header FILE.h that has its shape "
            "and the sizes of its arenas; FILE.h: that header alone, for a program of one file")
      .stands_for([options] {
        return std::vector{options->c_array, declaration_of(options->c_array)};
      });
  command
      .path("--onnx", options->onnx, Access::kWrite, "DIR",
            "Folder for encoder.onnx and decoder.onnx, which is created if it is not there")
      .excludes("--out")
      .excludes("--c-array")
      .excludes("--layout")
      .stands_for([options] { return onnx_files(options->onnx); });
  command.text(
      "--name", options->name, complaint_about_name, "NAME",
      "Of the array, and in capitals of what goes with it; that of the file by default, or of "
      "MODEL if the file is -");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
