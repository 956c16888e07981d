#include "tools/commands/data_report.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string>

#include "tools/commands/shared/file_roles.hpp"

namespace picovae::tools {
namespace {

constexpr int kNameWidth = 24;
constexpr int kFigureWidth = 10;

// A row of the table: a name, a figure of each half, and a note.
template <typename FigureOf>
void print_row(std::string_view name, const DataReport& report, FigureOf figure_of,
               std::string_view note = "") {
  std::string row = fmt::format("  {:{}}", name, kNameWidth);
  for (const HalfReport& half : report.halves) {
    row += fmt::format("{:>{}}", figure_of(half), kFigureWidth);
  }
  say("{}{}{}\n", row, note.empty() ? "" : "   ", note);
}

// The same of a figure with two digits after the point.
template <typename FigureOf>
void print_mean(std::string_view name, const DataReport& report, FigureOf figure_of,
                std::string_view note = "") {
  print_row(
      name, report,
      [&](const HalfReport& half) { return fmt::format("{:.2f}", figure_of(half.look)); }, note);
}

void print_figures(const DataReport& report) {
  using Half = const HalfReport&;
  print_row("", report, [](Half half) { return half.name; });
  print_row("images", report, [](Half half) { return half.look.images; });
  print_row("of one brightness", report, [](Half half) { return half.look.constant; });
  print_row("equal to earlier ones", report, [](Half half) { return half.look.repeated; });
  if (report.known) {
    print_row("equal to training images", report, [&](Half half) {
      return half.name == report.halves.back().name ? std::to_string(*report.known) : "";
    });
  }
  print_row(
      "pixels never lit", report, [](Half half) { return half.look.never_lit; }, "0 in all images");
  print_row(
      "pixels always lit", report, [](Half half) { return half.look.always_lit; },
      "255 in all images");
  print_row(
      "least", report, [](Half half) { return half.look.least(); }, "of 0 to 255");
  print_mean("mean", report, [](const Look& look) { return look.mean(); });
  print_mean("mean at the border", report, [](const Look& look) { return look.border; });
  print_mean("mean in the middle", report, [](const Look& look) { return look.center; });
  print_row("greatest", report, [](Half half) { return half.look.greatest(); });
  print_mean(
      "entropy", report, [](const Look& look) { return look.entropy(); },
      "nats an image: no reconstruction costs less");
}

void print_histogram(const DataReport& report) {
  constexpr std::size_t kColumns = 24;
  constexpr std::size_t kValues = 256 / Look::kBins;
  const auto print = [](std::string row) {
    row.erase(row.find_last_not_of(' ') + 1);
    say("{}\n", row);
  };
  std::string head = "  of 0 to 255";
  for (const HalfReport& half : report.halves) {
    head += fmt::format("{:9}{:{}}", "", half.name, kColumns + 2);
  }
  print(head);
  for (std::size_t bin = 0; bin < Look::kBins; ++bin) {
    std::string row = fmt::format("  {:3} to {:3}", bin * kValues, (bin + 1) * kValues - 1);
    for (const HalfReport& half : report.halves) {
      const auto shares = half.look.histogram();
      const double most = *std::max_element(shares.begin(), shares.end());
      const auto length = static_cast<std::size_t>(std::ceil(shares[bin] / most * kColumns));
      row +=
          fmt::format("  {:5.1f} %  {:{}}", 100 * shares[bin], std::string(length, '#'), kColumns);
    }
    print(row);
  }
}

void print_labels(const DataReport& report) {
  std::set<std::uint8_t> labels;
  for (const HalfReport& half : report.halves) {
    for (const auto& [label, count] : half.look.labels) labels.insert(label);
  }
  if (labels.empty()) {
    say("  no labels\n");
    return;
  }
  for (const std::uint8_t label : labels) {
    const bool named = label < report.label_names.size();
    const std::string name = named ? " " + report.label_names[label] : "";
    print_row(fmt::format("label {}{}", label, name), report, [&](const HalfReport& half) {
      const auto found = half.look.labels.find(label);
      return found == half.look.labels.end() ? 0 : found->second;
    });
  }
}

Json to_json(const HalfReport& half) {
  const Look& look = half.look;
  Json labels = std::initializer_list<Json::Member>{};
  for (const auto& [label, count] : look.labels) labels.add(std::to_string(label), count);
  Json json = {{"images", look.images},
               {"rows", look.rows},
               {"columns", look.cols},
               {"labels", labels},
               {"constant", look.constant}};
  if (look.constant > 0) json.add("first_constant", look.first_constant);
  json.add("repeated", look.repeated);
  json.add("never_lit", look.never_lit);
  json.add("always_lit", look.always_lit);
  json.add("least", look.least());
  json.add("mean", look.mean());
  json.add("border", look.border);
  json.add("center", look.center);
  json.add("greatest", look.greatest());
  json.add("entropy", look.entropy());
  json.add("histogram", Json::list(look.histogram()));
  return json;
}

}  // namespace

void print_report(const DataReport& report) {
  print_figures(report);
  print_labels(report);
  print_histogram(report);
  for (const HalfReport& half : report.halves) {
    for (const Fault& fault : half.faults) say("warning: {}: {}\n", half.name, fault.text);
  }
}

Json to_json(const DataReport& report) {
  Json json = std::initializer_list<Json::Member>{};
  if (!report.label_names.empty()) json.add("label_names", Json::list(report.label_names));
  std::vector<Json> warnings;
  for (const HalfReport& half : report.halves) {
    json.add(half.name, to_json(half));
    for (const Fault& fault : half.faults) {
      warnings.push_back({{"split", half.name}, {"name", fault.name}, {"text", fault.text}});
    }
  }
  if (report.known) json.add("known", *report.known);
  json.add("warnings", Json::list(warnings));
  return json;
}

}  // namespace picovae::tools
