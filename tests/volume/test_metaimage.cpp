// SPDX-License-Identifier: MIT
#include "support/doctest.hpp"
#include "support/error.hpp"
#include "support/fixtures.hpp"
#include "support/pictures.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/volume/metaimage.hpp"
#include "volume/builders.hpp"

using namespace vlsm::test;

namespace {

using Lines = std::vector<std::pair<std::string, std::string>>;

vlsm::Frame read(std::string const& file, std::optional<std::size_t> frame = std::nullopt) {
  auto const header = vlsm::parse_metaimage_header(file, "scan.mha");
  return vlsm::parse_metaimage(header, std::string_view(file).substr(header.text_size), "scan.mha",
                               frame);
}

std::string error_with(Lines const& lines, std::string const& pixels = "abcdef") {
  return error_of([&] { return read(metaimage_text(lines) + pixels); });
}

template <class T>
void check_type(std::string const& type, std::vector<T> const& stored) {
  for (char const* order : {"", "BinaryDataByteOrderMSB", "ElementByteOrderMSB"}) {
    INFO(type);
    Lines lines = {{"ElementType", type}, {"DimSize", std::to_string(stored.size()) + " 1"}};
    if (*order) lines.emplace_back(order, "True");
    CHECK(read(metaimage_text(lines) + samples(stored, *order != 0)).values ==
          std::vector<float>(stored.begin(), stored.end()));
  }
}

}  // namespace

TEST_CASE("MetaImage pixels of every type are read in both byte orders") {
  check_type<std::uint8_t>("MET_UCHAR", {0, 1, 255});
  check_type<std::int8_t>("MET_CHAR", {-128, 0, 127});
  check_type<std::uint16_t>("MET_USHORT", {0, 256, 65535});
  check_type<std::int16_t>("MET_SHORT", {-32768, 1, 32767});
  check_type<std::uint32_t>("MET_UINT", {0, 70000});
  check_type<std::int32_t>("MET_INT", {-70000, 2});
  check_type<float>("MET_FLOAT", {0.5f, -3});
  check_type<double>("MET_DOUBLE", {0.25, -1});
}

TEST_CASE("rows and columns are the file's; lines end with LF or CRLF") {
  for (char const* end : {"\n", "\r\n"}) {
    vlsm::Frame const frame = read(metaimage_text({}, end) + "abcdef");
    CHECK(frame.width == 3);
    CHECK(frame.height == 2);
    CHECK(frame.values == std::vector<float>{'a', 'b', 'c', 'd', 'e', 'f'});
  }
  CHECK(read(metaimage_text({{"HeaderSize", "2"}}) + "xxabcdef").values[0] == 'a');
  CHECK(read(metaimage_text({{"HeaderSize", "-1"}}) + "xxxabcdef").values[0] == 'a');
  CHECK(read(metaimage_text({{"ObjectType", ""}, {"BinaryData", ""}}) + "abcdef").width == 3);
}

TEST_CASE("of several frames one must be named") {
  std::string const one = metaimage_text({{"NDims", "3"}, {"DimSize", "2 1 1"}}) + "ab";
  CHECK(read(one).values == std::vector<float>{'a', 'b'});
  std::string const many = metaimage_text({{"NDims", "3"}, {"DimSize", "2 1 3"}}) + "abcdef";
  CHECK(says(error_of([&] { return read(many); }), "holds 3 frames: scan.mha"));
  CHECK(read(many, 2).values == std::vector<float>{'e', 'f'});
  CHECK(says(error_of([&] { return read(many, 3); }), "no frame 3"));
}

TEST_CASE("packed pixels are read, and refused where they are not as many as promised") {
  Lines const packed = {{"CompressedData", "True"}, {"CompressedDataSize", "17"}};
  CHECK(read(metaimage_text(packed) + stored_zlib("abcdef")).values[5] == 'f');
  CHECK(says(error_with(packed, stored_zlib("abcde")), "packed pixels"));
  CHECK(says(error_with(packed, stored_zlib("abcdef").substr(0, 9)), "packed pixels"));
  CHECK(says(error_with(packed, "abcdefghij"), "packed pixels"));
  CHECK(says(
      error_with({{"CompressedData", "True"}, {"DimSize", "9000 9000"}}, stored_zlib("abcdef")),
      "packed pixels"));
  CHECK(says(error_with({{"CompressedData", "True"}, {"HeaderSize", "-1"}}), "HeaderSize"));
}

TEST_CASE("sides that cannot be are told before anything is read") {
  CHECK(says(error_with({{"DimSize", "0 2"}}), "1 or more, not 0 x 2"));
  CHECK(says(error_with({{"DimSize", "3 -2"}}), "1 or more"));
  CHECK(says(error_with({{"NDims", "3"}, {"DimSize", "3 2 0"}}), "third side"));
  CHECK(says(error_with({{"DimSize", "2000000000 2000000000"}}), "too large"));
  CHECK(says(error_with({{"DimSize", "99999999999999999999 1"}}), "too large"));
  CHECK(says(error_with({{"NDims", "3"}, {"DimSize", "9000 9000 9223372036854775807"}}),
             "holds 9223372036854775807 frames"));
  auto const huge = metaimage_text({{"NDims", "3"}, {"DimSize", "9000 9000 9223372036854775807"}});
  CHECK(says(error_of([&] { return read(huge, 1); }), "cut off"));
  CHECK(says(error_with({{"DimSize", "3 2 1"}}), "NDims is 2"));
  CHECK(says(error_with({{"DimSize", "3 x"}}), "DimSize"));
  CHECK(says(error_with({}, "abcde"), "cut off: 5 bytes of 6"));
  CHECK(says(error_with({{"HeaderSize", "7"}}), "cut off"));
  CHECK(says(error_with({{"HeaderSize", "-2"}}), "HeaderSize is -2"));
}

TEST_CASE("kinds that are not read are named") {
  CHECK(says(error_with({{"ElementType", "MET_LONG_LONG"}}), "MET_LONG_LONG"));
  CHECK(says(error_with({{"ElementType", "MET_UCHAR_ARRAY"}}), "MET_UCHAR_ARRAY"));
  CHECK(says(error_with({{"ElementNumberOfChannels", "3"}}), "3 channels"));
  CHECK(says(error_with({{"BinaryData", "False"}}), "BinaryData"));
  CHECK(says(error_with({{"NDims", "4"}, {"DimSize", "3 2 1 1"}}), "4 dimensions"));
  CHECK(says(error_with({{"ObjectType", "Mesh"}}), "Mesh"));
  CHECK(says(error_with({{"CompressedData", "Maybe"}}), "Maybe"));
  CHECK(says(error_with({{"ElementDataFile", "LIST"}}), "list"));
  CHECK(says(error_with({{"ElementDataFile", "slice%03d.raw 1 9 1"}}), "list"));
}

TEST_CASE("a data file must lie below its header's folder") {
  for (char const* name :
       {"../a.raw", "/etc/passwd", "a/../../b.raw", "..", "a\\b.raw", "c:a.raw", "a/"}) {
    INFO(name);
    CHECK(says(error_with({{"ElementDataFile", name}}), "plain name"));
  }
  TempDir const folder;
  auto const mhd = folder / "a.mhd";
  auto const read_it = [&] { return vlsm::read_metaimage(mhd); };
  CHECK(says(error_of(read_it), "a.mhd"));
  write_file(mhd, metaimage_text({{"ElementDataFile", "a.raw"}}));
  CHECK(says(error_of(read_it), "a.raw"));
  write_file(folder / "a.raw", "abc");
  CHECK(says(error_of(read_it), "a.raw"));
  write_file(folder / "a.raw", "abcdef");
  CHECK(read_it().values[5] == 'f');
  write_file(mhd, metaimage_text() + "abcdef");
  CHECK(read_it().values[5] == 'f');
}

TEST_CASE("text that is no MetaImage is an Error") {
  std::string const text = metaimage_text();
  for (std::size_t size = 0; size + 20 < text.size(); ++size)
    CHECK_FALSE(error_of([&] { return read(text.substr(0, size)); }).empty());
  CHECK(says(error_of([] { return read("no text"); }), "without '='"));
  CHECK(says(error_of([] { return read("a = b\na = c\n"); }), "occurs twice"));
  CHECK(says(error_of([] { return read(std::string(10000, 'x')); }), "no end"));
  CHECK(says(error_of([] { return read(std::string(10000, '\n')); }), "no end"));
  CHECK(says(error_of([] { return read("NDims = 2\n"); }), "ElementDataFile"));
  for (char const* key : {"NDims", "DimSize", "ElementType"})
    CHECK(says(error_with({{key, ""}}), std::string("no line ") + key));
}

TEST_CASE("CAMUS's MetaImages give the expected pictures, broken ones an Error") {
  auto const root = shared("fixtures/datasets/camus_mhd");
  VLSM_NEEDS(root, "datasets/camus_mhd");
  int count = 0;
  for (auto const& [split, folder] : {std::pair("train", "training"), std::pair("test", "testing")})
    for (auto const& entry :
         std::filesystem::directory_iterator(*root / "expected" / "images" / split)) {
      std::string const name = entry.path().stem().string();
      INFO(name);
      auto const path = *root / "source" / folder / name.substr(0, 11) / (name + ".mhd");
      CHECK(vlsm::gray_from_frame(vlsm::read_metaimage(path), name) ==
            vlsm::read_mask(entry.path()));
      ++count;
    }
  CHECK(count == 12);
  auto const bad = [&](std::string const& name, std::string const& file) {
    return error_of(
        [&] { return vlsm::read_metaimage(root->parent_path() / "bad" / name / "source" / file); });
  };
  CHECK(says(bad("camus-mhd-raw-missing", "testing/patient0007/patient0007_2CH_ES_gt.mhd"),
             "patient0007_2CH_ES_gt.raw"));
  CHECK(says(bad("camus-mhd-short-raw", "training/patient0007/patient0007_4CH_ED.mhd"),
             "patient0007_4CH_ED"));
  CHECK(says(bad("camus-mhd-sides", "training/patient0007/patient0007_2CH_ED.mhd"),
             "patient0007_2CH_ED"));
}
