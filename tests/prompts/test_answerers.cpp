// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <cmath>
#include <functional>

#include "image/stored_pictures.hpp"
#include "io/builders.hpp"
#include "support/tiny_blip.hpp"
#include "support/tiny_clipseg.hpp"
#include "vlsm/prompts/attribute_file.hpp"
#include "vlsm/prompts/blip_answerer.hpp"
#include "vlsm/prompts/clip_answerer.hpp"
#include "vlsm/tokenizer/byte.hpp"
#include "vlsm/weights/model_hash.hpp"

using namespace vlsm;
using namespace vlsm::test;

namespace {

/// The picture of tests/data/pictures/make_resize.py.
Image pattern(std::size_t height, std::size_t width) {
  Image image = Image::from_shape({height, width, 3});
  for (std::size_t y = 0; y < height; ++y)
    for (std::size_t x = 0; x < width; ++x)
      for (std::size_t c = 0; c < 3; ++c)
        image(y, x, c) =
            static_cast<std::uint8_t>(x * x * 3 + y * x * 7 + c * 85 + x * y % 31 * 11 + y * y);
  return image;
}

std::string const shape = shape_question("bump"), color = color_question("bump");
std::string const vocabulary =
    "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]"
    "\nwhat\nis\nthe\nof\nshape\ncolor\nbump\nround\noval\nheart\n"
    "##ed\npink\n.\n";

/// A folder as downloaded, with the tiny model's files and a vocabulary; false without fixtures.
bool fill(TempDir const& folder) {
  auto const files = fixture("blip_vqa/tiny_a");
  if (!files) return false;
  for (char const* name : {"config.json", "model.safetensors"})
    std::filesystem::copy_file(*files / name, folder / name);
  write_file(folder / "vocab.txt", vocabulary);
  return true;
}

}  // namespace

TEST_CASE("a box is drawn as Pillow draws its rectangle") {
  // Pillow 13.0: the box grown by 10, outline="#00ff00", width=5, on a picture of 80 x 60.
  std::pair<Box, std::string> const drawn[] = {
      {{30, 25, 50, 35}, "d85d973f"}, {{2, 3, 20, 20}, "063c0219"},
      {{60, 40, 79, 59}, "d7ef3d70"}, {{75, 50, 90, 70}, "c94a4549"},
      {{40, 30, 40, 30}, "eea847a6"}, {{0, 0, 79, 59}, "7a2e5fc3"}};
  Image const picture = pattern(60, 80);
  for (auto const& [box, sum] : drawn) CHECK(checksum(draw_box(picture, box)) == sum);

  Image const image = draw_box(picture, {30, 25, 50, 35});
  auto const green = [&](std::size_t x, std::size_t y) {
    return image(y, x, 0) == 0 && image(y, x, 1) == 255 && image(y, x, 2) == 0;
  };
  CHECK(green(20, 15));   // 10 pixels outside
  CHECK(green(24, 19));   // 5 pixels thick
  CHECK(!green(25, 20));  // not filled
  CHECK(!green(19, 14));
  CHECK(green(60, 45));
  CHECK(draw_box(picture, {30, 25, 50, 35}, {.margin = 0, .line = 0}) == picture);

  for (Box outside : {Box{80, 0, 90, 10}, Box{0, 60, 5, 70}, Box{-9, 0, -1, 5}, Box{5, 5, 4, 5}})
    CHECK_ERROR(draw_box(picture, outside), "no pixel of the picture lies in the box");
}

TEST_CASE("boxes of masks, parts of pictures and squares around boxes") {
  Mask mask = Mask::from_shape({5, 7});
  mask.fill(0);
  CHECK_ERROR(bounding_box(mask), "the mask holds no object");
  mask(1, 5) = 255;
  mask(3, 2) = 128;
  mask(4, 6) = 127;
  CHECK(bounding_box(mask) == Box{2, 1, 5, 3});

  Image const picture = pattern(20, 30);
  Image const part = crop(picture, {28, -3, 40, 1});  // clipped to the picture
  REQUIRE(part.shape(0) == 2);
  REQUIRE(part.shape(1) == 2);
  CHECK(part(1, 0, 2) == picture(1, 28, 2));
  CHECK_ERROR(crop(picture, {30, 0, 31, 1}), "no pixel");

  CHECK(square_around({10, 5, 13, 6}, 20, 30) == Box{10, 4, 13, 7});
  CHECK(square_around({0, 5, 1, 12}, 20, 30) == Box{0, 5, 7, 12});     // moved to the right
  CHECK(square_around({10, 2, 29, 3}, 20, 30) == Box{10, 0, 29, 19});  // as high as the picture
  CHECK(square_around({2, 2, 27, 3}, 20, 30) == Box{2, 0, 27, 19});    // higher than it
}

TEST_CASE("restricted decoding weighs words by their tokens and their end") {
  at::NoGradGuard const no_grad;
  at::manual_seed(3);
  TinyBlip model;
  model.eval();
  at::Tensor const image = model.encode_image(at::randn({2, 3, 48, 48}));
  at::Tensor const ids = at::tensor({5, 6, 7, 3, 5, 9, 8, 3}, at::kLong).view({2, 4});
  at::Tensor const question = model.encode_question(ids, {}, image);
  std::vector<std::vector<std::int64_t>> const words{{12}, {13, 15}, {16, 17, 18}, {14}};
  at::Tensor const scores = model.score_answers(question, words);
  REQUIRE(scores.sizes() == at::IntArrayRef{2, 4});
  for (std::int64_t row = 0; row < 2; ++row)
    for (std::size_t i = 0; i < words.size(); ++i) {
      std::vector<std::int64_t> said{tiny_blip.frame.start};
      double sum = 0;
      std::vector<std::int64_t> next = words[i];
      next.push_back(tiny_blip.frame.end);
      for (std::int64_t token : next) {  // one at a time, without a batch or padding
        at::Tensor const logits =
            model.decode(at::tensor(said, at::kLong).unsqueeze(0), question.slice(0, row, row + 1));
        sum += logits[0][-1].log_softmax(0)[token].item<double>();
        said.push_back(token);
      }
      CHECK(scores[row][static_cast<std::int64_t>(i)].item<double>() ==
            doctest::Approx(sum).epsilon(1e-5));
    }
  at::Tensor const chosen = model.generate(ids, {}, image, {.answers = words});
  for (std::int64_t row = 0; row < 2; ++row) {
    auto const& best = words[static_cast<std::size_t>(scores[row].argmax().item<std::int64_t>())];
    CHECK(chosen[row][0].item<std::int64_t>() == tiny_blip.frame.start);
    for (std::size_t i = 0; i < best.size(); ++i)
      CHECK(chosen[row][static_cast<std::int64_t>(i) + 1].item<std::int64_t>() == best[i]);
    CHECK(chosen[row][static_cast<std::int64_t>(best.size()) + 1].item<std::int64_t>() ==
          tiny_blip.frame.end);
  }
  // All answers of one token, in several batches: each alone gives the same.
  std::vector<std::vector<std::int64_t>> each;
  for (std::int64_t id = 0; id < 300; ++id) each.push_back({id});
  at::Tensor const all = model.score_answers(question, each);
  CHECK(all.exp().sum(1).le(1).all().item<bool>());
  CHECK(std::abs(all[1][123].item<double>() -
                 model.score_answers(question, {{123}})[1][0].item<double>()) < 1e-4);
}

TEST_CASE("BLIP refuses what does not fit, in one line") {
  at::NoGradGuard const no_grad;
  TinyBlip const model;
  at::Tensor const image = model.encode_image(at::zeros({1, 3, 48, 48}));
  at::Tensor const ids = at::tensor({5, 6, 3}, at::kLong).unsqueeze(0);
  at::Tensor const question = model.encode_question(ids, {}, image);
  CHECK_ERROR(model.encode_image(at::zeros({1, 1, 48, 48})), "cannot see this image");
  CHECK_ERROR(model.encode_question(ids + 300, {}, image), "outside the vocabulary");
  CHECK_ERROR(model.encode_question(ids, ids, image), "padding does not fit the tokens");
  CHECK_ERROR(model.encode_question(ids, at::ones({1, 3}, at::kBool), image), "all padding");
  CHECK_ERROR(model.encode_question(ids, {}, at::zeros({2, 10, 48})), "does not fit them");
  CHECK_ERROR(model.encode_question(ids, {}, at::zeros({1, 10, 47})), "does not fit them");
  CHECK_ERROR(model.encode_question(at::full({1, 33}, 5, at::kLong), {}, image), "33 tokens");
  CHECK_ERROR(model.generate(ids, {}, image, {.max_new_tokens = 0}), "ask for 1 or more");
  CHECK_ERROR(model.generate(ids, {}, image, {.max_new_tokens = 33}), "33 tokens");
  CHECK_ERROR(model.score_answers(question, {}), "no answer to choose from");
  CHECK_ERROR(model.score_answers(question, {{5}, {}}), "an answer has no token");
  CHECK_ERROR(model.score_answers(question, {{300}}), "outside the vocabulary");
  CHECK_ERROR(io::check_hf_config("[]", "FILE", tiny_blip), "no JSON object");
  CHECK_ERROR(io::check_hf_config(R"({"model_type": "clip"})", "FILE", tiny_blip),
              "model_type \"clip\", the model has \"blip\"");
  CHECK_ERROR(io::check_hf_config(R"({"vision_config": 3})", "FILE", tiny_blip),
              "cannot be understood");
}

TEST_CASE("a BLIP answers in words, chosen or free") {
  TempDir const folder;
  VLSM_NEEDS(fill(folder) ? std::optional(1) : std::nullopt, "blip_vqa/tiny_a");
  Image const picture = pattern(60, 80);
  Box const box{30, 25, 50, 35};
  std::vector<std::string> const words{"round", "oval", "heart oval"};
  BlipAnswererOptions const options{.choices = {{"shape", words}}};
  auto const answer = BlipAnswerer<tiny_blip>::open(folder.path(), options);
  std::string const chosen = answer(picture, box, shape);
  CHECK(std::ranges::find(words, chosen) != words.end());
  CHECK(answer.ask(answer.see(picture, box), shape) == chosen);
  CHECK(answer(picture, box, color) == answer(picture, box, color));  // free: any text
  std::function<std::string(Image const&, Box, std::string const&)> const any = answer;
  CHECK(any(picture, box, shape) == chosen);
  static_assert(AttributeAnswerer<decltype(any)>);

  CHECK_ERROR(answer(picture, {90, 0, 99, 9}, shape), "no pixel of the picture");
  using Tiny = BlipAnswerer<tiny_blip>;
  CHECK_ERROR(Tiny::open(folder.path(), {.choices = {{"shape", {}}}}), "no word to choose from");
  CHECK_ERROR(Tiny::open(folder.path(), {.choices = {{"shape", {" "}}}}), "has no letters");
  CHECK_ERROR(BlipAnswerer<tiny_blip_stop>::open(folder.path()), "sep_token_id");
  write_file(folder / "vocab.txt", "[UNK]\n[CLS]\n[SEP]\nround\n");
  CHECK_ERROR(Tiny::open(folder.path()), "the tokenizer is not this model's");
  std::filesystem::remove(folder / "vocab.txt");
  CHECK_ERROR(Tiny::open(folder.path()), "no BERT vocabulary");
}

TEST_CASE("what a BLIP answers about a set goes into a file") {
  TempDir const blip_folder;
  VLSM_NEEDS(fill(blip_folder) ? std::optional(1) : std::nullopt, "blip_vqa/tiny_a");
  std::filesystem::path const folder = blip_folder.path();
  using Blip = BlipAnswerer<tiny_blip>;
  Mask mask = Mask::from_shape({60, 80});
  mask.fill(0);
  mask(30, 40) = 255;
  std::map<std::string, Mask> const masks{{"one.png", mask}};
  auto const picture_of = [](std::string const&) { return pattern(60, 80); };
  // [attributes]
  Blip const answer = Blip::open(folder, {.choices = {{"shape", {"round", "oval", "heart"}},
                                                      {"color", {"pink", "red", "white"}}}});
  AttributeFile file{.answerer = "blip_vqa_base", .model = io::model_hash(answer.model())};
  for (auto const& [name, mask] : masks) {
    at::Tensor const seen = answer.see(picture_of(name), bounding_box(mask));
    file.rows[name] = {.shape = answer.ask(seen, shape_question("bump")),
                       .color = answer.ask(seen, color_question("bump"))};
  }
  write_attributes(folder / "attributes.json", file);
  // [attributes]
  CHECK(read_attributes(folder / "attributes.json") == file);
  CHECK(file.rows.size() == 1);
}

TEST_CASE("ids become text again") {
  TempDir const folder;
  write_file(folder / "vocab.txt", vocabulary);
  auto const tokenizer = tokenizer::WordPieceTokenizer::open(folder / "vocab.txt");
  CHECK(tokenizer.decode(tokenizer.encode("The shape is round.")) == "the shape is round.");
  CHECK(tokenizer.decode({2, 12, 15, 11, 3, 0, 0}) == "rounded bump");
  CHECK(tokenizer.decode({15, 999, -1, 4, 1}) == "ed");
  CHECK(tokenizer.decode({}).empty());
}

TEST_CASE("a question says which words are asked for") {
  std::vector<AnswerChoices> const choices{{"shape", {"round"}}, {"color", {"pink"}}};
  CHECK(choices_for(choices, shape) == &choices[0]);
  CHECK(choices_for(choices, "Which Color?") == &choices[1]);
  CHECK(choices_for(choices, "Is it well-shaped, or colorful?") == nullptr);
  CHECK(choices_for(choices, "") == nullptr);
}

namespace {

/// A tower that sees the mean color, and one that reads a word's first letter as a color.
struct MeanColor : Module {
  at::Tensor embed_prompt(at::Tensor const& image) const { return image.mean({2, 3}); }
};
struct FirstLetter : Module {
  static constexpr PadTo pad_to{};
  TextFeatures forward(Tokens const& tokens) const {
    at::Tensor const letter = tokens.ids.select(1, 3);  // start, "a", " ", and the word
    return {.sentence = at::stack({letter == 'r', letter == 'g', letter == 'b'}, 1).to(at::kFloat),
            .words = {},
            .padding = {}};
  }
};

}  // namespace

TEST_CASE("CLIP chooses the word whose sentence is nearest to the part in the box") {
  Image picture = Image::from_shape({40, 60, 3});
  picture.fill(0);
  for (std::size_t y = 0; y < 40; ++y)
    for (std::size_t x = 0; x < 60; ++x) picture(y, x, x < 20 ? 0 : x < 40 ? 1 : 2) = 200;
  ClipAnswererOptions options{.choices = {{"color", {"green", "blue", "red"}}},
                              .sentence = "a {word} thing",
                              .recipe = {.image = 16, .normalize = {{0, 0, 0}, {1, 1, 1}}}};
  auto const make = [&] {
    return ClipAnswerer<MeanColor, FirstLetter>(std::make_shared<MeanColor>(),
                                                std::make_shared<FirstLetter>(),
                                                tokenizer::ByteTokenizer(), options);
  };
  auto const answer = make();
  static_assert(AttributeAnswerer<decltype(answer)>);
  CHECK(answer(picture, {2, 5, 12, 15}, color) == "red");
  CHECK(answer(picture, {22, 5, 36, 15}, color) == "green");
  CHECK(answer(picture, {45, 20, 59, 39}, color) == "blue");
  CHECK_ERROR(answer(picture, {2, 5, 12, 15}, shape), "no words are known for this question");
  CHECK_ERROR(answer(picture, {60, 5, 70, 15}, color), "no pixel");
  options.sentence = "a thing";
  CHECK_ERROR(make(), "no place for a word");
  options.choices = {{"color", {}}};
  CHECK_ERROR(make(), "no word to choose from");
  options.choices.clear();
  CHECK_ERROR(make(), "no word to choose from");
}

TEST_CASE("CLIP's towers as the library has them answer, too") {
  at::manual_seed(5);
  std::vector<std::string> const words{"round", "oval", "square"};
  ClipAnswerer<TinyA::Vision, TinyA::Text> const answer(
      std::make_shared<TinyA::Vision>(), std::make_shared<TinyA::Text>(),
      tokenizer::ByteTokenizer(), {.choices = {{"shape", words}}, .recipe = TinyA::recipe});
  Image const picture = pattern(60, 80);
  CHECK(std::ranges::find(words, answer(picture, {30, 25, 50, 35}, shape)) != words.end());
  CHECK(answer.embed(picture, {0, 0, 9, 9}).norm().item<float>() == doctest::Approx(1));
}

TEST_CASE("an attribute file keeps what it says") {
  TempDir const folder;
  AttributeFile file{.answerer = "blip_vqa_base", .model = "0123456789abcdef"};
  file.others["words"] = {"round", "oval"};
  file.rows["b.png"] = {.shape = "it is a round shape", .color = "pink"};
  file.rows["a/ä.png"] = {.shape = "oval"};
  file.rows["a/ä.png"].others["size"] = 3;
  file.rows["c.png"];
  write_attributes(folder / "attributes.json", file);
  CHECK(read_attributes(folder / "attributes.json") == file);
  CHECK(read_file(folder / "attributes.json").starts_with("{\n \"\": {\n  \"answerer\""));

  // Without who answered the layout is the plain one, which is read, too.
  AttributeFile const plain =
      parse_attributes(R"({"2.png": {"color": "red"}, "1.png": {"shape": "heart"}})", "FILE");
  CHECK(plain.answerer.empty());
  CHECK(plain.rows.size() == 2);
  CHECK(plain.rows.at("1.png").shape == "heart");
  CHECK(!plain.rows.at("1.png").color);
  CHECK(attributes_text(plain, "FILE") ==
        "{\n \"1.png\": {\n  \"shape\": \"heart\"\n },\n \"2.png\": {\n  \"color\": \"red\"\n "
        "}\n}\n");
  CHECK(parse_attributes("{}", "FILE").rows.empty());
  if (auto const kvasir = vlsm::test::shared("fixtures/datasets/kvasir/attributes.json")) {
    AttributeFile const theirs = read_attributes(*kvasir);
    CHECK(theirs.rows.size() > 4);
    CHECK(nlohmann::json::parse(attributes_text(theirs, "FILE")) ==
          nlohmann::json::parse(read_file(*kvasir)));
  }
}

TEST_CASE("an attribute file that is wrong is refused with the row") {
  TempDir const folder;
  auto const parse = [](std::string const& text) { return parse_attributes(text, "FILE"); };
  for (std::string broken : {"", "{", "{\"a\": }", "{\"a\": {\"shape\": \"\xff\"}}"})
    CHECK_ERROR(parse(broken), "FILE");
  CHECK_ERROR(parse("[]"), "no JSON object");
  CHECK_ERROR(parse(R"({"a.png": "round"})"), "FILE, row \"a.png\"");
  CHECK_ERROR(parse(R"({"a.png": {"shape": 3}})"), "\"shape\" is no text: FILE, row \"a.png\"");
  CHECK_ERROR(parse(R"({"a.png": {"color": ""}})"), "\"color\" is empty: FILE, row \"a.png\"");
  CHECK_ERROR(parse(R"({"": {"model": 7}, "a.png": {}})"), "\"model\" is no text: FILE, row \"\"");
  CHECK_ERROR(parse(R"({"a": {}, "a": {}})"), "occurs twice");
  CHECK_ERROR(read_attributes(folder / "none.json"), "none.json");

  auto const write = [&](AttributeFile const& file) {
    write_attributes(folder / "out.json", file);
  };
  CHECK_ERROR(write({.rows = {{"", {.shape = "round"}}}}), "a mask has no name");
  CHECK_ERROR(write({.rows = {{"a.png", {.shape = ""}}}}), "\"shape\" is empty");
  CHECK_ERROR(write({.rows = {{"a.png", {.shape = "\xff"}}}}), "row \"a.png\"");
  CHECK_ERROR(write({.answerer = "\xff"}), "not UTF-8");
  CHECK(!std::filesystem::exists(folder / "out.json"));
  CHECK_ERROR(write_attributes(folder / "no" / "out.json", {}), "out.json");
}

TEST_CASE("a model's hash tells its weights") {
  at::manual_seed(1);
  TinyBlip first, second;
  std::string const hash = io::model_hash(first);
  CHECK(hash.size() == 16);
  CHECK(io::model_hash(first) == hash);
  CHECK(io::model_hash(second) != hash);
  at::NoGradGuard const no_grad;
  for (auto const& item : first.named_parameters())
    second.named_parameters()[item.key()].copy_(item.value());
  CHECK(io::model_hash(second) == hash);
  second.parameters()[0].view(-1)[0] += 1;
  CHECK(io::model_hash(second) != hash);
}
