#include "tools/data/idx_writer.hpp"

#include <cstdlib>
#include <string>
#include <string_view>
#include <system_error>

#include "tools/base/error.hpp"
#include "tools/data/idx.hpp"

namespace picovae::tools {
namespace {

namespace fs = std::filesystem;

// A folder beside that which will be, removed with its content unless it gets its name.
class NewFolder {
 public:
  explicit NewFolder(fs::path target) : target_(std::move(target)) {
    std::string name = target_.string() + ".XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) {
      fail("{}: cannot be created: {}", target_.string(), reason(errno));
    }
    outer_ = name;
    inner_ = outer_ / "data";
    fs::create_directory(inner_);  // with the permissions that the user gives to folders
  }
  ~NewFolder() {
    std::error_code ignored;
    fs::remove_all(outer_, ignored);
  }
  NewFolder(const NewFolder&) = delete;
  NewFolder& operator=(const NewFolder&) = delete;

  const fs::path& path() const { return inner_; }

  void commit() const {
    std::error_code error;
    fs::rename(inner_, target_, error);  // over an empty folder, too
    if (error) fail("{}: cannot be created: {}", target_.string(), error.message());
  }

 private:
  static std::string reason(int error) { return std::generic_category().message(error); }

  fs::path target_, outer_, inner_;
};

void write_half(const fs::path& folder, std::string_view half, const LabeledImages& loaded) {
  const Images& images = loaded.images;
  const std::string start = (folder / half).string();
  write_idx_images(start + "-images-idx3-ubyte", images.pixels, images.rows, images.cols);
  if (!loaded.labels.empty()) write_idx_labels(start + "-labels-idx1-ubyte", loaded.labels);
}

// Without the slash that a user may have ended it with.
fs::path without_slash(const fs::path& folder) {
  return folder.has_filename() ? folder : folder.parent_path();
}

}  // namespace

void write_idx_dataset(const fs::path& folder, const LabeledImages& train,
                       const LabeledImages* test) {
  const NewFolder created(without_slash(folder));
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
  NewFolder{without_slash(folder)};  // leaves nothing behind
}

}  // namespace picovae::tools
