#include "tools/train/checkpoint.hpp"

#include <doctest/doctest.h>
#include <fmt/core.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "picovae/kernels.hpp"
#include "tests/tools/stripes.hpp"
#include "tests/tools/temporary_folder.hpp"
#include "tests/tools/train/mend_checkpoint.hpp"
#include "tools/base/file.hpp"
#include "tools/train/trainer.hpp"

namespace {

using namespace picovae;
using namespace picovae::tools;
using namespace picovae::tests;

constexpr int kEpochs = 7;

// Enough steps for rotations to be renewed twice (steps 100 and 250), the last minibatch of an
// epoch a smaller one.
Recipe small_recipe() {
  Recipe recipe;
  recipe.epochs = kEpochs;
  recipe.batch = 5;
  return recipe;
}
constexpr int kStepsAnEpoch = 46;
std::vector<std::uint8_t> few_images() { return stripes(228); }

struct Stop {};

// Trains until `steps` are done in all, in this call; returns the losses of the epochs ended.
std::vector<double> train_steps(Trainer& trainer, int steps) {
  std::vector<double> losses;
  int done = 0;
  try {
    while (trainer.epoch() < kEpochs && done < steps) {
      const Elbo loss = trainer.run_epoch([&](double, const Elbo&) {
        if (++done == steps) throw Stop{};
      });
      losses.push_back(loss.reconstruction);
      losses.push_back(loss.kl);
    }
  } catch (Stop) {
  }
  return losses;
}

TEST_CASE("a trainer that is left anywhere goes on in another to the same bits") {
  const auto images = few_images();
  const auto with = [&](auto change) {
    Recipe recipe = small_recipe();
    change(recipe);
    Trainer whole(kSmall, images, recipe, select_kernels());
    const auto losses = train_steps(whole, kEpochs * kStepsAnEpoch + 1);
    const auto expected = all_values(whole.network());
    // By default the last half of the steps, from step 162 on, has more samples.
    for (const int steps : {0, 1, 45, 46, 47, 99, 100, 101, 160, 161, 162, 250, 300, 322}) {
      CAPTURE(steps);
      Trainer first(kSmall, images, recipe, select_kernels());
      auto found = train_steps(first, steps);
      Trainer second(kSmall, images, recipe, select_kernels(), 2);
      second.restore(first.state(), "file");
      CHECK(second.epoch() == first.epoch());
      CHECK(second.state() == first.state());
      CHECK(all_values(second.network()) == all_values(first.network()));
      const auto rest = train_steps(second, kEpochs * kStepsAnEpoch + 1);
      found.insert(found.end(), rest.begin(), rest.end());
      CHECK(found == losses);
      CHECK(all_values(second.network()) == expected);
    }
  };
  with([](Recipe&) {});
  with([](Recipe& r) { r = deck_recipe(), r.epochs = kEpochs, r.batch = 5; });
  with([](Recipe& r) { r.samples_late = 3, r.pixels = PixelMode::kStochastic; });
}

TEST_CASE("numbers and tensors are restored only if all are there and fit") {
  const auto images = few_images();
  Trainer trainer(kSmall, images, small_recipe(), select_kernels());
  train_steps(trainer, 110);
  const SafetensorsFile good = trainer.state();
  const auto says = [&](auto change) {
    SafetensorsFile bad = good;
    change(bad);
    Trainer other(kSmall, images, small_recipe(), select_kernels());
    const auto message = message_of([&] { other.restore(bad, "a.checkpoint"); });
    CHECK(is_one_line_about(message, "a.checkpoint"));
    return message;
  };
  for (std::size_t i = 0; i < good.tensors.size(); ++i) {
    const std::string& name = good.tensors[i].name;
    CHECK(
        contains(says([&](auto& f) { f.tensors.erase(f.tensors.begin() + static_cast<long>(i)); }),
                 name + " is missing"));
    CHECK(contains(says([&](auto& f) { f.tensors[i].data.pop_back(); }), name));
    CHECK(contains(says([&](auto& f) { f.tensors[i].data.push_back(0); }), name));
  }
  for (const auto& [key, value] : good.metadata) {
    CHECK(contains(says([&, k = key](auto& f) { f.metadata.erase(k); }), key + " is missing"));
    for (const char* text : {"", "x", "-1x", "1 ", " 1", "nan", "1e999"}) {
      CHECK(contains(says([&, k = key](auto& f) { f.metadata[k] = text; }), key));
    }
  }
  for (const char* key : {"mean_norm", "rotation.0.observed"}) {
    const auto message =
        says([&](auto& f) { f.metadata[std::string("picovae.train.") + key] = "-1"; });
    CHECK(contains(message, "is \"-1\"; it cannot be that"));
  }
  for (const std::string key : {"picovae.train.square", "picovae.train.rotation.0.scales"}) {
    const auto message = says([&](auto& f) {
      for (Tensor& tensor : f.tensors) {
        if (tensor.name == key) tensor.data[3] = -1;
      }
    });
    CHECK(contains(message, key + " has -1 at index 3; it cannot be negative"));
  }
  for (const char* key : {"epochs", "steps", "images"}) {
    for (const char* text : {"1", "-1", "8", "99", "4294967296", "18446744073709551615"}) {
      says([&](auto& f) { f.metadata[std::string("picovae.train.") + key] = text; });
    }
  }
  Recipe deck = deck_recipe();
  deck.batch = 5;
  Trainer other(kSmall, images, deck, select_kernels());
  other.restore(good, "file");  // more than it asks for: recipes are compared as settings
}

class SavedCheckpoint {
 public:
  SavedCheckpoint() {
    Recipe recipe = small_recipe();
    Trainer trainer(kSmall, images_, recipe, select_kernels());
    train_steps(trainer, 110);
    checkpoint = {
        {{"seed", "1"}, {"data", "228 images \"x\""}}, "epoch,loss\n1,2.5\n", trainer.state()};
    network = trainer.network();
    save_checkpoint(path, checkpoint, network);
    bytes = read_file(path, std::size_t{1} << 24);
  }

  TemporaryFolder folder;
  std::filesystem::path path = folder / "run.checkpoint";
  Checkpoint checkpoint;
  Network network;
  std::vector<std::byte> bytes;

 private:
  std::vector<std::uint8_t> images_ = few_images();
};

TEST_CASE_FIXTURE(SavedCheckpoint, "a checkpoint is read as it was written, and is a model too") {
  const Checkpoint copy = load_checkpoint(path);
  CHECK(copy.settings == checkpoint.settings);
  CHECK(copy.log == checkpoint.log);
  for (const Tensor& tensor : checkpoint.state.tensors) {
    CHECK(std::count(copy.state.tensors.begin(), copy.state.tensors.end(), tensor) == 1);
  }
  for (const auto& number : checkpoint.state.metadata) {
    CHECK(copy.state.metadata.at(number.first) == number.second);
  }
  CHECK(all_values(load_network(path)) == all_values(network));
  save_checkpoint(path, checkpoint, network);
  CHECK(read_file(path, bytes.size()) == bytes);
  CHECK(folder.count() == 1);
}

TEST_CASE_FIXTURE(SavedCheckpoint, "a checkpoint that is cut, changed or another file is refused") {
  const auto refused = [&](std::span<const std::byte> content) {
    return is_one_line_about(message_of([&] { parse_checkpoint(content, path.string()); }), path);
  };
  const std::span<const std::byte> all(bytes);
  constexpr std::size_t kHeader = 3000;  // each of these, then some
  for (std::size_t at = 0; at < bytes.size(); at += at < kHeader ? 1 : 977) {
    CAPTURE(at);
    CHECK(refused(all.first(at)));
    auto changed = bytes;
    changed[at] ^= std::byte{1} << (at % 8);
    CHECK(refused(changed));
  }
  CHECK(refused(all.first(all.size() - 1)));
  auto longer = bytes;
  longer.push_back({});
  CHECK(refused(longer));
  save_network(path, network);
  CHECK(contains(message_of([&] { load_checkpoint(path); }), "no checkpoint"));
}

// Whoever changes a file may compute the checksum again.
TEST_CASE_FIXTURE(SavedCheckpoint, "bytes at random behind a valid checksum are safe") {
  const auto images = few_images();
  std::uint32_t word = 1;
  const auto draw = [&](std::size_t below) {
    return (word = word * 1664525u + 1013904223u) % below;
  };
  int loaded = 0;
  for (int i = 0; i < 400; ++i) {
    auto changed = bytes;
    for (int k = 0; k < 1 + i % 3; ++k) changed[draw(3000)] ^= std::byte{1} << draw(8);
    mend_checkpoint(changed);
    Trainer trainer(kSmall, images, small_recipe(), select_kernels());
    const auto message = message_of([&] {
      trainer.restore(parse_checkpoint(changed, path.string()).state, path.string());
      ++loaded;
    });
    CHECK((message.empty() || is_one_line_about(message, path)));
  }
  CHECK(loaded > 0);  // if a setting was changed, or the model that is only for others
}

TEST_CASE_FIXTURE(SavedCheckpoint, "what is not finite is not written, and the old file stays") {
  checkpoint.state.tensors[1].data[5] = std::numeric_limits<float>::infinity();
  const auto message = message_of([&] { save_checkpoint(path, checkpoint, network); });
  CHECK(is_one_line_about(message, path));
  CHECK(contains(message, "picovae.train.mean"));
  CHECK(read_file(path, bytes.size()) == bytes);
}

TEST_CASE_FIXTURE(SavedCheckpoint, "settings that differ are named, with both values") {
  require_same_settings(checkpoint, checkpoint.settings, path);
  const auto says = [&](const Settings& asked) {
    const auto message = message_of([&] { require_same_settings(checkpoint, asked, path); });
    CHECK(is_one_line_about(message, path));
    return message;
  };
  Settings asked = checkpoint.settings;
  asked["seed"] = "2\n";
  CHECK(contains(says(asked), "--seed is \"1\" there, \"2\\n\" here"));
  asked = checkpoint.settings;
  asked["learning_rate"] = "0.5";
  CHECK(contains(says(asked), "--lr is nothing there, \"0.5\" here"));
  asked = checkpoint.settings;
  asked["evil\x1b\n"] = "1";
  CHECK(contains(says(asked), "\"evil\\u001b\\n\" is nothing there, \"1\" here"));
  for (int i = 0; i < 100; ++i) asked[fmt::format("x{}", i)] = std::string(1000, 'x');
  CHECK(contains(says(asked), "and 95 more"));
  CHECK(says(asked).size() < 1000);
  CHECK(contains(says({{"seed", "1"}}), "--data is \"228 images \\\"x\\\"\" there, nothing here"));
}

}  // namespace
