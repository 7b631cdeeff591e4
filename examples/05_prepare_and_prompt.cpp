// SPDX-License-Identifier: MIT
// Kvasir-SEG as published: attributes, an answer, prompts, other words in them; then the same
// pictures as a folder of one's own:
//   05_prepare_and_prompt KVASIR_SEG TARGET
#include <filesystem>
#include <iostream>

#include "vlsm/data/formats/folder.hpp"
#include "vlsm/data/formats/formats.hpp"
#include "vlsm/data/prepare/prepare.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/prompts/answerer.hpp"
#include "vlsm/prompts/perturbation.hpp"

// [answer]
auto const by_brightness = [](vlsm::Image const& picture, vlsm::Box box, std::string const&) {
  double sum = 0;
  vlsm::Image const part = vlsm::crop(picture, box);
  for (std::uint8_t const level : part) sum += level;
  return std::string(sum > 128.0 * static_cast<double>(part.size()) ? "white" : "brown");
};
static_assert(vlsm::AttributeAnswerer<decltype(by_brightness)>);
// [answer]

void show(std::filesystem::path const& source) {
  // [rows]
  vlsm::SourceSet const set = vlsm::find_source_format("kvasir_polyp").read(source);
  vlsm::PromptTable const table = vlsm::study_prompt_table("kvasir_polyp").value();
  for (vlsm::SourceRow const& row : set.rows) {
    vlsm::MaskAttributes const mask = vlsm::mask_attributes(row.read().levels);
    vlsm::Attributes words = mask.words();  // number, size, position
    words["shape"] = "round";
    if (mask.number > 0)
      words["color"] = by_brightness(vlsm::read_image(set.images[row.image].file), mask.box,
                                     vlsm::color_question("bump"));
    for (auto const& [level, prompt] : table.render(words, mask.number == 0))
      std::cout << row.mask << " " << level << ": " << prompt.sentences[0] << "\n";
  }
  // [rows]
  // [perturb]
  vlsm::Perturber const opposite(vlsm::Perturbation::opposite, "size");
  std::cout << opposite.sentence(table, "p4", "large white round polyp") << "\n";  // small white …
  // [perturb]
}

int main(int count, char** words) try {
  if (count != 3) throw vlsm::Error("two folders are wanted", "command line", "name them");
  show(words[1]);
  // [folder]
  vlsm::SourceSet mine = vlsm::read_folder(words[1], {.images = "images", .masks = "masks"});
  auto const table = vlsm::parse_prompt_table(
      R"({"like": "photographic", "values": {"target": "polyp"}, "levels": {"p5": null}})", "mine");
  std::cout
      << vlsm::prepare_dataset(mine, words[2], {.table = table, .split = {80, 10, 10}}).to_text();
  // [folder]
} catch (vlsm::Error const& e) {
  std::cerr << "error: " << e.what() << "\n";
  return 1;
}
