// An attacker who mends every checksum: whatever open_blob accepts, verified or not, is run by
// every kernel, and neither the model nor arena, inputs or outputs are left. Each ends at a guard
// page.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "picovae/s4.hpp"
#include "picovae/vae.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/edited_blob.hpp"
#include "tests/engine/guarded.hpp"
#include "tests/engine/guarded_calls.hpp"

using namespace picovae;
using namespace picovae::tests;

namespace {

using Small = Shape<20, 7, 6, 3>;
static_assert(Small::kDimensions == kSmall);
// Sections that fill their last 64 bytes, as those of Small do not.
using Other = Shape<33, 18, 40, 9>;

// How many kernels took the model.
template <typename S>
int run(EveryKernel<S>& machine, std::span<const std::byte> model) {
  const CallOutcome ran = machine.run(model);
  CHECK(ran.wrong == nullptr);
  return ran.kernels;
}

// The same model with section `last` behind all others, and not a byte behind that.
std::vector<std::byte> with_last(const tools::BlobBytes& blob, std::size_t last) {
  const auto old = sections(blob.header());
  std::vector<Section> table(old.begin(), old.end());
  std::rotate(table.begin() + static_cast<std::ptrdiff_t>(last),
              table.begin() + static_cast<std::ptrdiff_t>(last) + 1, table.end());
  std::vector<std::byte> result(old.front().offset);
  BlobHeader header = blob.header();
  std::size_t end = old.front().offset;
  for (Section& section : table) {
    const auto from = blob.bytes().subspan(section.offset, section.size);
    section.offset = static_cast<std::uint32_t>(round_up(end, kBlobAlignment));
    end = section.offset + section.size;
    result.resize(end);
    std::copy(from.begin(), from.end(), result.begin() + section.offset);
  }
  header.total_size = static_cast<std::uint32_t>(end);
  std::copy(std::as_bytes(std::span(&header, 1)).begin(),
            std::as_bytes(std::span(&header, 1)).end(), result.begin());
  std::copy(std::as_bytes(std::span(table)).begin(), std::as_bytes(std::span(table)).end(),
            result.begin() + sizeof(BlobHeader));
  return result;
}

template <typename S>
void check_every_section_last() {
  EveryKernel<S> machine{&kSmallKernels};
  std::vector<tools::BlobBytes> blobs;
  for (const Type type : kFloatTypes) blobs.push_back(float_blob(type, S::kDimensions));
  for (const Layout layout : kLayouts) {
    blobs.push_back(s8_blob(S::kDimensions, layout));
    blobs.push_back(full_blob(S::kDimensions, layout));
    blobs.push_back(s4_blob(S::kDimensions, layout));
    blobs.push_back(high_blob(S::kDimensions, layout));
    blobs.push_back(high_s4_blob(S::kDimensions, layout));
  }
  for (const auto& blob : blobs) {
    for (std::size_t last = 0; last < sections(blob.header()).size(); ++last) {
      CAPTURE(last);
      const auto moved = with_last(blob, last);
      GuardedBytes model(moved.size(), kBlobAlignment);
      std::copy(moved.begin(), moved.end(), model.bytes().begin());
      seal(model.bytes());
      BlobView view;
      REQUIRE(open_blob(model.bytes(), view) == Status::kOk);
      CHECK(verify_blob(view) == Status::kOk);
      CHECK((run(machine, model.bytes()) > 0) == (view.header->layout != Layout::kMve));
    }
  }
}

// Changes header and table, with a liking for extremes. The magic stays.
void change_table(std::span<std::byte> bytes, std::size_t table_end, Dice& dice) {
  for (int i = dice.between(1, 3); i > 0; --i) {
    std::byte& byte =
        bytes[static_cast<std::size_t>(dice.between(6, static_cast<std::int32_t>(table_end) - 1))];
    const int choice = dice.between(0, 5);
    byte = choice == 0   ? std::byte{0}
           : choice == 1 ? std::byte{0xff}
           : choice == 2 ? byte ^ std::byte{1}
           : choice == 3 ? byte ^ std::byte{0x40}
                         : static_cast<std::byte>(dice.between(0, 255));
  }
}

// Changes the contents of a section: all of it, or a few places.
void change_contents(std::span<std::byte> bytes, Dice& dice) {
  const auto& header = *reinterpret_cast<const BlobHeader*>(bytes.data());
  const auto table = sections(header);
  const Section& section =
      table[static_cast<std::size_t>(dice.between(0, static_cast<std::int32_t>(table.size()) - 1))];
  const auto contents = bytes.subspan(section.offset, section.size);
  const bool all = dice.between(0, 1) == 0;
  const std::byte extremes[] = {std::byte{0}, std::byte{0x7f}, std::byte{0x80}, std::byte{0xff}};
  const std::byte same = extremes[dice.between(0, 3)];
  const bool scales =
      section.kind == SectionKind::kMultiplier || section.kind == SectionKind::kRescale;
  for (std::size_t i = 0; i < contents.size(); ++i) {
    if (!all && dice.between(0, 15) != 0) continue;
    contents[i] = scales ? static_cast<std::byte>(i % 2 == 0 ? dice.between(1, 255) : 1)  // legal
                  : dice.between(0, 1) == 0 ? same
                                            : static_cast<std::byte>(dice.between(0, 255));
  }
}

// Other runs of live pixels, as many dead ones as before or not, now and then another number of
// them in the header.
void change_live(std::span<std::byte> bytes, Dice& dice) {
  auto& header = *reinterpret_cast<BlobHeader*>(bytes.data());
  for (const Section& section : sections(header)) {
    if (section.kind != SectionKind::kLive || dice.between(0, 3) == 0) continue;
    auto* count = reinterpret_cast<std::uint16_t*>(bytes.data() + section.offset);
    auto* runs = reinterpret_cast<std::uint8_t*>(count + 1);
    for (int i = dice.between(1, 4); i > 0; --i) {
      // From one run to another, dead or live ones. Numbers wrap around, too.
      const int last = *count - 1, kind = dice.between(0, 1), by = dice.between(0, 3);
      std::uint8_t& from = runs[2 * dice.between(0, last) + kind];
      std::uint8_t& to = runs[2 * dice.between(0, last) + kind];
      from = static_cast<std::uint8_t>(from - by);
      if (dice.between(0, 15) != 0) to = static_cast<std::uint8_t>(to + by);
    }
    const bool decoder = section.layer == kDecoder2;
    auto* logits = reinterpret_cast<std::int16_t*>(runs + 2 * *count);
    if (decoder && dice.between(0, 1) == 0) {
      for (std::size_t i = 0; i < header.dead_outputs; ++i) {
        logits[i] = static_cast<std::int16_t>(dice.between(-32768, -795));
      }
    }
    auto& dead = decoder ? header.dead_outputs : header.dead_inputs;
    if (dice.between(0, 7) == 0) {
      const int extremes[] = {0, 1, 19, 20, 0xffff, dead - 1, dead + 1};
      dead = static_cast<std::uint16_t>(extremes[dice.between(0, 6)]);
    }
    if (dice.between(0, 15) == 0) {
      const int extremes[] = {0, 0xffff, *count - 1, *count + 1};
      *count = static_cast<std::uint16_t>(extremes[dice.between(0, 3)]);
    }
  }
}

bool is_within(std::span<const std::byte> bytes, const void* start, std::size_t size) {
  if (start == nullptr) return true;
  const auto* from = static_cast<const std::byte*>(start);
  return from >= bytes.data() && size <= bytes.size() &&
         from <= bytes.data() + (bytes.size() - size);
}

void check_views(std::span<const std::byte> bytes, const BlobView& view) {
  const BlobHeader& header = *view.header;
  for (const Dense& layer : view.layers) {
    const std::size_t padded = round_up(layer.out, kOutputPad);
    const std::size_t weights = layer.s4
                                    ? s4_size(header.layout, layer.in, layer.out)
                                    : packed_size(header.layout, header.type, layer.in, layer.out) *
                                          weight_size(header.type);
    REQUIRE(is_within(bytes, layer.weights, weights));
    REQUIRE(is_within(bytes, layer.bias, padded * sizeof(std::int32_t)));
    REQUIRE(is_within(bytes, layer.multiplier, padded * sizeof(std::uint16_t)));
    REQUIRE(is_within(bytes, layer.rescale, padded * sizeof(std::int16_t)));
  }
  for (const bool decoder : {false, true}) {
    const LivePixels& live = decoder ? view.outputs : view.inputs;
    if (live.all()) continue;
    const std::size_t logits = decoder ? header.dead_outputs : 0u;
    REQUIRE(is_within(bytes, live.section, live_section_size(live.run_count(), logits)));
  }
  Thresholds thresholds;
  if (find_thresholds(view, thresholds) == Status::kOk) {
    REQUIRE(is_within(bytes, thresholds.header, threshold_section_size(thresholds.header->levels)));
  }
}

}  // namespace

TEST_CASE("kernels read nothing behind a section, whichever comes last") {
  check_every_section_last<Small>();
  check_every_section_last<Other>();
}

TEST_CASE("whatever live pixels open name pixels of the image alone") {
  EveryKernel<Small> machine{&kSmallKernels};
  Dice dice(10);
  int opened = 0, refused = 0;
  for (const std::uint8_t parts :
       {kBothParts, std::uint8_t{kEncoderPart}, std::uint8_t{kDecoderPart}}) {
    for (const Layout layout : {Layout::kHost, Layout::kCortexM}) {
      const auto blob = full_blob(kSmall, layout, parts);
      GuardedBytes model(blob.bytes().size(), kBlobAlignment);
      for (int turn = 0; turn < 2'000; ++turn) {
        std::copy(blob.bytes().begin(), blob.bytes().end(), model.bytes().begin());
        change_live(model.bytes(), dice);
        seal(model.bytes());
        BlobView view;
        if (open_blob(model.bytes(), view) != Status::kOk) {
          ++refused;
          continue;
        }
        ++opened;
        check_views(model.bytes(), view);
        CHECK(run(machine, model.bytes()) > 0);
      }
    }
  }
  CHECK(opened > 2'000);
  CHECK(refused > 2'000);
  MESSAGE(opened << " opened, " << refused << " refused");
}

TEST_CASE("whatever opens runs within model, arena, inputs and outputs") {
  EveryKernel<Small> machine{&kSmallKernels};
  const auto kinds = all_kinds();
  Dice dice(9);
  int opened = 0, verified = 0, unverified = 0, ran = 0;
  for (const tools::BlobBytes& blob : kinds) {
    GuardedBytes model(blob.bytes().size(), kBlobAlignment);
    const std::size_t table_end =
        sizeof(BlobHeader) + sections(blob.header()).size() * sizeof(Section);
    for (int turn = 0; turn < 6'000; ++turn) {
      std::copy(blob.bytes().begin(), blob.bytes().end(), model.bytes().begin());
      if (turn % 3 != 0) change_contents(model.bytes(), dice);
      if (turn % 3 != 1) change_table(model.bytes(), table_end, dice);
      seal(model.bytes());
      BlobView view;
      if (open_blob(model.bytes(), view) != Status::kOk) continue;
      ++opened;
      check_views(model.bytes(), view);
      ++(verify_blob(view) == Status::kOk ? verified : unverified);
      ran += run(machine, model.bytes());
    }
  }
  CHECK(opened > 10'000);
  CHECK(verified > 1'000);
  CHECK(unverified > 1'000);
  CHECK(ran > 10'000);
  MESSAGE(opened << " opened, " << verified << " of them verified; " << ran << " runs of kernels");
}
