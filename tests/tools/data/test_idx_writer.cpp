#include "tools/data/idx_writer.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <functional>

#include "tests/tools/temporary_folder.hpp"
#include "tools/data/idx_source.hpp"

namespace fs = std::filesystem;
using namespace picovae::tools;
using namespace picovae::tests;

TEST_CASE("what is written is read again") {
  const TemporaryFolder folder;
  const LabeledImages train{{2, 1, 3, {1, 2, 3, 4, 5, 6}}, {7, 8}, {}};
  const LabeledImages test{{1, 1, 3, {9, 9, 9}}, {}, {}};
  for (const char* name : {"new", "slash/"}) {
    write_idx_dataset(folder / name, train, &test);
    const auto source = find_idx_source(folder / name);
    const LabeledImages read = source->load(Split::kTrain, {});
    CHECK(read.images.pixels == train.images.pixels);
    CHECK(read.images.cols == 3);
    CHECK(read.labels == train.labels);
    CHECK(source->load(Split::kTest, {}).images.pixels == test.images.pixels);
    CHECK(source->files().size() == 3);
  }
  CHECK(folder.count() == 2);  // nothing else is left
}

TEST_CASE("no data set is written over another, and nothing but a whole one") {
  const TemporaryFolder folder;
  const LabeledImages train{{1, 1, 1, {1}}, {}, {}};
  fs::create_directory(folder / "empty");
  check_new_folder(folder / "empty");
  write_idx_dataset(folder / "empty", train, nullptr);
  CHECK(find_idx_source(folder / "empty")->files().size() == 1);
  for (const auto& write : {std::function<void()>([&] { check_new_folder(folder / "empty"); }),
                            {[&] { write_idx_dataset(folder / "empty", train, &train); }}}) {
    CHECK(is_one_line_about(message_of(write), folder / "empty"));
  }
  CHECK(find_idx_source(folder / "empty")->files().size() == 1);
  const auto nowhere = folder / "none" / "new";
  CHECK(is_one_line_about(message_of([&] { check_new_folder(nowhere); }), nowhere));
  check_new_folder(folder / "new");
  CHECK(folder.count() == 1);
}

TEST_CASE("a link to an empty folder stays one") {
  const TemporaryFolder folder;
  const LabeledImages train{{1, 1, 1, {1}}, {}, {}};
  fs::create_directory(folder / "there");
  fs::create_directory_symlink("there", folder / "link");
  write_idx_dataset(folder / "link", train, nullptr);
  CHECK(fs::is_symlink(folder / "link"));
  CHECK(find_idx_source(folder / "there")->files().size() == 1);
  CHECK(folder.count() == 2);
}
