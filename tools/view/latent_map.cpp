#include "tools/view/latent_map.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <map>

namespace picovae::tools {
namespace {

double normal_cdf(double z) { return 0.5 * std::erfc(-z / std::sqrt(2.0)); }

double normal_quantile(double probability) {
  double low = -10, high = 10;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    (normal_cdf(middle) < probability ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

// The places of z = -2 .. 2 on an axis from 0 to `length`.
std::string normal_tics(double length) {
  std::string tics;
  for (int z = -2; z <= 2; ++z) {
    tics += fmt::format("{}'{}' {:.4f}", z == -2 ? "" : ", ", z, length * normal_cdf(z));
  }
  return tics;
}

// 0xRRGGBB: up to ten distinct colors, else a rainbow.
unsigned color(std::size_t index, std::size_t count) {
  constexpr std::array<unsigned, 10> kTen = {0x1f77b4, 0xff7f0e, 0x2ca02c, 0xd62728, 0x9467bd,
                                             0x8c564b, 0xe377c2, 0x7f7f7f, 0xbcbd22, 0x17becf};
  if (count <= kTen.size()) return kTen[index];
  const double hue = 6 * static_cast<double>(index) / static_cast<double>(count);
  const double light = index % 2 == 0 ? 230 : 150;  // neighbors differ
  unsigned rgb = 0;
  for (const int shift : {5, 3, 1}) {
    const double k = std::fmod(shift + hue, 6.0);
    const double dark = std::max(0.0, std::min({k, 4 - k, 1.0}));
    rgb = rgb << 8 | static_cast<unsigned>(light * (1 - dark));
  }
  return rgb;
}

// The mean of a label's points, and its color.
struct Center {
  std::array<double, 2> at{};
  double count = 0;
  unsigned ink = 0;
};

using Centers = std::map<std::uint8_t, Center>;  // of each label

// Moves apart labels that would cover each other.
void part(Centers& centers) {
  constexpr double kLeast = 0.6;  // in units of both axes
  for (int round = 0; round < 100; ++round) {
    for (auto a = centers.begin(); a != centers.end(); ++a) {
      for (auto b = std::next(a); b != centers.end(); ++b) {
        const double dx = b->second.at[0] - a->second.at[0];
        const double dy = b->second.at[1] - a->second.at[1];
        const double distance = std::hypot(dx, dy);
        if (distance >= kLeast) continue;
        const double push = 0.5 * (kLeast - distance);
        const double x = distance > 0 ? dx / distance : 1;
        const double y = distance > 0 ? dy / distance : 0;
        a->second.at = {a->second.at[0] - push * x, a->second.at[1] - push * y};
        b->second.at = {b->second.at[0] + push * x, b->second.at[1] + push * y};
      }
    }
  }
}

// The mosaic as text, the lowest row of pixels first.
std::string mosaic(const LatentMap& map) {
  std::string text = "$mosaic << END\n";
  const auto [width, height] = map.size;
  for (std::size_t y = map.side * height; y-- > 0;) {
    for (std::size_t x = 0; x < map.side * width; ++x) {
      const std::size_t image = y / height * map.side + x / width;
      const std::size_t at = (image * height + y % height) * width + x % width;
      text += fmt::format("{} ", map.digits[at]);
    }
    text += '\n';
  }
  return text + "END\n";
}

// The labels of the points, with their places and colors; none if the points have no labels.
Centers centers_of(const LatentMap& map) {
  Centers centers;
  for (std::size_t i = 0; i < map.labels.size(); ++i) {
    Center& center = centers[map.labels[i]];
    ++center.count;
    for (std::size_t axis = 0; axis < 2; ++axis) center.at[axis] += map.points[i][axis];
  }
  std::size_t index = 0;
  for (auto& [label, center] : centers) {
    for (double& x : center.at) x /= center.count;
    center.ink = color(index++, centers.size());
  }
  part(centers);
  return centers;
}

// Left: the mosaic.
std::string mosaic_plot(const LatentMap& map) {
  const double across = static_cast<double>(map.side * map.size.width);
  const double up = static_cast<double>(map.side * map.size.height);
  return fmt::format(
      "set terminal pngcairo size 1500, 760 font 'DejaVu Sans,12' background 'white'\n"
      "set multiplot\n"
      "set border linecolor '#606060'\n"
      "set tics nomirror out textcolor '#202020'\n"
      "set title font ',14'\n"
      "set lmargin at screen 0.045; set rmargin at screen 0.465\n"
      "set bmargin at screen 0.09; set tmargin at screen 0.925\n"
      "set title 'digits over the two most active latents, the others at 0'\n"
      "set palette gray negative\n"
      "unset colorbox; unset key\n"
      "set cbrange [0:255]\n"
      "set xrange [0:{:.1f}]; set yrange [0:{:.1f}]\n"
      "set xtics ({}); set ytics ({})\n"
      "set xlabel 'latent {}'; set ylabel 'latent {}' offset 1.5, 0\n"
      "plot $mosaic matrix using ($1 + 0.5):($2 + 0.5):3 with image\n",
      across, up, normal_tics(across), normal_tics(up), map.units[0], map.units[1]);
}

// Right: the points. Labels are written over them, and in a key.
std::string points_plot(const Centers& centers, std::string_view split) {
  const bool labeled = !centers.empty();
  std::string script, key;
  if (labeled) script += "$centers << END\n";
  for (const auto& [label, center] : centers) {
    script += fmt::format("{:.4g} {:.4g} {}\n", center.at[0], center.at[1], label);
    key += fmt::format(", NaN with points pointtype 7 pointsize 1.6 linecolor rgb {} title '{}'",
                       center.ink, label);
  }
  if (labeled) {
    script += "END\n";
    key += ", $centers using 1:2:3 with labels font ',22' textcolor rgb 'black' notitle";
  }
  script += fmt::format(
      "set lmargin at screen 0.525; set rmargin at screen {}\n"
      "set title 'codes of the {} set{}'\n"
      "set autoscale x; set autoscale y\n"
      "set xtics autofreq; set ytics autofreq\n"
      "set xlabel 'first {}'\n"
      "set ylabel 'second {}' offset 1, 0\n"
      "set key outside right center vertical maxrows 20 samplen 0.5 spacing 1.5 font ',13'\n"
      "plot $points using 1:2:3 with points pointtype 7 pointsize 0.3 linecolor rgb variable "
      "notitle{}\n"
      "unset multiplot\n",
      centers.size() <= 20 ? 0.94 : 0.86, split,
      labeled ? " by label, along the two directions that part labels best"
              : ", along the two directions in which they differ most",
      labeled ? "discriminant, in standard deviations within a label" : "principal component",
      labeled ? "discriminant" : "principal component", key);
  return script;
}

}  // namespace

std::vector<double> normal_quantiles(std::size_t count) {
  std::vector<double> quantiles;
  for (std::size_t i = 0; i < count; ++i) {
    quantiles.push_back(
        normal_quantile((static_cast<double>(i) + 0.5) / static_cast<double>(count)));
  }
  return quantiles;
}

std::string map_script(const LatentMap& map) {
  const auto centers = centers_of(map);
  std::string script = mosaic(map) + "$points << END\n";
  // In the order of the data set, so that no label covers the others.
  for (std::size_t i = 0; i < map.points.size(); ++i) {
    const unsigned ink = centers.empty() ? color(0, 1) : centers.at(map.labels[i]).ink;
    script += fmt::format("{:.4g} {:.4g} {}\n", map.points[i][0], map.points[i][1], ink);
  }
  return script + "END\n" + mosaic_plot(map) + points_plot(centers, map.split);
}

}  // namespace picovae::tools
