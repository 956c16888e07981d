#include "tools/commands/export_onnx.hpp"

#include <fmt/core.h>

#include <cstddef>
#include <deque>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/temporary.hpp"
#include "tools/commands/shared/file_roles.hpp"
#include "tools/format/blob.hpp"
#include "tools/format/onnx_exact.hpp"
#include "tools/format/onnx_float.hpp"
#include "tools/format/pack.hpp"
#include "tools/format/shape_text.hpp"
#include "tools/format/unpack_float.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

constexpr const char* kEncoderFile = "encoder.onnx";
constexpr const char* kDecoderFile = "decoder.onnx";

// The folder of the files; if it is new and nothing was put there, it goes again.
class Folder {
 public:
  explicit Folder(const fs::path& path) : path_(without_slash(path)) {
    std::error_code error;
    is_new_ = fs::create_directory(path_, error);
    if (!fs::is_directory(path_)) {
      fail("{}: is no folder and cannot be made one: {}", path_.string(),
           error ? error.message() : "it is a file");
    }
  }
  ~Folder() {
    std::error_code error;
    if (is_new_) fs::remove(path_, error);  // fails if it is not empty
  }
  // So that it is there after a power cut, with what was put into it.
  void commit() const {
    const int error = is_new_ ? sync_folder(folder_of(path_)) : 0;
    if (error != 0) fail("{}: may be lost when the power fails: {}", path_.string(), reason(error));
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

 private:
  fs::path path_;
  bool is_new_ = false;
};

OnnxMetadata describe(const BlobHeader& header) {
  OnnxMetadata metadata = {
      {"picovae.type", std::string(type_name(header.type))},
      {"picovae.shape", shape_text(header.dimensions)},
      {"picovae.model_id", fmt::format("{:08x}", header.model_id)},
  };
  if (header.columns != 0) metadata["picovae.columns"] = fmt::format("{}", header.columns);
  if (header.signature != 0) {
    metadata["picovae.signature"] = fmt::format("{:08x}", header.signature);
  }
  if (header.signature_reconstruct != 0) {
    metadata["picovae.signature_reconstruct"] = fmt::format("{:08x}", header.signature_reconstruct);
  }
  return metadata;
}

struct NamedFile {
  const char* name;
  OnnxFile file;
};

// The halves of a network that `parts` asks for.
template <typename AnyNetwork>
std::vector<NamedFile> files_of(const AnyNetwork& network, unsigned parts,
                                const OnnxMetadata& metadata) {
  std::vector<NamedFile> files;
  if ((parts & kEncoderPart) != 0) {
    files.push_back({kEncoderFile, onnx_encoder(network, metadata)});
  }
  if ((parts & kDecoderPart) != 0) {
    files.push_back({kDecoderFile, onnx_decoder(network, metadata)});
  }
  return files;
}

std::vector<NamedFile> files_of(const fs::path& model, bool decoder_only) {
  const std::vector<std::byte> bytes = read_model(model);
  const BlobBytes blob = parse_blob(bytes, model.string());
  BlobView view;
  if (const Status status = open_blob(blob.bytes(), view); status != Status::kOk) {
    fail("{}: {}", model.string(), message(status));
  }
  const unsigned parts = decoder_only ? unsigned{kDecoderPart} : view.header->parts;
  if ((parts & view.header->parts) != parts) fail("{}: has no decoder", model.string());
  OnnxMetadata metadata = describe(*view.header);
  if (view.header->type == Type::kS8) {
    return files_of(unpack_s8(view, model.string()), parts, metadata);
  }
  if (!starts_as_blob(bytes)) metadata.merge(parse_network(bytes, model.string()).metadata);
  return files_of(unpack_float(view), parts, metadata);
}

}  // namespace

std::vector<fs::path> onnx_files(const fs::path& folder) {
  if (folder.empty()) return {};
  return {folder / kEncoderFile, folder / kDecoderFile};
}

void export_onnx(const fs::path& model, const fs::path& folder, bool decoder_only) {
  const std::vector<NamedFile> files = files_of(model, decoder_only);
  const Folder created(folder);
  std::deque<OutputFile> outputs;
  for (const auto& [name, file] : files) outputs.emplace_back(folder / name).write(file.bytes);
  for (OutputFile& output : outputs) output.commit();
  created.commit();
  for (const auto& [name, file] : files) {
    say("{}: {} nodes, {} bytes\n", (folder / name).string(), file.nodes, file.bytes.size());
  }
}

}  // namespace picovae::tools
