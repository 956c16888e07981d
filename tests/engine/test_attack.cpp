// Damage of every kind, by accident: whatever differs from what was written is refused, and nothing
// is read outside of the bytes given. Those that mend the checksums are in test_attack_mended.cpp.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <span>
#include <vector>

#include "picovae/blob.hpp"
#include "tests/engine/blobs.hpp"
#include "tests/engine/guarded.hpp"

using namespace picovae;
using namespace picovae::tests;

namespace {

bool is_accepted(std::span<const std::byte> bytes) {
  BlobView view;
  return open_blob(bytes, view) == Status::kOk && verify_blob(view) == Status::kOk;
}

// A blob that ends at a guard page, to be damaged and made whole again.
class Target {
 public:
  explicit Target(const tools::BlobBytes& blob)
      : original_(blob.bytes().begin(), blob.bytes().end()),
        memory_(original_.size(), kBlobAlignment) {
    restore();
  }

  std::span<std::byte> bytes() { return memory_.bytes(); }
  void restore() { std::copy(original_.begin(), original_.end(), bytes().begin()); }

  bool is_changed() {
    return !std::equal(bytes().begin(), bytes().end(), original_.begin(), original_.end());
  }
  bool is_accepted() { return ::is_accepted(bytes()); }

 private:
  std::vector<std::byte> original_;
  GuardedBytes memory_;
};

// One of every type and layout; s8 ones also with all sections that may be missing.
std::vector<tools::BlobBytes> victims() {
  std::vector<tools::BlobBytes> blobs;
  for (const Type type : kFloatTypes) blobs.push_back(float_blob(type));
  for (const Layout layout : kLayouts) {
    blobs.push_back(s8_blob(kSmall, layout));
    blobs.push_back(full_blob(kSmall, layout));
    blobs.push_back(s4_blob(kSmall, layout));
    blobs.push_back(high_blob(kSmall, layout));
  }
  return blobs;
}

// Lets `damage` at every victim, `turns` times in all. Returns how many of those that it changed
// were accepted; there must be none.
template <typename Damage>
int accepted_after(int turns, std::uint32_t seed, Damage damage) {
  Dice dice(seed);
  const auto blobs = victims();
  int accepted = 0;
  int changed = 0;
  for (const tools::BlobBytes& blob : blobs) {
    Target target(blob);
    for (int turn = 0; turn < turns / static_cast<int>(blobs.size()); ++turn) {
      damage(target.bytes(), dice);
      if (target.is_changed()) {
        ++changed;
        if (target.is_accepted()) ++accepted;
      }
      target.restore();
    }
    CHECK(target.is_accepted());
  }
  CHECK(changed > turns / 10 * 9);  // most do damage something
  return accepted;
}

std::size_t place_in(std::span<const std::byte> bytes, Dice& dice) {
  return static_cast<std::size_t>(dice.between(0, static_cast<std::int32_t>(bytes.size()) - 1));
}

void flip(std::span<std::byte> bytes, std::size_t bit) {
  bytes[bit / 8] ^= std::byte{1} << (bit % 8);
}

// One change of the kinds that copying, flashing and editing leave behind.
void mutate(std::span<std::byte> bytes, Dice& dice) {
  const std::size_t a = place_in(bytes, dice);
  const std::size_t b = place_in(bytes, dice);
  const std::size_t most = bytes.size() - std::max(a, b);
  const std::size_t count =
      std::min(most, static_cast<std::size_t>(1 << dice.between(0, 9)));  // up to 512 bytes
  const auto here = bytes.subspan(a, count);
  const auto there = bytes.subspan(b, count);
  switch (dice.between(0, 7)) {
    case 0:  // one byte
      bytes[a] = static_cast<std::byte>(dice.between(0, 255));
      break;
    case 1:  // erased flash
      std::fill(here.begin(), here.end(), std::byte{0xff});
      break;
    case 2:  // a block that was never written
      std::fill(here.begin(), here.end(), std::byte{0});
      break;
    case 3:  // noise
      for (std::byte& byte : here) byte = static_cast<std::byte>(dice.between(0, 255));
      break;
    case 4:  // a block in another's place
      std::memmove(there.data(), here.data(), count);
      break;
    case 5:  // bytes lost: the rest moves up
      std::memmove(bytes.data() + a, bytes.data() + a + count, bytes.size() - a - count);
      break;
    case 6:  // bytes that came in: the rest moves down
      std::memmove(bytes.data() + a + count, bytes.data() + a, bytes.size() - a - count);
      break;
    case 7:  // a line that is stuck
      for (std::byte& byte : here) byte |= std::byte{1} << dice.between(0, 7);
      break;
  }
}

constexpr int kTurns = 100'000;

}  // namespace

TEST_CASE("cut anywhere") {
  for (const auto& blob : victims()) {
    const auto whole = blob.bytes();
    std::size_t accepted = 0;
    for (std::size_t size = 0; size < whole.size(); ++size) {
      GuardedBytes part(size, kBlobAlignment);
      std::copy(whole.first(size).begin(), whole.first(size).end(), part.bytes().begin());
      if (is_accepted(part.bytes())) ++accepted;
    }
    CHECK(accepted == 0);
  }
  CHECK_FALSE(is_accepted({}));
}

TEST_CASE("whatever follows the declared size is none of the model") {
  Dice dice(1);
  for (const auto& blob : victims()) {
    for (std::size_t more = 1; more <= 256; ++more) {
      GuardedBytes flash(blob.bytes().size() + more, kBlobAlignment);
      const auto rest = std::copy(blob.bytes().begin(), blob.bytes().end(), flash.bytes().begin());
      std::generate(rest, flash.bytes().end(),
                    [&] { return static_cast<std::byte>(dice.between(0, 255)); });
      CHECK(is_accepted(flash.bytes()));
    }
  }
}

TEST_CASE("every byte of header and table with every value") {
  for (const auto& blob : victims()) {
    Target target(blob);
    const std::size_t end = sizeof(BlobHeader) + sections(blob.header()).size() * sizeof(Section);
    int accepted = 0;
    for (std::size_t at = 0; at < end; ++at) {
      for (int value = 0; value < 256; ++value) {
        target.bytes()[at] = static_cast<std::byte>(value);
        if (target.is_accepted()) ++accepted;
      }
      target.restore();
    }
    CHECK(accepted == static_cast<int>(end));  // the value that was there, of each byte
  }
}

TEST_CASE("every bit of the whole file") {
  for (const auto& blob : all_kinds()) {
    Target target(blob);
    int accepted = 0;
    for (std::size_t bit = 0; bit < 8 * target.bytes().size(); ++bit) {
      flip(target.bytes(), bit);
      if (target.is_accepted()) ++accepted;
      flip(target.bytes(), bit);
    }
    CHECK(accepted == 0);
    CHECK(target.is_accepted());
  }
}

TEST_CASE("two bits and three") {
  for (const int bits : {2, 3}) {
    const auto damage = [bits](std::span<std::byte> bytes, Dice& dice) {
      for (int i = 0; i < bits; ++i) {
        flip(bytes, 8 * place_in(bytes, dice) + static_cast<std::size_t>(dice.between(0, 7)));
      }
    };
    CHECK(accepted_after(kTurns, static_cast<std::uint32_t>(bits), damage) == 0);
  }
}

TEST_CASE("bytes changed, lost, repeated and moved") {
  const auto damage = [](std::span<std::byte> bytes, Dice& dice) {
    for (int i = dice.between(1, 4); i > 0; --i) mutate(bytes, dice);
  };
  CHECK(accepted_after(kTurns, 4, damage) == 0);
}
