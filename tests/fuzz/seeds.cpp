// Writes what the fuzzers begin with: fuzz_seeds DIR
#include <fmt/format.h>
#include <png.h>
#include <zlib.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/engine/blobs.hpp"
#include "tests/fuzz/checkpoint.hpp"
#include "tests/tools/data/numpy_files.hpp"
#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/format/network.hpp"
#include "tools/format/onnx_float.hpp"
#include "tools/format/onnx_graph.hpp"
#include "tools/format/safetensors.hpp"
#include "tools/train/checkpoint.hpp"
#include "tools/train/trainer.hpp"

namespace {

namespace fs = std::filesystem;
using namespace picovae;

fs::path folder_for(const fs::path& root, const char* fuzzer) {
  fs::create_directories(root / fuzzer);
  return root / fuzzer;
}

void write_blobs(const fs::path& folder) {
  int number = 0;
  for (const auto& blob : tests::all_kinds()) {
    tools::write_file(folder / fmt::format("{}.pvae", number++), blob.bytes());
  }
}

void write_safetensors(const fs::path& folder) {
  auto network = tests::random_network({5, 4, 3, 2}, 1);
  tools::save_network(folder / "plain", network);
  network.metadata = {{"epochs", "30"}, {"note", "\"quoted\""}};
  tools::save_network(folder / "metadata", network);
  constexpr std::string_view kEmpty{"\2\0\0\0\0\0\0\0{}", 10};
  tools::write_file(folder / "empty", kEmpty);
}

// A network as other programs have it: names that decide, with and without one layer of both heads.
void write_foreign(const fs::path& folder) {
  write_safetensors(folder);
  const auto network = tests::random_network({5, 4, 4, 2}, 1);
  auto file = tools::to_safetensors(network, "seed");
  for (tools::Tensor& tensor : file.tensors) tensor.name.insert(0, "module.");
  tools::write_safetensors(folder / "prefixed", file);
  const auto six = tools::engine_layers(network);
  file = {{{"steps", {}, {7}}}, {{"activation", "softplus"}}};
  for (std::size_t i = 0; i < six.size(); ++i) {
    const auto& [in, out, weight, bias] = six[i];
    file.tensors.push_back({fmt::format("fc{}.weight", i), {out, in}, weight});
    file.tensors.push_back({fmt::format("fc{}.bias", i), {out}, bias});
  }
  tools::write_safetensors(folder / "numbered", file);
}

// Both halves, and a graph of both with every operator that is followed.
void write_onnx(const fs::path& folder) {
  using tools::OnnxType;
  const auto network = tests::random_network({6, 5, 4, 2}, 1);
  tools::write_file(folder / "encoder", tools::onnx_encoder(network, {{"epochs", "3"}}).bytes);
  tools::write_file(folder / "decoder", tools::onnx_decoder(network, {}).bytes);

  tools::OnnxGraph graph("whole", "");
  using Inputs = std::vector<std::string>;
  const auto node = [&](std::string_view op, const Inputs& inputs, std::string name,
                        std::initializer_list<tools::OnnxAttribute> attributes = {}) {
    return graph.node(op, inputs, {std::move(name), OnnxType::kF32, 1}, attributes).name;
  };
  const auto side = [&](std::int64_t value) {
    return graph.constant(fmt::format("side{}", value), {1}, std::span(&value, 1));
  };
  const auto dense = [&](const std::string& x, const tools::DenseWeights& layer, std::string name) {
    const auto weight = graph.constant(name + ".w", {layer.out, layer.in}, std::span(layer.weight));
    const auto bias = graph.constant(name + ".b", {layer.out}, std::span(layer.bias));
    const auto turned = node("Transpose", {weight}, name + ".t");
    const auto sum = node("MatMul", {x, turned}, name + ".p");
    return node("Add", {sum, node("Identity", {bias}, name + ".i")}, std::move(name));
  };
  const float half = 0.5F;
  const auto layers = tools::engine_layers(network);
  auto x = graph.input("x", OnnxType::kF32, 6, "").name;
  const auto shape = node("Shape", {x}, "shape");
  const auto zero = side(0), one = side(1), rest = side(-1), two = side(2);
  const auto rows = node("Unsqueeze", {node("Gather", {shape, zero}, "rows"), zero}, "row");
  x = node("Reshape", {x, node("Concat", {rows, rest}, "to")}, "flat");
  x = node("Softplus", {dense(node("Flatten", {x}, "flat2"), layers[0], "l0")}, "h0");
  x = node("Softplus", {dense(x, layers[1], "l1")}, "h1");
  x = dense(x, layers[2], "heads");
  const auto size = node("Gather", {node("Shape", {x}, "shape2"), one}, "size");
  const auto middle = node("Div", {size, two}, "middle");
  const auto mu = node("Slice", {x, zero, middle, rest, one}, "mu");
  const auto logvar = node("Slice", {x, middle, node("Mul", {middle, two}, "end"), rest}, "logvar");
  const auto factor = graph.constant("half", {}, std::span(&half, 1));
  const auto sigma = node("Exp", {node("Mul", {logvar, factor}, "halved")}, "sigma");
  const auto noise = node("RandomNormalLike", {sigma}, "eps");
  x = node("Add", {mu, node("Mul", {noise, sigma}, "spread")}, "z");
  x = node("Softplus", {dense(x, layers[3], "l3")}, "h3");
  x = node("Softplus", {dense(x, layers[4], "l4")}, "h4");
  x = node("Sigmoid", {dense(x, layers[5], "l5")}, "pixels");
  graph.output({x, OnnxType::kF32, 6}, "");
  tools::write_file(folder / "whole", graph.file().bytes);
}

void write_idx(const fs::path& folder) {
  constexpr std::string_view kImages{"\0\0\10\3\0\0\0\2\0\0\0\2\0\0\0\3abcdefghijkl", 28};
  constexpr std::string_view kLabels{"\0\0\10\1\0\0\0\4\1\2\3\4", 12};
  for (const auto& [name, text] : {std::pair{"images", kImages}, {"labels", kLabels}}) {
    tools::write_file(folder / name, text);
    const std::string packed = (folder / name).string() + ".gz";
    gzFile file = gzopen(packed.c_str(), "wb");
    gzwrite(file, text.data(), static_cast<unsigned>(text.size()));
    gzclose(file);
  }
}

void write_npy(const fs::path& folder) {
  int number = 0;
  for (const char* type : {"|u1", "|b1", "<f4", ">i2", "<f8"}) {
    for (const char* shape : {"2, 2, 2", "2, 4", "8,"}) {
      for (const char* order : {"False", "True"}) {
        const std::string content(8 * static_cast<std::size_t>(type[2] - '0'), '\1');
        tools::write_file(folder / fmt::format("{}", number++),
                          tests::npy_file(tests::npy_header(type, shape, order), content));
      }
    }
  }
}

void write_npz(const fs::path& folder) {
  for (const std::uint16_t method : {std::uint16_t{0}, std::uint16_t{8}}) {
    tools::write_file(folder / fmt::format("{}", method),
                      tests::zip_file({{"x_train.npy", "stored or deflated", method},
                                       {"y_train.npy", std::string(100, 'y'), method}}));
  }
}

// Gray, and gray or colors with what is transparent, of 8 and of 16 bits.
void write_pngs(const fs::path& folder) {
  const std::vector<std::uint16_t> pixels(4 * 4 * 3, 0x1234);
  int number = 0;
  constexpr auto kFormats =
      std::to_array<png_uint_32>({PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB, PNG_FORMAT_RGBA,
                                  PNG_FORMAT_LINEAR_Y, PNG_FORMAT_LINEAR_RGB_ALPHA});
  for (const png_uint_32 format : kFormats) {
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    png.width = 4;
    png.height = 3;
    png.format = format;
    std::array<char, 4096> bytes;
    png_alloc_size_t size = bytes.size();
    if (png_image_write_to_memory(&png, bytes.data(), &size, 0, pixels.data(), 0, nullptr) == 0) {
      tools::fail("no seed of PNG: {}", png.message);
    }
    tools::write_file(folder / fmt::format("{}", number++), std::string_view(bytes.data(), size));
  }
}

void write_command_lines(const fs::path& folder) {
  int number = 0;
  for (const std::string_view line :
       {"train\n--out\nm.safetensors\n--epochs\n30\n--lr=1e-3\n--batch\n100\n--seed\n7",
        "train\n--out\nm\n--log\nlog.csv\n--pictures\np\n--pixels\nbinary\n--threads\n2",
        "eval\nm.pvae\n--data\nmnist\n--samples\n10\n--json",
        "nll\nm.pvae\n--samples\n100\n--widen\n1.2",
        "train\n--out\nm\n--preset\ndeck\n--deck-loss\n--checkpoint\nc\n--resume",
        "train\n--out\nm\n--objective\niwae\n--samples\n5\n--kl-warmup\n2\n--rotated\noff",
        "classes\nm.pvae\n--out\nc.pvae",
        "map\nm.pvae\n--out\nmap.png",
        "plot\nlog.csv\n--out\ncurve.png",
        "quantize\nm.safetensors\n--out\nm.pvae\n--type\nbf16\n--max-loss\n0.5\n--prune\n0.02",
        "score\nm.pvae\n--keep\nm.pvae\n--figure\nsquares\n--false-alarms\n0.001",
        "export\nm.pvae\n--layout\ncortex-m\n--decoder-only\n--out\nb.pvae\n--c-array\nm.h",
        "encode\nm.pvae\n--out\ncodes.csv\n--split\ntrain",
        "info\nm.pvae\n--json",
        "generate\nm.pvae\n--ascii\n--count\n3\n--digit\n7",
        "generate\nm.pvae\n--out\na.png\n--seed\n010",
        "reconstruct\nm.pvae\n--image\na.png\n--out\nb.png",
        "self-test\nm.pvae\n--every-isa",
        "convert\nphotos\n--size\n28x28\n--transpose\n--invert\n--test\n9\n--out\ndata",
        "interpolate\nm.pvae\n--from\n0\n--to\n8\n--steps\n12\n--out\nmorph.png",
        "import\nm.safetensors\n--out\nn.safetensors\n--map\nfc21=mu,fc22=logvar",
        "import\nencoder.onnx\ndecoder.onnx\n--out\nn.safetensors\n--log-sigma\n--json",
        "--help"}) {
    tools::write_file(folder / fmt::format("{}", number++), line);
  }
}

void write_checkpoints(const fs::path& folder) {
  const auto images = tests::checkpoint_images();
  const tools::Recipe recipe = tests::checkpoint_recipe();
  tools::Trainer trainer(tests::kCheckpointShape, images, recipe, select_kernels());
  for (int epoch = 0; epoch < recipe.epochs; ++epoch) {
    tools::save_checkpoint(folder / fmt::format("{}", epoch),
                           {tools::settings_of(recipe), "epoch,loss\n", trainer.state()},
                           trainer.network());
    trainer.run_epoch({});
  }
}

void write_logs(const fs::path& folder) {
  constexpr std::string_view kColumns =
      "epoch,train_neg_elbo,train_reconstruction,train_kl,test_neg_elbo,test_reconstruction,"
      "test_kl,seconds\n";
  constexpr std::string_view kFirst = "1,142.3,123.2,19.1,112.8,87.8,25,2.04\n";
  constexpr std::string_view kSecond = "2,1e2,-8.5e1,.5,1E+2,88,12,2\r\n";
  tools::write_file(folder / "one", fmt::format("{}{}", kColumns, kFirst));
  tools::write_file(folder / "two", fmt::format("{}{}{}", kColumns, kFirst, kSecond));
}

// Choices at random, for what takes its input as choices (input.hpp).
void write_choices(const fs::path& folder) {
  tests::Dice dice(1);
  for (int number = 0; number < 64; ++number) {
    std::string bytes(static_cast<std::size_t>(8 << number % 6), '\0');
    for (char& byte : bytes) byte = static_cast<char>(dice.between(-128, 127));
    tools::write_file(folder / fmt::format("{}", number), bytes);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: fuzz_seeds DIR\n");
    return 2;
  }
  const fs::path root = argv[1];
  for (const char* fuzzer : {"blob", "export"}) write_blobs(folder_for(root, fuzzer));
  write_safetensors(folder_for(root, "safetensors"));
  write_foreign(folder_for(root, "import"));
  write_onnx(folder_for(root, "onnx"));
  write_idx(folder_for(root, "idx"));
  write_npy(folder_for(root, "npy"));
  write_npz(folder_for(root, "npz"));
  write_pngs(folder_for(root, "png"));
  write_command_lines(folder_for(root, "command_line"));
  write_checkpoints(folder_for(root, "checkpoint"));
  write_logs(folder_for(root, "log"));
  for (const char* fuzzer : {"kernels", "calls", "quantize", "round_trip"}) {
    write_choices(folder_for(root, fuzzer));
  }
  return 0;
}
