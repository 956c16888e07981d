// Every way to fail has a name, a line in status.hpp, a line for people, and the checks of blobs
// one in FORMAT.md.
#include "picovae/status.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

using namespace picovae;

namespace {

std::string text_of(const std::string& file) {
  std::ifstream stream(std::filesystem::path(PICOVAE_ENGINE_FOLDER) / file);
  REQUIRE(stream.good());
  return {std::istreambuf_iterator<char>(stream), {}};
}

// The names in status.hpp, in order; each must have its comment.
std::vector<std::string> names() {
  const std::string text = text_of("include/picovae/status.hpp");
  const std::size_t begin = text.find("enum class Status");
  const std::string body = text.substr(begin, text.find("};", begin) - begin);
  std::vector<std::string> names;
  const std::regex entry(R"((k\w+),( +// .{10,})?)");
  for (std::sregex_iterator it(body.begin(), body.end(), entry), end; it != end; ++it) {
    names.push_back((*it)[1]);
    CAPTURE(names.back());
    CHECK(((*it)[2].matched || names.size() == 1));  // kOk needs none
  }
  return names;
}

constexpr std::string_view kUnknown = "unknown status";

}  // namespace

TEST_CASE("every status has a message of its own, on one line") {
  const auto all = names();
  CHECK(all.size() > 30);
  std::set<std::string_view> messages;
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(all[i]);
    const std::string_view text = message(static_cast<Status>(i));
    CHECK(text != kUnknown);
    CHECK(text.find('\n') == std::string_view::npos);
    CHECK(messages.insert(text).second);
  }
  for (std::size_t i = all.size(); i < 256; ++i) {
    CHECK(message(static_cast<Status>(i)) == kUnknown);
  }
}

TEST_CASE("what open_blob and verify_blob refuse stands in FORMAT.md") {
  const std::string format = text_of("FORMAT.md");
  const auto all = names();
  const auto first = static_cast<std::size_t>(Status::kTruncated);
  const auto last = static_cast<std::size_t>(Status::kNotOpen);
  for (std::size_t i = first; i <= last; ++i) {
    if (i == static_cast<std::size_t>(Status::kWrongType)) continue;  // a Vae's, not a blob's
    CAPTURE(all[i]);
    CHECK(format.find("`" + all[i] + "`") != std::string::npos);
  }
}
