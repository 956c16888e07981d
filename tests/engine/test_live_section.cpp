// What open_blob says of dead pixels: their number and columns in the header, and their sections.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "picovae/blob.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/edited_blob.hpp"

using namespace picovae;
using namespace picovae::tests;

namespace {

template <typename T>
using List = std::initializer_list<T>;

constexpr std::uint8_t kEnds[] = {kEncoder0, kDecoder2};

// Of the runs of one end.
std::uint16_t& count_of(EditedBlob& edited, std::size_t layer) {
  return *edited.contents<std::uint16_t>(SectionKind::kLive, layer);
}
LiveRun* runs_of(EditedBlob& edited, std::size_t layer) {
  return reinterpret_cast<LiveRun*>(&count_of(edited, layer) + 1);
}
std::uint16_t& dead_of(EditedBlob& edited, std::size_t layer) {
  return layer == kEncoder0 ? edited.header().dead_inputs : edited.header().dead_outputs;
}

// What open says of a model with dead pixels, in each layout, after a change.
template <typename Change>
void check_refused(Change change, Status wanted) {
  for (const Layout layout : kLayouts) {
    for (const std::uint8_t layer : kEnds) {
      CAPTURE(static_cast<int>(layout));
      CAPTURE(static_cast<int>(layer));
      EditedBlob edited(full_blob(kSmall, layout));
      change(edited, layer);
      CHECK(edited.seal().open() == wanted);
    }
  }
}

}  // namespace

TEST_CASE("a view of dead pixels is the packed one") {
  const auto network = random_pruned_network(kSmall, 1);
  const auto blob = tools::pack_s8(network, Layout::kHost, kBothParts, {});
  BlobView view;
  REQUIRE(open_blob(blob.bytes(), view) == Status::kOk);
  const std::size_t dead_inputs = tools::LiveMasks::dead(network.live.inputs);
  const std::size_t dead_outputs = tools::LiveMasks::dead(network.live.outputs);
  CHECK(dead_inputs > 2);
  CHECK(dead_outputs > 2);
  CHECK(view.header->dead_inputs == dead_inputs);
  CHECK(view.header->dead_outputs == dead_outputs);
  CHECK(view.layers[kEncoder0].in == kSmall.pixels - dead_inputs);
  CHECK(view.layers[kDecoder2].out == kSmall.pixels - dead_outputs);
  const auto mask_of = [](LivePixels live) {
    Mask mask;
    for (const LiveRun& run : detail::runs_of(live)) {
      mask.insert(mask.end(), run.dead, 0);
      mask.insert(mask.end(), run.live, 1);
    }
    return mask;
  };
  CHECK(mask_of(view.inputs) == network.live.inputs);
  CHECK(mask_of(view.outputs) == network.live.outputs);
  const std::int16_t* logits = view.outputs.dead_logits();
  for (std::size_t i = 0; i < dead_outputs; ++i) CHECK(logits[i] == network.live.dead_logits[i]);

  const auto without = s8_blob();
  REQUIRE(open_blob(without.bytes(), view) == Status::kOk);
  CHECK(view.inputs.all());
  CHECK(view.outputs.all());
}

TEST_CASE("runs are the image, and have as many dead pixels as the header says") {
  const auto after = [](auto change, Status wanted) {
    check_refused([&](EditedBlob& e, std::size_t layer) { change(runs_of(e, layer)); }, wanted);
  };
  after([](LiveRun*) {}, Status::kOk);
  after([](LiveRun* runs) { ++runs[0].live; }, Status::kBadLivePixels);  // too long
  after([](LiveRun* runs) { --runs[0].live; }, Status::kBadLivePixels);  // too short
  after([](LiveRun* runs) { ++runs[1].dead; }, Status::kBadLivePixels);
  after([](LiveRun* runs) { --runs[1].dead; }, Status::kBadLivePixels);
  after(
      [](LiveRun* runs) {  // one lives more
        --runs[1].dead;
        ++runs[1].live;
      },
      Status::kBadLivePixels);
  after(
      [](LiveRun* runs) {
        ++runs[1].dead;
        --runs[1].live;
      },
      Status::kBadLivePixels);
  // Others live, as many: another model.
  after(
      [](LiveRun* runs) {
        ++runs[0].dead;
        --runs[1].dead;
      },
      Status::kOk);
  after(
      [](LiveRun* runs) {  // a run of nothing
        runs[0].dead = static_cast<std::uint8_t>(runs[0].dead + runs[1].dead);
        runs[0].live = static_cast<std::uint8_t>(runs[0].live + runs[1].live);
        runs[1] = {0, 0};
      },
      Status::kOk);
  for (const std::uint8_t value : List<std::uint8_t>{0, 255}) {
    check_refused(
        [&](EditedBlob& e, std::size_t layer) {
          std::fill_n(runs_of(e, layer), count_of(e, layer), LiveRun{value, value});
        },
        Status::kBadLivePixels);
  }
}

TEST_CASE("numbers of runs that are not those of the section") {
  for (const int by : {-1, 1, 100}) {
    check_refused(
        [&](EditedBlob& e, std::size_t layer) {
          count_of(e, layer) = static_cast<std::uint16_t>(count_of(e, layer) + by);
        },
        Status::kBadSectionSize);
  }
  for (const std::uint16_t count : List<std::uint16_t>{0, 32768, 65535}) {
    check_refused([&](EditedBlob& e, std::size_t layer) { count_of(e, layer) = count; },
                  Status::kBadSectionSize);
  }
  for (const std::uint32_t size : List<std::uint32_t>{0, 1}) {
    check_refused(
        [&](EditedBlob& e, std::size_t layer) { e.section(SectionKind::kLive, layer).size = size; },
        Status::kBadSectionSize);
  }
  EditedBlob none(full_blob());
  count_of(none, kEncoder0) = 0;
  none.section(SectionKind::kLive, kEncoder0).size = 2;
  CHECK(none.seal().open() == Status::kBadLivePixels);
}

TEST_CASE("dead logits that would not be drawn as 0") {
  EditedBlob edited(full_blob());
  auto* logits = edited.contents<std::int16_t>(SectionKind::kLive, kDecoder2) + 1 +
                 count_of(edited, kDecoder2);
  const std::size_t dead = edited.header().dead_outputs;
  for (std::size_t i = 0; i < dead; ++i) {
    const std::int16_t before = logits[i];
    for (const std::int16_t logit : List<std::int16_t>{-799, -1, 0, 800, 32767}) {
      logits[i] = logit;
      CHECK(edited.seal().open() == Status::kBadLivePixels);
    }
    for (const std::int16_t logit : List<std::int16_t>{-800, -801, -32768}) {
      logits[i] = logit;
      CHECK(edited.seal().check() == Status::kOk);
    }
    logits[i] = before;
  }
}

TEST_CASE("numbers of dead pixels that do not fit the model") {
  for (const int dead : {20, 21, 4096, 65535}) {
    check_refused([&](EditedBlob& e,
                      std::size_t layer) { dead_of(e, layer) = static_cast<std::uint16_t>(dead); },
                  Status::kBadLivePixels);
  }
  check_refused([](EditedBlob& e, std::size_t layer) { dead_of(e, layer) = 0; },
                Status::kBadSectionSize);  // of the weights
  // Too few by a number that padding hides, so that only the section can tell.
  Dice dice(2);
  Mask mask(kSmall.pixels, 1);
  for (std::size_t i = 0; i < 6; ++i) mask[3 * i] = 0;
  const auto live = random_logits(mask, mask, dice);
  const auto network = without_dead_pixels(random_quantized_network(kSmall, 1), live);
  EditedBlob inputs(tools::pack_s8(network, Layout::kHost, kBothParts, {}));
  inputs.header().dead_inputs = 5;  // 15 live ones, padded to 16 as 14 are
  CHECK(inputs.seal().open() == Status::kBadLivePixels);
  EditedBlob outputs(tools::pack_s8(network, Layout::kHost, kBothParts, {}));
  outputs.header().dead_outputs = 5;
  CHECK(outputs.seal().open() ==
        Status::kBadScale);  // the multiplier of an output that is not there
  outputs.contents<std::uint16_t>(SectionKind::kMultiplier, kDecoder2)[14] = 1;
  CHECK(outputs.seal().open() == Status::kBadSectionSize);  // another number of logits
}

TEST_CASE("sections of live pixels that are too small, too large, twice, missing or misplaced") {
  for (const int by : {-2, -1, 1, 2}) {
    check_refused(
        [&](EditedBlob& e, std::size_t layer) {
          e.section(SectionKind::kLive, layer).size += static_cast<std::uint32_t>(by);
        },
        Status::kBadSectionSize);
  }
  for (const std::uint8_t other : List<std::uint8_t>{1, 2, 3, 4, 6, 7, 255}) {
    check_refused([&](EditedBlob& e,
                      std::size_t layer) { e.section(SectionKind::kLive, layer).layer = other; },
                  Status::kMisplacedSection);
  }
  for (const std::uint8_t flags : List<std::uint8_t>{0, kMaySkip}) {  // skipped by nobody
    check_refused([&](EditedBlob& e,
                      std::size_t layer) { e.section(SectionKind::kLive, layer).flags = flags; },
                  Status::kOk);
  }
  for (const std::uint8_t layer : kEnds) {
    EditedBlob missing(full_blob());
    const auto index = &missing.section(SectionKind::kLive, layer) - &missing.section(0);
    missing.remove_section(static_cast<std::size_t>(index));
    CHECK(missing.seal().open() == Status::kMissingSection);

    EditedBlob twice(full_blob(), 256);
    const Section first = twice.section(SectionKind::kLive, layer);
    const std::size_t second = twice.add_section(SectionKind::kLive, layer, 0, first.size);
    std::memcpy(twice.bytes().data() + twice.section(second).offset, &count_of(twice, layer),
                first.size);
    CHECK(twice.seal().open() == Status::kDuplicateSection);

    EditedBlob none_dead(s8_blob(), 256);
    none_dead.add_section(SectionKind::kLive, layer, 0, 4);
    CHECK(none_dead.seal().open() == Status::kMisplacedSection);
  }
}

TEST_CASE("dead pixels of a half that is not there, or of a float model") {
  EditedBlob decoder(s8_blob(kSmall, Layout::kHost, kDecoderPart), 256);
  decoder.header().dead_inputs = 1;
  CHECK(decoder.seal().open() == Status::kMissingSection);
  decoder.add_section(SectionKind::kLive, kEncoder0, 0, 3);
  CHECK(decoder.seal().open() == Status::kMisplacedSection);

  EditedBlob encoder(s8_blob(kSmall, Layout::kHost, kEncoderPart), 256);
  encoder.header().dead_outputs = 1;
  CHECK(encoder.seal().open() == Status::kMissingSection);
  encoder.add_section(SectionKind::kLive, kDecoder2, 0, 6);
  CHECK(encoder.seal().open() == Status::kMisplacedSection);

  for (const Type type : kFloatTypes) {
    EditedBlob floats(float_blob(type), 256);
    floats.header().dead_outputs = 2;  // 18 rows are padded as 20 are
    CHECK(floats.seal().open() == Status::kMissingSection);
    floats.add_section(SectionKind::kLive, kDecoder2, 0, 8);
    CHECK(floats.seal().open() == Status::kMisplacedSection);
  }
}

TEST_CASE("columns divide the pixels, or are not known") {
  for (const auto& blob : all_kinds()) {
    EditedBlob edited(blob);
    for (const std::uint16_t columns : List<std::uint16_t>{0, 1, 2, 4, 5, 10, 20}) {
      edited.header().columns = columns;
      CHECK(edited.seal().check() == Status::kOk);
    }
    for (const std::uint16_t columns : List<std::uint16_t>{3, 7, 19, 21, 40, 65535}) {
      edited.header().columns = columns;
      CHECK(edited.seal().open() == Status::kBadDimensions);
    }
  }
}

TEST_CASE("version 1 has zeros in place of what version 2 added") {
  for (const auto& blob : {s8_blob(), f32_blob()}) {
    EditedBlob edited(blob);
    edited.header().version = 1;
    CHECK(edited.seal().check() == Status::kOk);
    for (std::size_t at = 46; at < 60; ++at) {
      CAPTURE(at);
      edited.bytes()[at] = std::byte{1};
      CHECK(edited.seal().open() == Status::kBadReserved);
      edited.bytes()[at] = std::byte{0};
    }
  }
  EditedBlob pruned(full_blob());
  pruned.header().version = 1;
  CHECK(pruned.seal().open() == Status::kBadReserved);
}

TEST_CASE("the model id is also of what is dead") {
  const auto network = random_pruned_network(kSmall, 1);
  const auto changed = [&](auto change, std::uint8_t parts) {
    auto copy = network;
    change(copy.live);
    return tools::model_id(copy, parts) != tools::model_id(network, parts);
  };
  const auto inputs = [](tools::LiveMasks& live) {
    std::swap(live.inputs[kSmall.pixels / 2], live.inputs[kSmall.pixels / 3]);
  };
  const auto outputs = [](tools::LiveMasks& live) {
    std::swap(live.outputs[kSmall.pixels / 2], live.outputs[kSmall.pixels / 3]);
  };
  const auto logit = [](tools::LiveMasks& live) { --live.dead_logits.back(); };
  CHECK(changed(inputs, kBothParts));
  CHECK(changed(outputs, kBothParts));
  CHECK(changed(logit, kBothParts));
  // Of the half that has it.
  CHECK(changed(inputs, kEncoderPart));
  CHECK_FALSE(changed(inputs, kDecoderPart));
  CHECK(changed(outputs, kDecoderPart));
  CHECK(changed(logit, kDecoderPart));
  CHECK_FALSE(changed(outputs, kEncoderPart));
  CHECK_FALSE(changed(logit, kEncoderPart));
}
