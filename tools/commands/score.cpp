// picovae score: how far images are from what the model was trained on, and the threshold that a
// device compares with.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "picovae/score.hpp"
#include "tools/base/error.hpp"
#include "tools/base/file.hpp"
#include "tools/base/isa.hpp"
#include "tools/base/names.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/commands/shared/json.hpp"
#include "tools/data/dataset.hpp"
#include "tools/format/pack.hpp"
#include "tools/format/threshold_section.hpp"
#include "tools/measure/scores.hpp"
#include "tools/view/progress.hpp"

namespace picovae::tools {
namespace {

// What a threshold is on.
using ValueOf = double (*)(const ImageScore&);

constexpr ValueOf kSquares = [](const ImageScore& score) { return score.squares; };

// In the order of picovae::Figure.
constexpr std::array<Named<ValueOf>, kFigureCount> kFigures = {
    {{"excess", [](const ImageScore& score) { return score.excess(); }},
     {"neg_elbo", [](const ImageScore& score) { return score.neg_elbo(); }},
     {"squares", kSquares}}};

constexpr std::array kShares = {0.01, 0.5, 0.9, 0.99, 0.999};

struct Options {
  std::filesystem::path model, data, against, csv, keep;  // the last three empty: none
  ValueOf figure = kFigures[0].value;
  double false_alarms = 0.01;
  std::size_t validation = 0;
  unsigned threads = 1;
  bool json = false;
};

std::vector<double> values_of(const std::vector<ImageScore>& scores, ValueOf figure) {
  std::vector<double> values;
  values.reserve(scores.size());
  for (const ImageScore& score : scores) values.push_back(figure(score));
  return values;
}

std::vector<double> ascending(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values;
}

// A line an image: which set it is of, and what score.hpp has, in nats.
std::string to_csv(const std::vector<ImageScore>& normal, const std::vector<ImageScore>& other) {
  std::string csv = "set,reconstruction,kl,entropy,squares,neg_elbo,excess\n";
  const auto add = [&](std::string_view set, const std::vector<ImageScore>& scores) {
    for (const ImageScore& score : scores) {
      csv += fmt::format("{},{},{},{},{},{},{}\n", set, score.reconstruction, score.kl,
                         score.entropy, score.squares, score.neg_elbo(), score.excess());
    }
  };
  add("normal", normal);
  add("against", other);
  return csv;
}

// Both sets side by side, a line for each interval of the figure; the last has all that is above.
std::string histogram(const std::vector<double>& normal, const std::vector<double>& other) {
  constexpr std::size_t kLines = 16;
  constexpr std::size_t kColumns = 30;
  const auto sorted = ascending(normal);
  const double low = sorted.front();
  const double step = std::max(quantile(sorted, 0.999) - low, 1e-9) * 1.5 / kLines;
  const auto counts = [&](const std::vector<double>& values) {
    std::array<std::size_t, kLines> count{};
    for (const double value : values) {
      const double line = std::clamp((value - low) / step, 0.0, kLines - 1.0);
      ++count[static_cast<std::size_t>(line)];
    }
    return count;
  };
  const auto left = counts(normal), right = counts(other);
  const auto bar = [](const auto& count, std::size_t line) {
    const auto most = std::max<std::size_t>(*std::max_element(count.begin(), count.end()), 1);
    return std::string((count[line] * kColumns + most - 1) / most, '#');
  };
  std::string text = fmt::format("  {:>9}  normal", "from");
  if (!other.empty()) text += fmt::format("{:{}}against", "", kColumns - 4);
  text += "\n";
  for (std::size_t line = 0; line < kLines; ++line) {
    std::string row = fmt::format("  {:9.1f}  {:{}}  {}", low + static_cast<double>(line) * step,
                                  bar(left, line), kColumns, bar(right, line));
    row.erase(row.find_last_not_of(' ') + 1);
    text += row + "\n";
  }
  return text;
}

struct Result {
  std::vector<ImageScore> normal, other;
  double threshold = 0;
  double alarms = 0, found = 0;  // shares of either set above the threshold
};

// The s8 model with quantiles of these scores, in the units of a device.
BlobBytes with_thresholds(const BlobBytes& blob, const std::string& name,
                          const std::vector<ImageScore>& scores) {
  std::array<std::vector<std::uint32_t>, kFigureCount> figures;
  for (std::size_t i = 0; i < kFigureCount; ++i) {
    const double units = kFigures[i].value == kSquares ? 1 : 1 << kScoreBits;
    for (const double value : ascending(values_of(scores, kFigures[i].value))) {
      figures[i].push_back(static_cast<std::uint32_t>(std::llround(value * units)));
    }
  }
  BlobView view;
  open_blob(blob.bytes(), view);
  QuantizedNetwork network = unpack_s8(view, name);
  network.thresholds = threshold_section(figures);
  const BlobHeader& header = blob.header();
  return pack_s8(network, header.layout, header.parts, signatures_of(view));
}

double share_above(const std::vector<double>& values, double threshold) {
  const auto above =
      std::count_if(values.begin(), values.end(), [&](double v) { return v > threshold; });
  return values.empty() ? 0 : static_cast<double>(above) / static_cast<double>(values.size());
}

Json to_json(const Options& options, const Result& result) {
  Json json = {{"images", result.normal.size()},
               {"figure", name_of(kFigures, options.figure)},
               {"threshold", result.threshold},
               {"false_alarms", result.alarms}};
  std::vector<Json> figures;
  for (const auto& [name, figure] : kFigures) {
    const auto values = ascending(values_of(result.normal, figure));
    std::vector<double> quantiles;
    quantiles.reserve(kShares.size());
    for (const double share : kShares) quantiles.push_back(quantile(values, share));
    Json one = {
        {"name", name}, {"shares", Json::list(kShares)}, {"quantiles", Json::list(quantiles)}};
    if (!result.other.empty()) one.add("auroc", auroc(values, values_of(result.other, figure)));
    figures.push_back(one);
  }
  json.add("figures", Json::list(figures));
  if (!result.other.empty()) {
    json.add("against", {{"images", result.other.size()}, {"found", result.found}});
  }
  return json;
}

void print(const Options& options, const Result& result) {
  say("{}: {} images, z = mu, nats per image\n", options.model.string(), result.normal.size());
  std::string head = fmt::format("  {:10}", "");
  for (const double share : kShares) head += fmt::format(" {:>8} %", 100 * share);
  say("{}{}\n", head, result.other.empty() ? "" : "     AUROC");
  for (const auto& [name, figure] : kFigures) {
    const auto values = ascending(values_of(result.normal, figure));
    std::string row = fmt::format("  {:10}", name);
    for (const double share : kShares) row += fmt::format(" {:10.2f}", quantile(values, share));
    if (!result.other.empty()) {
      row += fmt::format("    {:.4f}", auroc(values, values_of(result.other, figure)));
    }
    say("{}\n", row);
  }
  say("{}",
      histogram(values_of(result.normal, options.figure), values_of(result.other, options.figure)));
  const bool nats = options.figure != kSquares;
  say("abnormal if {} > {:.2f}{}: {:.2f} % of these images\n", name_of(kFigures, options.figure),
      result.threshold,
      nats ? fmt::format(" nats, {:.0f} on a device", std::floor(result.threshold * 256)) : "",
      100 * result.alarms);
  if (!result.other.empty()) {
    say("{}: {} images, {:.2f} % of them above it\n", options.against.string(), result.other.size(),
        100 * result.found);
  }
  if (!options.csv.empty()) {
    say("{}: scores of {} images\n", options.csv.string(),
        result.normal.size() + result.other.size());
  }
  if (!options.keep.empty()) {
    say("{}: thresholds of {} images\n", options.keep.string(), result.normal.size());
  }
}

void run(const Options& options) {
  for (const auto& file : {options.csv, options.keep}) {
    if (!file.empty()) check_writable(file);
  }
  const BlobBytes blob = load_blob(options.model);
  if (!options.keep.empty() && blob.header().type != Type::kS8) {
    fail("{}: is an {} model; --keep is for s8 models (picovae quantize makes one)",
         options.model.string(), type_name(blob.header().type));
  }
  const auto model = make_model(BlobBytes(blob), options.model.string(), chosen_kernels());
  const std::size_t pixels = model->dimensions().pixels;
  const auto score = [&](const std::filesystem::path& path, std::size_t validation) {
    const std::vector<std::uint8_t> images = load_held_out(path, pixels, validation).images.pixels;
    Progress bar("scoring", images.size() / pixels);
    return score_images(*model, images, options.threads,
                        [&](std::size_t done) { bar.update(done); });
  };
  Result result;
  result.normal = score(options.data, options.validation);
  if (options.false_alarms * static_cast<double>(result.normal.size()) < 1) {
    fail("--false-alarms {:g}: less than one of {} images; give at least {:g}",
         options.false_alarms, result.normal.size(), 1 / static_cast<double>(result.normal.size()));
  }
  if (!options.against.empty()) result.other = score(options.against, 0);
  const auto values = values_of(result.normal, options.figure);
  result.threshold = threshold_of(ascending(values), options.false_alarms);
  result.alarms = share_above(values, result.threshold);
  result.found = share_above(values_of(result.other, options.figure), result.threshold);
  if (!options.csv.empty()) write_file(options.csv, to_csv(result.normal, result.other));
  if (!options.keep.empty()) {
    write_file(options.keep, with_thresholds(blob, options.model.string(), result.normal).bytes());
  }
  if (options.json) {
    say("{}\n", to_json(options, result).text());
  } else {
    print(options, result);
  }
}

}  // namespace

void add_score(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command = line.add(
      "score", "Say how far images are from normal, and the threshold for a rate of false alarms",
      "Example:\n"
      "  picovae score model.pvae --false-alarms 0.001\n"
      "  picovae score model.pvae --data normal --against broken.idx --csv scores.csv\n"
      "  picovae score model.pvae --data normal --keep model.pvae\n"
      "excess: -log p(x | z) less the image's own entropy, plus the KL; it does not mind how gray\n"
      "an image is, and misses images that are merely dim, which neg_elbo finds.");
  command.model(options->model, "A .safetensors or .pvae model with both halves");
  command.data(options->data);
  command
      .path("--against", options->against, Access::kRead, "DIR",
            "Images that are not normal: a data set, as --data")
      .stands_for([options] { return dataset_files(options->against); });
  command.choice("--figure", options->figure, kFigures, "What is compared with the threshold");
  command.real("--false-alarms", options->false_alarms, {1e-6, 1}, "SHARE",
               "Share of normal images that may be called abnormal");
  command.path("--csv", options->csv, Access::kWrite, "FILE", "Scores of each image to write");
  command
      .path("--keep", options->keep, Access::kWrite, "FILE.pvae",
            "Model to write with the quantiles of these scores: the thresholds that a device "
            "asks for; may be MODEL")
      .may_be("MODEL");
  command.validation(options->validation);
  command.threads(options->threads);
  command.json(options->json);
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
