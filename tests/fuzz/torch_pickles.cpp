// SPDX-License-Identifier: MIT
#include <span>
#include <string>

#include "fuzz/fuzz.hpp"
#include "fuzz/touch.hpp"
#include "io/builders.hpp"
#include "vlsm/io/checkpoint.hpp"

// A pickled object inside a sound file of torch.save: its checksum would else keep every change
// from the unpickler.
namespace {

enum Flags : unsigned { legacy = 1, named = 2, script = 4, compressed = 8 };

std::string file_around(std::string const& object, unsigned flags) {
  using namespace vlsm::test;
  static std::string const numbers = floats(6), bytes(12, 'x');
  if (flags & legacy) return legacy_file(object, {{6, numbers}, {6, bytes}});
  std::vector<ZipPart> parts{{"w/data.pkl", pickle(object)}, {"w/data/0", numbers}};
  parts.push_back({"w/data/1", bytes, static_cast<std::uint16_t>(flags & compressed)});
  if (flags & script) parts.push_back({"w/constants.pkl", ""});
  return zip(parts, flags & compressed ? 1 : 64);
}

}  // namespace

int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace vlsm;
  fuzz::Input input(data, size);
  unsigned const flags = input.byte();
  std::string_view const section = flags & named ? input.until('\0') : "";
  std::string const bytes = file_around(std::string(input.rest()), flags);
  fuzz::only_errors([&] {
    auto const file = io::MappedFile::in_memory(test::as_bytes(bytes), "file");
    io::Checkpoint checkpoint = io::detail::read_checkpoint_file(file, section);
    fuzz::touch(checkpoint);
    io::detail::narrow(checkpoint, section, "file");
    fuzz::require(!checkpoint.tensors.empty(), "a checkpoint holds a tensor");
  });
  return 0;
}
