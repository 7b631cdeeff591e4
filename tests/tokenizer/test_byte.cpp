// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/byte.hpp"
#include "vlsm/tokenizer/tokenizer.hpp"

using namespace vlsm::tokenizer;

TEST_CASE("the byte tokenizer frames the bytes of a prompt") {
  ByteTokenizer const tokenizer;
  CHECK(tokenizer.encode("") == Ids{256, 257});
  CHECK(tokenizer.encode("aé") == Ids{256, 'a', 0xc3, 0xa9, 257});
  CHECK(tokenizer.encode(std::string("\0\xff", 2)) == Ids{256, 0, 255, 257});
  CHECK(tokenizer.encode("abc", 4) == Ids{256, 'a', 'b', 257});
  CHECK(tokenizer.encode("abc", 2) == Ids{256, 257});
  CHECK(tokenizer.encode(std::string(10'000, 'x')).size() == 77);
  CHECK(tokenizer.vocabulary_size() == 258);
  CHECK_THROWS_AS(tokenizer.encode("abc", 1), vlsm::Error);
}

TEST_CASE("padding fills every row to one length") {
  CHECK(pad({{256, 257}, {256, 1, 257}}, 4, 0) ==
        std::vector<Ids>{{256, 257, 0, 0}, {256, 1, 257, 0}});
  CHECK(pad({}, 4, 0).empty());
  CHECK_THROWS_AS(pad({{1, 2, 3}}, 2, 0), vlsm::Error);
}

TEST_CASE("any tokenizer holds a tokenizer and shares it when copied") {
  AnyTokenizer const any = ByteTokenizer{};
  AnyTokenizer const copy = any;
  CHECK(copy.encode("a", 3) == Ids{256, 'a', 257});
  CHECK(any.vocabulary_size() == 258);
  CHECK(any.start() == 256);
  CHECK(any.end() == 257);
}
