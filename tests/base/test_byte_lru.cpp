// SPDX-License-Identifier: MIT
#include <memory>
#include <string>

#include "support/doctest.hpp"
#include "vlsm/base/base64.hpp"
#include "vlsm/base/byte_lru.hpp"

TEST_CASE("what was not asked for the longest makes room") {
  vlsm::ByteLru<std::string, int> kept(10);
  CHECK(kept.keep("a", 1, 4));
  CHECK(kept.keep("b", 2, 4));
  CHECK(kept.find("a") == 1);
  CHECK(kept.keep("c", 3, 4));  // b goes: a was asked for since
  CHECK(kept.find("a") == 1);
  CHECK_FALSE(kept.find("b"));
  CHECK(kept.find("c") == 3);
  CHECK(kept.bytes() == 8);
  CHECK(kept.keep("d", 4, 10));  // all others go
  CHECK(kept.size() == 1);
  CHECK(kept.bytes() == 10);
}

TEST_CASE("the budget holds at its edges") {
  vlsm::ByteLru<int, int> kept(3);
  CHECK(kept.keep(1, 1, 3));
  CHECK_FALSE(kept.keep(2, 2, 4));  // alone too large: what is there stays
  CHECK(kept.find(1) == 1);
  CHECK(kept.keep(1, 5, 1));  // another value of the same key
  CHECK(kept.find(1) == 5);
  CHECK(kept.bytes() == 1);
  CHECK(kept.keep(7, 7, 0));
  CHECK(kept.size() == 2);
  vlsm::ByteLru<int, int> none(0);
  CHECK_FALSE(none.keep(1, 1, 1));
  CHECK(none.size() == 0);
}

TEST_CASE("a value in use outlives its eviction") {
  vlsm::ByteLru<int, std::shared_ptr<std::string>> kept(8);
  kept.keep(1, std::make_shared<std::string>("in use"), 8);
  auto const used = *kept.find(1);
  kept.keep(2, nullptr, 8);
  CHECK_FALSE(kept.find(1));
  CHECK(*used == "in use");
  CHECK(used.use_count() == 1);
}

TEST_CASE("base64 of every length, there and back") {
  using vlsm::from_base64, vlsm::to_base64;
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");  // RFC 4648, section 10
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
  CHECK(to_base64("foob") == "Zm9vYg==");
  CHECK(to_base64("fooba") == "Zm9vYmE=");
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(from_base64(to_base64(bytes)) == bytes);
    bytes += static_cast<char>(i * 151);
  }
  for (char const* wrong : {"A", "AB", "ABC", "A===", "====", "AB=C", "=ABC",
                            "Zh==", "Zm9=", "Zm9\n", "Zm9v ", "Zm-v", "Zm9v\xc3\xa9\xc3\xa9"})
    CHECK_FALSE(from_base64(wrong));
}
