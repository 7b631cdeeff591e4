// SPDX-License-Identifier: MIT
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "support/pictures.hpp"
#include "tool/run_tool.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/io/safetensors/safetensors.hpp"
#include "vlsm/models/small.hpp"
#include "vlsm/segmenter/prepare.hpp"
#include "vlsm/segmenter/registry.hpp"
#include "vlsm/train/batch.hpp"
#include "vlsm/weights/model_tokenizer.hpp"
#include "vlsm/weights/open_model.hpp"
#include "vlsm/weights/save.hpp"
#include "vlsm/weights/tensor.hpp"

using namespace vlsm::test;

VLSM_REGISTER_MODEL("clipseg-tiny", vlsm::ClipSegTiny);

namespace {

std::string const model = "segment --model clipseg-tiny --weights random --threads 1 ";

// The folder holds two pictures of different sizes.
struct Pictures : TempDir {
  Pictures() {
    write_file(*this / "a.png", small_png());
    write_file(*this / "b.png", plain_png(5, 70, 100));
  }
  std::string both() const {
    return "--image " + as_word(*this / "a.png") + " " + as_word(*this / "b.png") + " ";
  }
  std::string one() const { return "--image " + as_word(*this / "a.png") + " "; }
  std::string out() const { return "--out " + as_word(*this / "out") + " "; }
};

}  // namespace

TEST_CASE("logits that are no numbers are an error, not a mask without an object") {
  Pictures const folder;
  auto const broken = vlsm::io::open_model(vlsm::find_model("clipseg-tiny"), {.weights = "random"});
  at::NoGradGuard const no_grad;
  for (auto const& parameter : broken->module().named_parameters())
    if (parameter.key().starts_with("fusion")) parameter.value().mul_(1e30);
  vlsm::io::save(broken->module(), folder / "huge.safetensors");
  for (char const* precision : {"fp32", "bf16"}) {
    check_failed(run_tool("segment --model clipseg-tiny --threads 1 --prompt polyp --weights " +
                          as_word(folder / "huge.safetensors") + " --precision " + precision + " " +
                          folder.one() + folder.out()),
                 1, "the logits are not finite numbers");
    CHECK(files_in(folder / "out").empty());
  }
}

TEST_CASE("segment writes masks and overlays of the pictures' sizes and a JSON line each") {
  Pictures const folder;
  Outcome const run =
      run_tool(model + folder.both() + folder.out() +
               "--prompt 'one large polyp' '' --overlay --json --threshold 0.49 --logits " +
               as_word(folder / "l.safetensors"));
  check_done(run);
  auto const lines = json_lines(run.out);
  REQUIRE(lines.size() == 4);
  CHECK(files_in(folder / "out") ==
        std::vector<std::string>{"a_one-large-polyp.png", "a_one-large-polyp_overlay.png",
                                 "a_prompt.png", "a_prompt_overlay.png", "b_one-large-polyp.png",
                                 "b_one-large-polyp_overlay.png", "b_prompt.png",
                                 "b_prompt_overlay.png"});
  auto const file = vlsm::io::read_safetensors(folder / "l.safetensors");
  REQUIRE(file.tensors.size() == 1);
  CHECK(file.tensors[0].name == "logits");
  at::Tensor const logits = vlsm::io::to_tensor(file.tensors[0].array);
  REQUIRE(logits.sizes() == at::IntArrayRef{4, 1, 64, 64});
  for (std::size_t i = 0; i < 4; ++i) {
    auto const& line = lines[i];
    CHECK(line.at("image") == (folder / (i < 2 ? "a.png" : "b.png")).string());
    CHECK(line.at("prompt") == (i % 2 ? "" : "one large polyp"));
    CHECK(line.at("ms").get<double>() > 0);
    vlsm::Mask const mask = vlsm::read_mask(line.at("mask").get<std::string>());
    std::size_t const height = i < 2 ? 12 : 70, width = i < 2 ? 16 : 5;
    REQUIRE(mask.shape(0) == height);
    REQUIRE(mask.shape(1) == width);
    at::Tensor const found = at::sigmoid(logits[static_cast<std::int64_t>(i)][0]) > 0.49f;
    vlsm::Mask const expected = vlsm::resize_nearest_exact(vlsm::to_mask(found), height, width);
    CHECK(std::equal(mask.begin(), mask.end(), expected.begin()));
    CHECK(line.at("area") == std::ranges::count(std::span(mask.data(), mask.size()), 255));
    CHECK(line.at("bbox").is_null() == (line.at("area") == 0));
    vlsm::Image const overlay = vlsm::read_image(
        std::filesystem::path(line.at("mask").get<std::string>()).replace_extension().string() +
        "_overlay.png");
    CHECK(overlay.shape(0) == height);
    CHECK(overlay.shape(1) == width);
  }
}

TEST_CASE("the box encloses the mask and an empty mask has none") {
  Pictures const folder;
  auto const all = json_lines(
      run_tool(model + folder.one() + folder.out() + "--prompt x --json --threshold 0").out);
  CHECK(all.at(0).at("bbox") == nlohmann::json{0, 0, 16, 12});
  CHECK(all.at(0).at("area") == 16 * 12);
  auto const none = json_lines(
      run_tool(model + folder.one() + folder.out() + "--prompt x --json --threshold 1").out);
  CHECK(none.at(0).at("bbox").is_null());
  CHECK(none.at(0).at("area") == 0);
}

TEST_CASE("the same seed gives the same masks") {
  Pictures const folder;
  std::string const logits = "--logits " + as_word(folder / "l.safetensors");
  check_done(run_tool(model + folder.one() + folder.out() + "--prompt x " + logits));
  std::string const first = read_file(folder / "l.safetensors");
  check_done(run_tool(model + folder.one() + folder.out() + "--prompt x " + logits));
  CHECK(read_file(folder / "l.safetensors") == first);
  check_done(run_tool(model + "--seed 4 " + folder.one() + folder.out() + "--prompt x " + logits));
  CHECK(read_file(folder / "l.safetensors") != first);
}

TEST_CASE("prompts that share a file name are kept apart") {
  Pictures const folder;
  check_done(run_tool(model + "--image " + as_word(folder / "a.png") + " " +
                      as_word(folder / "a.png") + " " + folder.out() +
                      "--prompt 'a b' 'a-b' 'a b overlay' --overlay"));
  CHECK(files_in(folder / "out").size() == 12);
}

TEST_CASE("a mask never replaces a picture that is read") {
  TempDir const folder;
  write_file(folder / "a.png", small_png());
  write_file(folder / "a_b.png", plain_png(3, 3, 9));
  std::string const picture = read_file(folder / "a_b.png");
  for (std::string out : {as_word(folder.path()), as_word(folder.path().string() + "/.")}) {
    check_done(run_tool(model + "--image " + as_word(folder / "a.png") + " " +
                        as_word(folder / "a_b.png") + " --prompt b --out " + out));
    CHECK(read_file(folder / "a_b.png") == picture);
  }
  CHECK(run_tool("segment --model clipseg-tiny --weights random --image a.png a_b.png --prompt b",
                 "cd " + as_word(folder.path()) + "; ")
            .status == 0);
  CHECK(read_file(folder / "a_b.png") == picture);
}

TEST_CASE("prompts of any length and of any bytes work with byte tokens") {
  Pictures const folder;
  for (std::string prompt :
       {std::string(10'000, 'x'), std::string(), std::string("\xff\xfe broken \xc3"),
        std::string("Größe µm 大きい\t\"quoted\" \\"), std::string("../../up"),
        std::string("\n")}) {
    Outcome const run =
        run_tool(model + folder.one() + folder.out() + "--json --prompt " + as_word(prompt));
    check_done(run);
    auto const lines = json_lines(run.out);
    REQUIRE(lines.size() == 1);
    CHECK(std::filesystem::path(lines[0].at("mask").get<std::string>()).parent_path() ==
          folder / "out");
    CHECK(std::filesystem::exists(lines[0].at("mask").get<std::string>()));
  }
}

TEST_CASE("pictures that cannot be read are told by name") {
  Pictures const folder;
  std::filesystem::create_directory(folder / "folder.png");
  write_file(folder / "text.png", "this is no picture\n");
  write_file(folder / "empty.png", "");
  write_file(folder / "cut.png", small_png().substr(0, 200));
  write_file(folder / "none.png", png(0, 12, 8, gray, ""));
  write_file(folder / "huge.png", png(100'000, 100'000, 8, rgb, ""));
  std::filesystem::create_symlink("loop.png", folder / "loop.png");
  for (auto const& [name, words] :
       std::vector<std::pair<std::string, std::string>>{{"missing.png", "cannot be read"},
                                                        {"folder.png", "holds no pictures"},
                                                        {"loop.png", "cannot be read"},
                                                        {"text.png", "no PNG or JPEG"},
                                                        {"empty.png", "is empty"},
                                                        {"cut.png", "cut off"},
                                                        {"none.png", "0 x 12"},
                                                        {"huge.png", "100000 x 100000"}}) {
    Outcome const run =
        run_tool(model + "--image " + as_word(folder / name) + " --prompt x " + folder.out());
    check_failed(run, 1, words);
    CHECK(run.err.find(name) != std::string::npos);
    CHECK(files_in(folder / "out").empty());
  }
}

TEST_CASE("an output that cannot be written leaves nothing half-written") {
  Pictures const folder;
  std::string const line = model + folder.one() + "--prompt x ";
  check_failed(run_tool(line + "--out " + as_word(folder / "a.png")), 1, "a.png");
  check_failed(run_tool(line + "--out " + as_word(folder / "a.png/below")), 1, "a.png");
  CHECK(read_file(folder / "a.png") == small_png());
  check_failed(
      run_tool(line + folder.out() + "--logits " + as_word(folder / "no/folder.safetensors")), 1,
      "no/folder.safetensors");
  check_failed(run_tool(line + folder.out() + "--logits " + as_word(folder / "out")), 1, "out");
  // The masks are below the limit of one block, the logits are not.
  check_done(run_tool(line + folder.out() + "--logits " + as_word(folder / "l.safetensors")));
  std::string const before = read_file(folder / "l.safetensors");
  check_failed(
      run_tool(line + "--seed 9 " + folder.out() + "--logits " + as_word(folder / "l.safetensors"),
               "ulimit -f 4; "),
      1, "l.safetensors");
  CHECK(read_file(folder / "l.safetensors") == before);
  for (std::string const& name : files_in(folder.path()))
    CHECK(name.find("partial") == std::string::npos);
}

TEST_CASE("a folder that has the name of a mask is told and stays") {
  Pictures const folder;
  std::filesystem::create_directories(folder / "out/a_x.png");
  check_failed(run_tool(model + folder.one() + folder.out() + "--prompt x"), 1, "a_x.png");
  CHECK(files_in(folder / "out").empty());
}

TEST_CASE("pictures that are segmented together get the bytes that they get in smaller groups") {
  TempDir const folder;
  std::filesystem::create_directory(folder / "in");
  std::vector<std::string> paths;
  for (int i = 0; i < 9; ++i) {
    paths.push_back(
        (folder / "in" / (std::string(1, static_cast<char>('a' + i)) + ".png")).string());
    write_file(paths.back(), i % 3 == 0 ? small_png()
                                        : plain_png(static_cast<std::uint32_t>(5 + 40 * i),
                                                    static_cast<std::uint32_t>(70 + 10 * i),
                                                    static_cast<char>(i * 25)));
  }
  std::string const line = model + "--prompt x y z --overlay --json --out ";
  Outcome const all =
      run_tool(line + as_word(folder / "all") + " --image " + as_word(folder / "in"));
  check_done(all);
  auto const lines = json_lines(all.out);
  REQUIRE(lines.size() == 27);
  for (std::size_t first = 0; first < 9; first += 3) {  // three: the weights are packed, too
    std::string images = " --image";
    for (std::size_t i = first; i < first + 3; ++i) images += " " + as_word(paths[i]);
    Outcome const some = run_tool(line + as_word(folder / "some") + images);
    check_done(some);
    auto const group = json_lines(some.out);
    REQUIRE(group.size() == 9);
    for (std::size_t i = 0; i < 9; ++i) {
      auto const& together = lines[3 * first + i];
      CHECK(together.at("image") == paths[first + i / 3]);
      for (char const* key : {"image", "prompt", "area", "bbox"})
        CHECK(together.at(key) == group[i].at(key));
    }
  }
  auto const files = files_in(folder / "all");
  CHECK(files.size() == 54);
  CHECK(files == files_in(folder / "some"));
  for (std::string const& file : files)
    CHECK(read_file(folder / "all" / file) == read_file(folder / "some" / file));
}

TEST_CASE("few pictures are computed by the weights as they are, more by packed ones") {
  Pictures const folder;
  for (bool const many : {false, true}) {
    std::string images = "--image";
    std::vector<std::string> const names = many
                                               ? std::vector<std::string>{"a.png", "b.png", "a.png"}
                                               : std::vector<std::string>{"b.png", "a.png"};
    for (std::string const& name : names) images += " " + as_word(folder / name);
    check_done(run_tool(model + "--seed 5 " + images + " --prompt 'one polyp' --logits " +
                        as_word(folder / "l.safetensors") + " " + folder.out()));
    at::Tensor const found =
        vlsm::io::to_tensor(vlsm::io::read_safetensors(folder / "l.safetensors").tensors[0].array);

    at::InferenceMode const inference;
    vlsm::RegisteredModel const& info = vlsm::find_model("clipseg-tiny");
    auto const expected = vlsm::io::open_model(info, {.weights = "random", .seed = 5});
    vlsm::TextFeatures const said = expected->encode_text(
        vlsm::tokenize({"one polyp"}, vlsm::io::open_encode(info, {}, {}), info.pad_to));
    if (many) vlsm::prepare(*expected);
    for (std::size_t i = 0; i < names.size(); ++i) {
      at::Tensor const pixels =
          vlsm::prepare_image(vlsm::read_image(folder / names[i]), info.recipe).unsqueeze(0);
      at::Tensor const logits = expected->segment(expected->encode_image(pixels), said);
      CHECK(found[static_cast<std::int64_t>(i)].equal(logits[0]));
    }
  }
}

TEST_CASE("the first picture that fails is told, and what comes before it is there") {
  TempDir const folder;
  for (char const* name : {"a.png", "b.png", "d.png", "e.png"})
    write_file(folder / name, small_png());
  write_file(folder / "c.png", small_png().substr(0, 200));
  std::string images = "--image ";
  for (char const* name : {"a.png", "b.png", "c.png", "missing.png", "d.png", "e.png"})
    images += as_word(folder / name) + " ";
  Outcome const run =
      run_tool(model + images + "--prompt x --json --out " + as_word(folder / "out"));
  check_failed(run, 1, "c.png");
  CHECK(json_lines(run.out).size() == 2);
  CHECK(files_in(folder / "out") == std::vector<std::string>{"a_x.png", "b_x.png"});

  // A mask that cannot be written comes before a later picture that cannot be read.
  std::filesystem::create_directories(folder / "full/b_x.png");
  Outcome const full =
      run_tool(model + images + "--prompt x --json --out " + as_word(folder / "full"));
  check_failed(full, 1, "b_x.png");
  CHECK(json_lines(full.out).size() == 1);
  CHECK(read_file(folder / "full/a_x.png") == read_file(folder / "out/a_x.png"));
  CHECK(std::filesystem::is_directory(folder / "full/b_x.png"));
  for (std::string const& name : files_in(folder.path()))
    CHECK(name.find("partial") == std::string::npos);
}

TEST_CASE("Ctrl-C ends after a mask, with all that was begun whole") {
  TempDir const folder;
  std::filesystem::create_directory(folder / "in");
  for (int i = 100; i < 400; ++i)
    write_file(folder / "in" / (std::to_string(i) + ".png"),
               plain_png(300, 200, static_cast<char>(i)));
  int stopped = 0;
  for (int const signal : {SIGINT, SIGTERM, SIGINT}) {
    auto const out = folder / ("out" + std::to_string(stopped));
    pid_t const child = start_tool({"segment", "--model", "clipseg-tiny", "--weights", "random",
                                    "--threads", "1", "--prompt", "x", "--overlay", "--image",
                                    (folder / "in").string(), "--out", out.string()});
    for (int wait = 0; wait < 4000 && !std::filesystem::exists(out / "101_x.png"); ++wait)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ::kill(child, signal);
    int status = 0;
    ::waitpid(child, &status, 0);
    REQUIRE(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 128 + signal);
    auto const files = files_in(out);
    CHECK(files.size() % 2 == 0);  // no mask without its overlay
    CHECK(files.size() >= 4);
    CHECK(files.size() < 600);
    for (std::string const& name : files) {
      CHECK(name.find("partial") == std::string::npos);
      CHECK(vlsm::read_image(out / name).shape(0) == 200);
    }
    ++stopped;
  }
}

TEST_CASE("segment evaluates: the same picture gives the same logits whatever came before") {
  Pictures const folder;
  // Batch norm and dropout would tell the difference.
  Outcome const run = run_tool("segment --model deeplabv3plus --weights random --threads 1 " +
                               folder.one() + as_word(folder / "a.png") + " " + folder.out() +
                               "--prompt a --logits " + as_word(folder / "l.safetensors"));
  check_done(run);
  at::Tensor const logits =
      vlsm::io::to_tensor(vlsm::io::read_safetensors(folder / "l.safetensors").tensors[0].array);
  REQUIRE(logits.sizes() == at::IntArrayRef{2, 1, 256, 256});
  CHECK(logits[0].equal(logits[1]));
}
