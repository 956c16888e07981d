// The list of statuses: numbers, messages, and that FORMAT.md names those of the checks of blobs.
#include "picovae/status.h"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

using namespace picovae;

namespace {

struct Entry {
  int number;
  Status status;
  picovae_status c;
  std::string_view name;
};

#define PICOVAE_ENTRY(number, cpp, c, message) Entry{number, Status::cpp, c, #cpp},
constexpr Entry kStatuses[] = {PICOVAE_STATUSES(PICOVAE_ENTRY)};
#undef PICOVAE_ENTRY

constexpr std::string_view kUnknown = "unknown status";

}  // namespace

TEST_CASE("numbers count from 0, are equal in C and C++, and those that shipped never change") {
  int next = 0;
  for (const Entry& entry : kStatuses) {
    CAPTURE(entry.name);
    CHECK(entry.number == next++);
    CHECK(static_cast<int>(entry.status) == entry.number);
    CHECK(static_cast<int>(entry.c) == entry.number);
  }
  static_assert(
      PICOVAE_OK == 0 && PICOVAE_WRONG_SHAPE == 6 && PICOVAE_BAD_PARTS == 11 &&
      PICOVAE_MISPLACED_SECTION == 18 && PICOVAE_BAD_CLASSES == 24 && PICOVAE_NOT_OPEN == 28 &&
      PICOVAE_NO_SUCH_CLASS == 35 && PICOVAE_BAD_LIVE_PIXELS == 37 && PICOVAE_NO_THRESHOLDS == 38 &&
      PICOVAE_BAD_THRESHOLDS == 39 && PICOVAE_WRONG_ACTIVATION == 40 && PICOVAE_BAD_GOLDEN == 41);
}

TEST_CASE("every status has a message of its own, on one line") {
  std::set<std::string_view> messages;
  for (const Entry& entry : kStatuses) {
    CAPTURE(entry.name);
    const std::string_view text = message(entry.status);
    CHECK(text.size() > 1);
    CHECK(text != kUnknown);
    CHECK(text.find('\n') == std::string_view::npos);
    CHECK(messages.insert(text).second);
  }
  for (std::size_t i = std::size(kStatuses); i < 256; ++i) {
    CHECK(message(static_cast<Status>(i)) == kUnknown);
  }
}

TEST_CASE("FORMAT.md names every status of open_blob and verify_blob") {
  std::ifstream stream(PICOVAE_FORMAT_FILE);
  REQUIRE(stream.good());
  const std::string format{std::istreambuf_iterator<char>(stream), {}};
  for (const Entry& entry : kStatuses) {
    if (entry.status == Status::kOk || entry.status == Status::kWrongType) continue;  // of a Vae
    if (entry.status > Status::kNotOpen && entry.status != Status::kBadLivePixels &&
        entry.status != Status::kBadThresholds && entry.status != Status::kWrongActivation &&
        entry.status != Status::kBadGolden) {  // of calls
      continue;
    }
    CAPTURE(entry.name);
    CHECK(format.find("`" + std::string(entry.name) + "`") != std::string::npos);
  }
}
