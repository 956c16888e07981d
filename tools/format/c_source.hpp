// A blob as source code, for firmware that has no files.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace picovae::tools {

// Whether a text can name an array in C and C++.
bool is_c_name(std::string_view text);

// The name for a file's content: its characters that a name can have, '_' for others.
std::string c_name(std::string_view file_stem);

struct CModel {
  std::span<const std::byte> blob;  // s8, what open_blob accepts
  std::string_view name;            // of the array; in capitals, of the constants that go with it
  std::string_view command;         // what made it, for a comment, in which any text is harmless
};

// For a program of any number of files: a header that declares the array, with the model's shape
// and the sizes of its arenas, for C99 and for C++11 and later; and a C source that defines it.
//   header_file  the header's name, as the source includes it
std::string c_declaration(const CModel& model);
std::string c_definition(const CModel& model, std::string_view header_file);

// A header alone, for a program that includes it in one file: the others would have copies.
std::string c_header(const CModel& model);

}  // namespace picovae::tools
