#include "tools/view/curves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>

#include "tools/base/error.hpp"
#include "tools/base/text.hpp"

namespace picovae::tools {
namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

// Lines without their ends, which may be those of Windows. The last line need not have one.
std::vector<std::string_view> split_lines(std::string_view text) {
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<std::string_view> lines = split(text, '\n');
  for (std::string_view& line : lines) {
    if (line.ends_with('\r')) line.remove_suffix(1);
  }
  return lines;
}

// A field for a message: cut, and without control characters.
std::string shown(std::string_view field) {
  constexpr std::size_t kLongest = 30;
  std::string text(field.substr(0, kLongest));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

double number(std::string_view field, std::string_view name, std::size_t line) {
  const auto value = parse_number<double>(field);
  if (!value || !std::isfinite(*value)) {
    fail("{}: line {}: \"{}\" is not a finite number", name, line, shown(field));
  }
  return *value;
}

// Of a value of a CurvePoint.
std::string column_name(std::size_t value, std::string_view held_out) {
  constexpr std::array<std::string_view, 3> kFigures = {"neg_elbo", "reconstruction", "kl"};
  if (value == 0) return "epoch";
  return fmt::format("{}_{}", value <= 3 ? "train" : held_out, kFigures[(value - 1) % 3]);
}

// One of the three plots.
struct Panel {
  const char* title;
  const char* place;  // origin and size, as shares of the picture
  std::size_t train, held_out;
  bool falls;  // from a first value so large that the rest would be flat
};

constexpr std::array<Panel, 3> kPanels = {{
    {"negative ELBO", "set origin 0, 0.46; set size 1, 0.54", 1, 4, true},
    {"reconstruction", "set origin 0, 0; set size 0.5, 0.46", 2, 5, true},
    {"KL", "set origin 0.5, 0; set size 0.5, 0.46", 3, 6, false},
}};

// The upper end of the axis: the first sixth of the epochs, which is steep, may be above it.
double top(const std::vector<CurvePoint>& points, const Panel& panel) {
  double largest = -HUGE_VAL;
  for (std::size_t i = points.size() / 6; i < points.size(); ++i) {
    largest = std::max({largest, points[i][panel.train], points[i][panel.held_out]});
  }
  return largest;
}

}  // namespace

Curves parse_curves(std::string_view csv, std::string_view name) {
  const auto lines = split_lines(csv);
  const auto header = split(lines.front(), ',');
  Curves curves;
  if (std::find(header.begin(), header.end(), "validation_neg_elbo") != header.end()) {
    curves.held_out = "validation";
  }
  std::array<std::size_t, std::tuple_size_v<CurvePoint>> columns;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const std::string column = column_name(c, curves.held_out);
    const auto found = std::find(header.begin(), header.end(), column);
    if (found == header.end()) {
      fail("{}: line 1 names no column {}; give a log of picovae train --log", name, column);
    }
    columns[c] = static_cast<std::size_t>(found - header.begin());
  }
  std::vector<CurvePoint>& points = curves.points;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const std::size_t line = i + 1;
    const auto fields = split(lines[i], ',');
    if (fields.size() != header.size()) {
      fail("{}: line {} has {} field{}, but line 1 names {} columns", name, line, fields.size(),
           fields.size() == 1 ? "" : "s", header.size());
    }
    CurvePoint point;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      point[c] = number(fields[columns[c]], name, line);
    }
    if (!points.empty() && point[0] <= points.back()[0]) {
      fail("{}: line {}: epoch {} comes after epoch {}", name, line, point[0], points.back()[0]);
    }
    points.push_back(point);
  }
  if (points.empty()) fail("{}: holds no epoch", name);
  return curves;
}

std::string curves_script(const Curves& curves) {
  const std::vector<CurvePoint>& points = curves.points;
  std::string script = "$log << END\n";
  for (const CurvePoint& point : points) {
    for (const double value : point) script += fmt::format("{:.9g} ", value);
    script.back() = '\n';
  }
  script +=
      "END\n"
      "set terminal pngcairo size 1200, 800 font 'DejaVu Sans,13' background 'white'\n"
      "set multiplot\n"
      "set border 3 linecolor '#606060'\n"
      "set tics nomirror textcolor '#202020'\n"
      "set grid linetype 1 linecolor '#d0d0d0' linewidth 1\n"
      "set lmargin 9\n"
      "set title font ',15'\n"
      "set key top right spacing 1.3 samplen 2.5\n"
      "set xlabel 'epoch'\n"
      "set ylabel 'nats per image'\n"
      "set style line 1 linecolor '#1f77b4' linewidth 2.5 pointtype 7 pointsize 0.6\n"
      "set style line 2 linecolor '#d62728' linewidth 2.5 pointtype 7 pointsize 0.6\n";
  constexpr std::size_t kMostDots = 40;
  const char* const style = points.size() > kMostDots ? "lines" : "linespoints";
  const CurvePoint& last = points.back();
  if (points.size() == 1) {
    script += fmt::format("set xrange [{:g}:{:g}]\nset xtics 1\n", last[0] - 1, last[0] + 1);
  } else {
    script += fmt::format("set xrange [{:g}:{:g}]\n", points.front()[0], last[0]);
    if (points.size() < 10) script += "set xtics 1\n";
  }
  for (const Panel& panel : kPanels) {
    script += fmt::format("{}\nset title '{}'\n", panel.place, panel.title);
    if (panel.falls && points.size() >= 6) {
      script += fmt::format("set yrange [*:{:.9g}]\n", top(points, panel));
    } else {
      script += "set autoscale y\n";
    }
    script += panel.falls ? "set key top right\n" : "set key bottom right\n";
    script += fmt::format(
        "plot $log using 1:{} with {} linestyle 1 title 'train {:.2f}', "
        "$log using 1:{} with {} linestyle 2 title '{} {:.2f}'\n",
        panel.train + 1, style, last[panel.train], panel.held_out + 1, style, curves.held_out,
        last[panel.held_out]);
  }
  return script + "unset multiplot\n";
}

}  // namespace picovae::tools
