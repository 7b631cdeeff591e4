// SPDX-License-Identifier: MIT
#include "vlsm/volume/metaimage.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  fuzz::Input input(data, size);
  unsigned const flags = input.byte();
  std::optional<std::size_t> frame;
  if (flags & 1) frame = flags >> 1;
  std::string_view const text = input.rest();
  fuzz::only_errors([&] {
    MetaImageHeader const header = parse_metaimage_header(text, "file");
    fuzz::require(header.text_size <= text.size(), "the text lies within its file");
    std::filesystem::path const beside = header.data_file;
    fuzz::require(!beside.is_absolute(), "the data file lies beside its header");
    for (auto const& part : beside)
      fuzz::require(part != "..", "the data file lies below its header's folder");
    Frame const read = parse_metaimage(header, text.substr(header.text_size), "file", frame);
    fuzz::require(read.values.size() == read.height * read.width, "a frame has all its values");
    (void)range_of(read);
    (void)gray_from_frame(read, "file");
  });
  return 0;
}
