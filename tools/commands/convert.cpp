// picovae convert: a data set of any form as IDX files.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/commands/shared/json.hpp"
#include "tools/data/dataset.hpp"
#include "tools/data/idx_writer.hpp"
#include "tools/data/image_changes.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path from, out;
  std::string size;  // empty: as it is
  std::size_t test = 0;
  bool transpose = false, invert = false, json = false;
};

// Width and height of "28x28"; nothing if it is no size.
std::optional<std::array<std::size_t, 2>> parse_size(std::string_view text) {
  const std::size_t middle = text.find('x');
  if (middle == text.npos) return std::nullopt;
  const auto width = parse_number<std::size_t>(text.substr(0, middle));
  const auto height = parse_number<std::size_t>(text.substr(middle + 1));
  const auto fits = [](const auto& side) { return side && *side >= 1 && *side <= kMaxSide; };
  if (!fits(width) || !fits(height)) return std::nullopt;
  return {{*width, *height}};
}

std::string complaint_about_size(const std::string& text) {
  if (parse_size(text)) return "";
  return fmt::format("{} is no size such as 28x28, 1 to {} pixels each way", text, kMaxSide);
}

LabeledImages load(const Options& options, const Source& source, Split split) {
  WantedImages wanted;
  if (!options.size.empty()) {
    const auto [width, height] = parse_size(options.size).value();
    wanted = {.rows = height, .cols = width};
    if (options.transpose) std::swap(wanted.rows, wanted.cols);  // the result has that size
  }
  LabeledImages loaded = source.load(split, wanted);
  if (wanted.rows != 0) resize(loaded.images, wanted.rows, wanted.cols);
  if (options.transpose) transpose(loaded.images);
  if (options.invert) invert(loaded.images);
  return loaded;
}

Json to_json(const LabeledImages& train, const LabeledImages* test) {
  Json json = {{"train", train.images.count},
               {"test", test == nullptr ? 0 : test->images.count},
               {"rows", train.images.rows},
               {"columns", train.images.cols},
               {"labeled", !train.labels.empty()}};
  json.add("label_names", Json::list(train.label_names));
  return json;
}

void print(const Options& options, const LabeledImages& train, const LabeledImages* test) {
  say("{}: {} training and {} test images of {} x {} pixels, {} labels\n", options.out.string(),
      train.images.count, test == nullptr ? 0 : test->images.count, train.images.rows,
      train.images.cols, train.labels.empty() ? "no" : "with");
  for (std::size_t label = 0; label < train.label_names.size(); ++label) {
    say("label {}: {}\n", label, train.label_names[label]);
  }
}

void run(const Options& options) {
  check_new_folder(options.out);
  const auto source = open_source(options.from);
  const bool has_test = source->has_test();
  if (has_test && options.test != 0) {
    fail("{}: has test images already; leave --test out", options.from.string());
  }
  LabeledImages train = load(options, *source, Split::kTrain);
  std::optional<LabeledImages> test;
  if (has_test) {
    test = load(options, *source, Split::kTest);
    const auto& [a, b] = std::tie(train.images, test->images);
    if (a.rows != b.rows || a.cols != b.cols) {
      fail("{}: training images have {} x {} pixels and test images {} x {}; give --size",
           options.from.string(), a.rows, a.cols, b.rows, b.cols);
    }
  } else if (options.test != 0) {
    if (options.test >= train.images.count) {
      fail("{}: has {} images; --test {} leaves none", options.from.string(), train.images.count,
           options.test);
    }
    test = take_last(train, options.test);
  }
  const LabeledImages* const held_out = test ? &*test : nullptr;
  write_idx_dataset(options.out, train, held_out);
  if (options.json) {
    say("{}\n", to_json(train, held_out).text());
  } else {
    print(options, train, held_out);
  }
}

}  // namespace

void add_convert(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command = line.add(
      "convert", "Write a data set of PNG pictures or of NumPy's arrays as IDX files",
      "Example:\n"
      "  picovae convert photos --size 28x28 --test 1000 --out data\n"
      "  picovae convert mnist.npz --out data\n"
      "  picovae convert emnist/emnist-letters --transpose --out letters\n"
      "  picovae train --data data --out model.safetensors\n"
      "FROM, and the DIR of every --data, is one of\n"
      "  a folder of IDX files as MNIST's, plain or .gz; torchvision's, as data/MNIST/raw; or\n"
      "    DIR/PREFIX, if their names have a prefix\n"
      "  FILE.npz or a folder of .npy files: x_train, y_train, x_test, y_test as Keras has them;\n"
      "    train_images, train_labels, test_images, test_labels; images and labels, or x and y\n"
      "  FILE.npy, or a FILE.npz of one array\n"
      "  a folder of PNG pictures, in folders that are their labels or not; in train/ and test/\n"
      "    or val/, or not\n"
      "Arrays are [N, H, W] or [N, H * W] of 0 to 255, or of 0 to 1. Pictures become gray, what\n"
      "is transparent black. Other sizes are means of areas, their proportions kept, black around\n"
      "them. Labels that are no numbers are numbered in the order of their names. Pictures are in\n"
      "the order of a hash of their names: the last ones, which --test takes, have all labels.");
  command.path("FROM", options->from, Access::kRead, "", "The data set to convert")
      .stands_for([options] { return dataset_files(options->from); });
  command.out(options->out, "DIR", "Folder to create for the IDX files");
  command.text("--size", options->size, complaint_about_size, "WIDTHxHEIGHT",
               "Pixels of the images, such as 28x28; by default as they are");
  command.flag("--transpose", options->transpose,
               "Swap rows and columns: EMNIST's own files have images sideways");
  command.flag("--invert", options->invert, "255 - p: for dark ink on white paper");
  command.whole("--test", options->test, {}, "N",
                "Make the last N images the test set, if there is none");
  command.json(options->json);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
