// A model as source code, for firmware that has no files.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace picovae::tools {

// Returns the text of a header for C11 and C++: the array picovae_model, aligned as a blob wants
// it, with its size asserted, and a comment that says what it is.
//   blob     what open_blob accepts
//   command  what made it, for the comment; characters that could end a comment become '_'
std::string c_array(std::span<const std::byte> blob, std::string_view command);

}  // namespace picovae::tools
