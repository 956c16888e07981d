// picovae export --onnx: a model of any type as encoder.onnx and decoder.onnx.
#pragma once

#include <filesystem>
#include <vector>

namespace picovae::tools {

// What is written in the folder; nothing if its path is empty.
std::vector<std::filesystem::path> onnx_files(const std::filesystem::path& folder);

// Creates the folder if it is not there. Both files appear or none, and an encoder only if the
// model has one.
void export_onnx(const std::filesystem::path& model, const std::filesystem::path& folder,
                 bool decoder_only);

}  // namespace picovae::tools
