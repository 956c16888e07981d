#include "tools/data/idx_writer.hpp"

#include <string>
#include <string_view>
#include <system_error>

#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/temporary.hpp"
#include "tools/data/idx.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

void write_half(const fs::path& folder, std::string_view half, const LabeledImages& loaded) {
  const Images& images = loaded.images;
  const std::string start = (folder / half).string();
  write_idx_images(start + "-images-idx3-ubyte", images.pixels, images.rows, images.cols);
  if (!loaded.labels.empty()) write_idx_labels(start + "-labels-idx1-ubyte", loaded.labels);
}

// A folder beside that which will be, which may be there already if it is empty.
Temporary new_folder(const fs::path& folder) {
  return {Temporary::Kind::kFolder, follow_links(without_slash(folder)), folder.string()};
}

}  // namespace

void write_idx_dataset(const fs::path& folder, const LabeledImages& train,
                       const LabeledImages* test) {
  Temporary created = new_folder(folder);
  write_half(created.path(), "train", train);
  if (test != nullptr) write_half(created.path(), "t10k", *test);
  created.commit();
}

void check_new_folder(const fs::path& folder) {
  std::error_code error;
  if (fs::exists(folder, error) &&
      !(fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    fail("{}: is there and is not an empty folder; give a new one", folder.string());
  }
  new_folder(folder);  // leaves nothing behind
}

}  // namespace picovae::tools
