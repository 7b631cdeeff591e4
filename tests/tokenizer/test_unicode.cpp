// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <string>

#include "vlsm/base/error.hpp"
#include "vlsm/tokenizer/bpe/pretokenize.hpp"
#include "vlsm/tokenizer/unicode/lowercase.hpp"
#include "vlsm/tokenizer/unicode/normalize.hpp"

using namespace vlsm::tokenizer;

TEST_CASE("UTF-8 is decoded and encoded without a loss") {
  std::string const text = "a\u00e9\u20ac\U0001f600\U0010ffff";
  CHECK(decode(text) == U"a\u00e9\u20ac\U0001f600\U0010ffff");
  CHECK(encode_utf8(decode(text)) == text);
  CHECK(decode("").empty());
  CHECK(decode(std::string("\0", 1)) == Text(1, U'\0'));
}

TEST_CASE("overlong, cut, stray and too large sequences are refused") {
  for (std::string bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xe0\x80\x80", "\xe2\x82", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff"}) {
    CHECK_FALSE(try_decode(bad).has_value());
    CHECK_THROWS_AS(decode(bad), vlsm::Error);
  }
  CHECK(decode("\xed\xa0\x80", Surrogates::accept) == Text(1, static_cast<char32_t>(0xd800)));
  CHECK_THROWS_AS(decode("\xed\xa0", Surrogates::accept), vlsm::Error);
}

TEST_CASE("lower case is Python's or Rust's in the final sigma") {
  CHECK(lower_python(U"ΣΊΣΥΦΟΣ ΣΑΣ") == U"σίσυφος σας");
  CHECK(lower_rust(U"ΣΊΣΥΦΟΣ ΣΑΣ") == U"σίσυφοσ σασ");
  // Marks and points count as nothing, digits end a word, a lone sigma is not final.
  CHECK(lower_python(U"Σ") == U"σ");
  CHECK(lower_python(U"ΑΣ.") == U"ας.");
  CHECK(lower_python(U"ΑΣ.Α") == U"ασ.α");
  CHECK(lower_python(U"Α\u0301Σ\u0301") == U"α\u0301ς\u0301");
  CHECK(lower_python(U"1Σ") == U"1σ");
  CHECK(lower_python(U"ⅣΣ") == U"ⅳς");
  CHECK(lower_python(U"İΑΣ") == U"i\u0307ας");
}

TEST_CASE("lower case follows the full mappings") {
  CHECK(lower_rust(U"POLYP") == U"polyp");
  CHECK(lower_rust(U"İ") == U"i\u0307");
  CHECK(lower_rust(U"ẞÄÖ") == U"ßäö");
  CHECK(lower_rust(U"\u212a\u212b") == U"kå");  // Kelvin and Ångström signs
  CHECK(lower_rust(U"\U00010400") == U"\U00010428");
}

TEST_CASE("normal forms compose, decompose and order marks") {
  CHECK(normalize(U"e\u0301") == U"\u00e9");
  CHECK(normalize(U"a\u0301\u0323") == U"\u1ea1\u0301");
  CHECK(normalize(U"\u1100\u1161\u11a8") == U"\uac01");
  CHECK(normalize(U"\u0958") == U"\u0915\u093c");  // a composition that Unicode excludes
  CHECK(normalize(U"\u212b") == U"\u00c5");
  CHECK(normalize(U"\ufb01") == U"\ufb01");
  CHECK(normalize(U"\ufb01", Form::nfkc) == U"fi");
  CHECK(normalize(U"\uff76\uff9e", Form::nfkc) == U"\u30ac");
  CHECK(normalize(U"\ufdfa", Form::nfkc).size() == 18);
  CHECK(normalize(U"") == U"");
}

TEST_CASE("a mark that the crate's tables lack is none, and nothing moves across it") {
  CHECK(normalize(U"q\u0343\u0ebaw") == U"q\u0eba\u0313w");
  CHECK(normalize_as_crate(U"q\u0343\u0ebaw") == U"q\u0313\u0ebaw");
  CHECK(normalize_as_crate(U"e\u0301 a\u0eba\u0301") == U"\u00e9 a\u0eba\u0301");
  CHECK(normalize_as_crate(U"") == U"");
}

TEST_CASE("white space, letters and numbers are Unicode's") {
  for (char32_t c : U"\t\n\v\f\r \u0085\u00a0\u1680\u2003\u2028\u202f\u205f\u3000")
    CHECK((c == 0 || is_space(c)));
  CHECK_FALSE(is_space(U'\u200b'));
  CHECK_FALSE(is_space(U'\u180e'));
  CHECK_FALSE(is_space(U'\x1c'));
  CHECK(is_space_python(U'\x1c'));
  CHECK(is_letter(U'ª'));
  CHECK(is_letter(U'日'));
  CHECK_FALSE(is_letter(U'\u0301'));
  CHECK(is_number(U'²'));
  CHECK(is_number(U'Ⅳ'));
  CHECK_FALSE(is_digit(U'²'));
  CHECK(is_digit(U'\u0663'));
  CHECK(collapse_spaces(U" a \t\u3000b ") == U" a b ");
}

TEST_CASE("the pattern's pieces are contractions, letters, single numbers and the rest") {
  auto const pieces = [](TextView text) {
    std::string out;
    ScanRules const rules{bar_specials, true};
    for (std::size_t at = 0; at < text.size();) {
      Piece const piece = next_piece(text, at, rules);
      if (piece.kind != PieceKind::space) {
        out += out.empty() ? "" : "|";
        out += encode_utf8(text.substr(at, piece.length));
      }
      at += piece.length;
    }
    return out;
  };
  CHECK(pieces(U"it's we've") == "it|'s|we|'ve");
  CHECK(pieces(U"''s '") == "''|s|'");
  CHECK(pieces(U"t2-weighted 12mm") == "t|2|-|weighted|1|2|mm");
  CHECK(pieces(U"a_b...!?'x") == "a|_|b|...!?'|x");
  CHECK(pieces(U"a<|endoftext|>b") == "a|<|endoftext|>|b");
  CHECK(pieces(U"<|endoftext|") == "<||endoftext||");
  CHECK(pieces(U"e\u0301") == "e|\u0301");
}
