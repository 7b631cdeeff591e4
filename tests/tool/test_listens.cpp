// SPDX-License-Identifier: MIT
#include <set>

#include "io/builders.hpp"
#include "support/pictures.hpp"
#include "tool/run_tool.hpp"
#include "vlsm/data/synthetic_dataset.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/metrics/hausdorff.hpp"

// What a person types arrives as it was typed, and what the program does with it is said.
using namespace vlsm::test;

namespace {

struct Scan : TempDir {
  Scan() {
    write_file(*this / "scan.png", small_png());
    std::filesystem::create_directory(*this / "scans");
    for (char const* name : {"b.PNG", "a.png", "[1, 2].png", "notes.txt"})
      write_file(*this / "scans" / name, small_png());
  }
  std::string segment(std::string const& images) const {
    return "segment --model clipseg-tiny --weights random --threads 1 --json --out " +
           as_word(*this / "out") + " --image " + images + " ";
  }
  std::string scan() const { return as_word(*this / "scan.png"); }
};

std::vector<std::string> prompts_of(Outcome const& run) {
  std::vector<std::string> prompts;
  for (auto const& line : json_lines(run.out)) prompts.push_back(line.at("prompt"));
  return prompts;
}

std::vector<std::string> pictures_of(Outcome const& run) {
  std::vector<std::string> names;
  for (auto const& line : json_lines(run.out))
    names.push_back(std::filesystem::path(line.at("image").get<std::string>()).filename());
  return names;
}

/// A data set of two pictures of 16 x 12.
struct Set : TempDir {
  explicit Set(std::string const& mask, std::string const& other = plain_png(16, 12, '\0'),
               std::string const& picture = small_png()) {
    for (char const* name : {"images", "masks", "anns"})
      std::filesystem::create_directory(*this / name);
    for (char const* name : {"a.png", "b.png"}) write_file(*this / "images" / name, picture);
    write_file(*this / "masks/a.png", mask);
    write_file(*this / "masks/b.png", other);
    std::string const rows =
        R"([{"img_name": "a.png", "mask_name": "a.png", "prompts": {"p0": "", "p1": "lesion"}},
            {"img_name": "b.png", "mask_name": "b.png", "prompts": {"p0": "", "p1": "lesion"}}])";
    for (char const* split : {"train", "val", "test"})
      write_file(*this / "anns" / (std::string(split) + ".json"), rows);
  }
  std::string evaluate(std::string const& options = "") const {
    return "evaluate --model clipseg-tiny --weights random --threads 1 --prompt p1 --data " +
           as_word(path()) + " " + options;
  }
};

/// The left half of a picture of 16 x 12 in `value`.
std::string half(char value, PngColor color = gray, std::string const& extra = "") {
  std::string rows;
  for (int y = 0; y < 12; ++y)
    rows += std::string(1, '\0') + std::string(8, value) + std::string(8, '\0');
  return png(16, 12, 8, color, rows, extra);
}

}  // namespace

TEST_CASE("prompts arrive letter for letter") {
  Scan const scan;
  std::vector<std::string> const prompts{
      "[lesion, left]", "[]", "[\"a\",'b']", "{a}",   "one, two", "\"quoted\" and 'so'",
      "two\nlines",     "",   "demo",        "a=[b]", "%%",       "100 %",
      "tumor \xc3\xa9"};
  std::string line = scan.segment(scan.scan()) + "--prompt";
  for (std::string const& prompt : prompts) line += " " + as_word(prompt);
  Outcome const run = run_tool(line);
  check_done(run);
  CHECK(prompts_of(run) == prompts);

  Outcome const equals = run_tool(scan.segment(scan.scan()) + "'--prompt=[a, b]' --prompt=-dark");
  check_done(equals);
  CHECK(prompts_of(equals) == std::vector<std::string>{"[a, b]", "-dark"});
  for (char const* words : {"--prompt one -- '-dark lesion' --json '[x]'",
                            "--prompt -- one '-dark lesion' --json '[x]'"}) {
    Outcome const dashes = run_tool(scan.segment(scan.scan()) + words);
    check_done(dashes);
    auto const heard = prompts_of(dashes);
    CHECK(std::set<std::string>(heard.begin(), heard.end()) ==
          std::set<std::string>{"one", "-dark lesion", "--json", "[x]"});
  }
  check_failed(run_tool("models -- x"), 2, "-- x");
  check_failed(run_tool(scan.segment(scan.scan())), 2, "--prompt");
  // Without --json, a prompt of two lines stays one.
  Outcome const plain = run_tool(
      "segment --model clipseg-tiny --weights random --prompt 'a\nb' "
      "--image " +
      scan.scan() + " --out " + as_word(scan / "out"));
  check_done(plain);
  CHECK(std::ranges::count(plain.out, '\n') == 1);
}

TEST_CASE("pictures are files, folders and patterns") {
  Scan const scan;
  auto const found = [&](std::string const& words) {
    Outcome const run = run_tool(scan.segment(words) + "--prompt x");
    check_done(run);
    return pictures_of(run);
  };
  using Names = std::vector<std::string>;
  CHECK(found(as_word(scan / "scans")) == Names{"[1, 2].png", "a.png", "b.PNG"});
  CHECK(found(as_word(scan / "scans/?.*")) == Names{"a.png", "b.PNG"});
  CHECK(found(as_word(scan / "scans/[1, 2].png")) == Names{"[1, 2].png"});
  CHECK(found(scan.scan() + " " + as_word(scan / "scans/a.*")) == Names{"scan.png", "a.png"});
  std::filesystem::create_directory(scan / "none");
  check_failed(run_tool(scan.segment(as_word(scan / "none")) + "--prompt x"), 1,
               "holds no pictures");
  check_failed(run_tool(scan.segment(as_word(scan / "scans/*.tif")) + "--prompt x"), 1,
               "no file matches");
  check_failed(run_tool(scan.segment(as_word(scan / "no.png")) + "--prompt x"), 1, "no.png");
}

TEST_CASE("what masks mean is told, and never read as nothing") {
  Outcome const plain = run_tool(Set(half('\xff')).evaluate());
  check_done(plain);
  CHECK(plain.err.find("masks:") == std::string::npos);

  Set const ones(half(1));
  Outcome const told = run_tool(ones.evaluate("--json"));
  check_done(told);
  CHECK(told.err.find("masks: the object is level 1, the only one beside 0") != std::string::npos);
  // The first mask holds an object: what finds nothing scores 0 there, and 1 where there is none.
  Outcome const nothing = run_tool(ones.evaluate("--threshold 1 --json"));
  check_done(nothing);
  auto const scores = nlohmann::json::parse(nothing.out).at("per_image");
  CHECK(scores[0].at("dice") == 0);
  CHECK(scores[1].at("dice") == 1);

  std::string const voc = png_chunk("PLTE", std::string("\0\0\0\x80\0\0\0\x80\0", 9));
  check_done(run_tool(Set(half(2, palette, voc), half(0, palette, voc)).evaluate()));
  Set const classes(half(1, palette, voc), half(2, palette, voc));
  check_failed(run_tool(classes.evaluate()), 1, "several classes");
  for (char const* choice : {"1", "2", "any", "0,128,0"})
    check_done(run_tool(classes.evaluate(std::string("--mask-value ") + choice)));
  check_failed(run_tool(classes.evaluate("--mask-value red")), 1, "\"red\"");

  Set const empty(half(0), half(0));
  check_failed(run_tool(empty.evaluate()), 1, "no mask holds an object");
  check_done(run_tool(empty.evaluate("--allow-empty")));
}

TEST_CASE("masks of another size are found before anything is computed, all of them") {
  Set const turned(plain_png(12, 16, '\xff'), plain_png(12, 16, '\xff'));
  check_failed(run_tool(turned.evaluate()), 1, "2 masks have another size than their pictures");
}

TEST_CASE("predictions are scored at the model's size or at the picture's, and written") {
  Set const set(half('\xff'));
  std::string const out = (set / "found").string();
  Outcome const run =
      run_tool(set.evaluate("--at picture --threshold 0 --json --out " + as_word(out)));
  check_done(run);
  auto const json = nlohmann::json::parse(run.out);
  CHECK(json.at("at") == "picture");
  CHECK(json.at("threshold") == 0);
  // Everything is found: half of it is right.
  CHECK(json.at("per_image")[0].at("dice").get<double>() == doctest::Approx(2.0 / 3));
  CHECK(files_in(out) ==
        std::vector<std::string>{"a.png", "a_overlay.png", "b.png", "b_overlay.png"});
  vlsm::Mask const mask = vlsm::read_mask(out + "/a.png");
  CHECK(mask.shape(0) == 12);
  CHECK(mask.shape(1) == 16);
  CHECK(std::ranges::count(mask, 255) == 12 * 16);
  CHECK(!json.contains("hd95_mean"));
  CHECK(!json.at("per_image")[0].contains("hd95"));
  std::string const masks = read_file(set / "masks/a.png");
  check_failed(run_tool(set.evaluate("--out " + as_word(set / "masks"))), 1, "over the data set");
  CHECK(read_file(set / "masks/a.png") == masks);

  // Folders of other rows than the first, and names that differ by what is added to them.
  for (char const* folder : {"images", "masks"}) {
    std::filesystem::create_directory(set / folder / "below");
    for (char const* name : {"below/b.png", "a_overlay.png"})
      std::filesystem::copy(set / folder / "a.png", set / folder / name);
  }
  nlohmann::json rows;
  for (char const* name : {"a.png", "a_overlay.png", "below/b.png"})
    rows.push_back({{"img_name", name}, {"mask_name", name}, {"prompts", {{"p1", "lesion"}}}});
  write_file(set / "anns/test.json", rows.dump());
  for (char const* folder : {"images/below", "masks/below"}) {
    check_failed(run_tool(set.evaluate("--out " + as_word(set / folder))), 1, "over the data set");
    CHECK(files_in(set / folder) == std::vector<std::string>{"b.png"});
  }
  check_done(run_tool(set.evaluate("--out " + as_word(set / "all"))));
  CHECK(files_in(set / "all").size() == 6);
}

TEST_CASE("what evaluate writes takes the place of an earlier run's files and of no other") {
  Set const set(half('\xff')), other(half('\xff'));
  std::string const drawn = read_file(other / "masks/b.png"),
                    rows = read_file(set / "anns/val.json");
  check_failed(run_tool(set.evaluate("--out " + as_word(other / "masks"))), 1, "would be lost");
  CHECK(read_file(other / "masks/b.png") == drawn);
  for (int run = 0; run < 2; ++run) {
    check_done(run_tool(set.evaluate("--out " + as_word(set / "found") + " --json " +
                                     as_word(set / "scores.json"))));
    CHECK(files_in(set / "found").size() == 4);
  }
  for (char const* name : {"anns/val.json", "anns/test.json", "masks/a.png"})
    check_failed(run_tool(set.evaluate("--json " + as_word(set / name))), 1,
                 "is read, and would be lost");
  CHECK(read_file(set / "anns/val.json") == rows);
  // In the folder of the masks, which need not be there yet, and under the name of one.
  for (int run = 0; run < 2; ++run) {
    check_done(run_tool(set.evaluate("--out " + as_word(set / "new") + " --json " +
                                     as_word(set / "new/a_overlay.png"))));
    CHECK(read_file(set / "new/a_overlay.png").starts_with("{"));
    CHECK(files_in(set / "new").size() == 5);
  }
}

TEST_CASE("Hausdorff distances are those of the masks, empty ones have none") {
  Set const set(half('\xff'));
  Outcome const run = run_tool(set.evaluate("--hausdorff --at picture --threshold 0 --json"));
  check_done(run);
  auto const json = nlohmann::json::parse(run.out);
  vlsm::Mask everything = vlsm::Mask::from_shape({12, 16});
  everything.fill(255);
  double const distance =
      vlsm::hausdorff_distance(everything, vlsm::read_mask(set / "masks/a.png"));
  CHECK(json.at("per_image")[0].at("hd95") == distance);
  CHECK(json.at("per_image")[1].at("hd95").is_null());
  CHECK(json.at("hd95_mean") == distance);
  CHECK(json.at("hd95_std") == 0);
  CHECK(json.at("hd95_n") == 1);
  // At the model's size they are in its pixels, four times as wide or more.
  Outcome const square = run_tool(set.evaluate("--hausdorff --threshold 0 --json"));
  check_done(square);
  CHECK(nlohmann::json::parse(square.out).at("hd95_mean").get<double>() > 2 * distance);
  Outcome const none = run_tool(set.evaluate("--hausdorff --threshold 1 --json"));
  check_done(none);
  CHECK(nlohmann::json::parse(none.out).at("hd95_n") == 0);
  CHECK(nlohmann::json::parse(none.out).at("hd95_mean").is_null());
  Outcome const line = run_tool(set.evaluate("--hausdorff --threshold 1"));
  check_done(line);
  CHECK(line.out.find("HD95 of none") != std::string::npos);
}

TEST_CASE("what is cut, clipped or squeezed is told once") {
  Scan const scan;
  Outcome const run = run_tool(scan.segment(scan.scan() + " " + scan.scan()) + "--prompt " +
                               as_word(std::string(400, 'x')));
  check_done(run);
  std::string const told = "prompts of more than 192 tokens are cut";
  CHECK(run.err.find(told) != std::string::npos);
  CHECK(run.err.find(told) == run.err.rfind(told));

  write_file(scan / "deep.png", png(2, 2, 16, gray, std::string("\0\1\0\2\0\0\0\1\0\2", 10)));
  write_file(scan / "long.png", plain_png(50, 10, 'x'));
  Outcome const both = run_tool(
      scan.segment(as_word(scan / "deep.png") + " " + as_word(scan / "long.png")) + "--prompt x");
  check_done(both);
  CHECK(both.err.find("16 bits") != std::string::npos);
  CHECK(both.err.find("squeezed") != std::string::npos);
}
