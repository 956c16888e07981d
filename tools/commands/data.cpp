// picovae data: what a data set is like, and what is wrong with it, before anything is trained.
#include <fmt/core.h>

#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "tools/base/file.hpp"
#include "tools/base/png.hpp"
#include "tools/commands/commands.hpp"
#include "tools/commands/data_report.hpp"
#include "tools/commands/shared/command_line.hpp"
#include "tools/data/contact_sheet.hpp"
#include "tools/data/dataset.hpp"
#include "tools/data/faults.hpp"
#include "tools/data/look.hpp"
#include "tools/view/grid.hpp"
#include "tools/view/terminal.hpp"

namespace picovae::tools {
namespace {

struct Options {
  std::filesystem::path data, out;  // out empty: none
  bool ascii = false;
  bool json = false;
};

void write_sheet(const std::filesystem::path& out, const LabeledImages& data) {
  const GridStyle style;
  const Images& images = data.images;
  write_png(out, compose_grid(contact_sheet(data, style.columns, style.background),
                              {images.cols, images.rows}, style));
}

void print_sheet(const LabeledImages& data) {
  constexpr std::size_t kUsualWidth = 100;
  say("{}", render_text(contact_sheet(data, 1, 0), data.images.cols, data.images.rows,
                        terminal_width(::fileno(report_stream()), kUsualWidth)));
}

// Looks at both halves, or at the one that there is, and returns them.
std::vector<LabeledImages> look_at_halves(const std::filesystem::path& path, DataReport& report) {
  const auto source = open_source(path);
  std::vector<LabeledImages> halves;
  for (const auto& [name, split] : kSplits) {
    if (split == Split::kTest && !source->has_test()) continue;
    halves.push_back(source->load(split, {}));
    const Look look = look_at(halves.back());
    report.halves.push_back({name, look, faults_of_half(look)});
  }
  report.label_names = halves.front().label_names;
  if (halves.size() == 2) {
    report.known = count_known(halves[1].images, halves[0].images);
    HalfReport& test = report.halves[1];
    for (Fault& fault : faults_of_test(test.look, report.halves[0].look, *report.known)) {
      test.faults.push_back(std::move(fault));
    }
  } else {
    report.halves[0].faults.push_back(fault_without_test(report.halves[0].look));
  }
  return halves;
}

void run(const Options& options) {
  if (!options.out.empty()) check_writable(options.out);
  DataReport report;
  const auto halves = look_at_halves(options.data, report);
  if (!options.out.empty()) write_sheet(options.out, halves.front());
  if (options.ascii) print_sheet(halves.front());
  if (options.json) {
    Json json = to_json(report);
    if (!options.out.empty()) json.add("sheet", options.out.string());
    say("{}\n", json.text());
    return;
  }
  const Look& look = report.halves.front().look;
  say("{}: images of {} x {} = {} pixels\n", options.data.string(), look.rows, look.cols,
      look.pixels());
  print_report(report);
  if (!options.out.empty()) {
    say("{}: images of the {} half{}\n", options.out.string(), report.halves.front().name,
        look.labels.empty() ? "" : ", a row a label");
  }
}

}  // namespace

void add_data(CommandLine& line) {
  auto options = std::make_shared<Options>();
  Command command = line.add(
      "data", "Look at a data set before anything is trained, and say what is wrong with it",
      "Example:\n"
      "  picovae data ~/.cache/picovae/mnist --out sheet.png\n"
      "Warnings say what to do. The exit status is 0 whatever they are; --json has them.");
  command.data_argument(options->data);
  command.path("--out", options->out, Access::kWrite, "FILE",
               "PNG to write: ten images of each label, in rows, or a hundred if there are none");
  command.flag("--ascii", options->ascii, "Draw one image of each label in the terminal, or ten");
  command.json(options->json).excludes("--ascii");
  command.run([options] { run(*options); });
}

}  // namespace picovae::tools
