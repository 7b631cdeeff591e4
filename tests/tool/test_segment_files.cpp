// SPDX-License-Identifier: MIT
#include <sys/stat.h>

#include "support/pictures.hpp"
#include "tool/run_tool.hpp"

// Which files `vlsm segment` reads, which it writes, and what it leaves alone.
using namespace vlsm::test;

namespace {

std::string const model = "segment --model clipseg-tiny --weights random --threads 1 ";

/// A folder with the picture a.png.
struct Folder : TempDir {
  Folder() { write_file(*this / "a.png", small_png()); }
  /// `vlsm segment` of these pictures, with masks among them.
  Outcome run(std::string const& images, std::string const& more = "--prompt b") const {
    return run_tool(model + "--image " + images + " --out " + as_word(path()) + " " + more);
  }
  std::vector<std::string> names() const { return files_in(path()); }
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("a mask replaces masks of an earlier run and no other file") {
  Folder const folder;
  std::string const other = plain_png(16, 12, '\xff');  // a mask drawn by hand, say
  write_file(folder / "a_b.png", other);
  write_file(folder / "a_b-2_overlay.png", "no picture");
  for (std::string const seed : {"--seed 1", "--seed 2"}) {  // the second replaces the first's
    check_done(folder.run(as_word(folder / "a.png"), "--prompt b --overlay " + seed));
    CHECK(folder.names() ==
          Names{"a.png", "a_b-2_overlay.png", "a_b-3.png", "a_b-3_overlay.png", "a_b.png"});
    CHECK(read_file(folder / "a_b.png") == other);
    CHECK(read_file(folder / "a_b-2_overlay.png") == "no picture");
  }
  std::string const overlay = read_file(folder / "a_b-3_overlay.png");
  check_done(folder.run(as_word(folder / "a.png"), "--prompt b --overlay --seed 1"));
  CHECK(read_file(folder / "a_b-3_overlay.png") != overlay);
  // The working folder is the default.
  check_done(run_tool("segment --model clipseg-tiny --weights random --image a.png --prompt b",
                      "cd " + as_word(folder.path()) + "; "));
  CHECK(read_file(folder / "a_b.png") == other);
  CHECK(folder.names().size() == 5);
}

TEST_CASE("hidden files of a folder, and folders, are no pictures of it") {
  Folder const folder;
  std::filesystem::create_directory(folder / "in");
  write_file(folder / "in/b.png", small_png());
  write_file(folder / "in/._b.png", "what macOS keeps");
  write_file(folder / "in/.c.jpg", small_png());
  std::filesystem::create_directory(folder / "in/sub.png");
  std::filesystem::create_symlink("b.png", folder / "in/link.png");
  REQUIRE(::mkfifo((folder / "in/pipe.png").c_str(), 0600) == 0);
  Outcome const run = folder.run(as_word(folder / "in"), "--prompt x --json");
  check_done(run);
  CHECK(json_lines(run.out).size() == 2);  // b.png, link.png
  check_done(folder.run(as_word(folder / "in/[bs]*.png")));
  // A picture that is elsewhere, as git-annex keeps it, is not passed over.
  std::filesystem::create_symlink("nowhere", folder / "in/lost.png");
  check_failed(folder.run(as_word(folder / "in")), 1, "a symlink leads to nothing");
  check_failed(folder.run(as_word(folder / "in/*.png")), 1, "lost.png");
  std::filesystem::remove(folder / "in/lost.png");
  write_file(folder / "in/scan.bmp", "BM");
  Outcome const told = folder.run(as_word(folder / "in"));
  CHECK(told.status == 0);
  CHECK(told.err.find("1 of its files, first scan.bmp") != std::string::npos);
  // Named, a hidden file is meant.
  check_done(folder.run(as_word(folder / "in/.c.jpg")));
  std::filesystem::remove(folder / "in/b.png");
  std::filesystem::remove(folder / "in/link.png");
  check_failed(folder.run(as_word(folder / "in")), 1, "the folder holds no pictures");
  check_failed(folder.run(as_word(folder / "in/s*.png")), 1, "no file matches");
}

TEST_CASE("a folder that may not be read is an error, not one without pictures") {
  if (::geteuid() == 0) {
    MESSAGE("skipped: root may read everything");
    return;
  }
  Folder const folder;
  std::filesystem::create_directories(folder / "in/closed");
  write_file(folder / "in/closed/b.png", small_png());
  std::filesystem::permissions(folder / "in/closed", std::filesystem::perms::none);
  for (char const* images : {"in/closed", "in/*/*.png"})
    check_failed(folder.run(as_word(folder / images)), 1, "cannot be read");
  std::filesystem::permissions(folder / "in/closed", std::filesystem::perms::owner_all);
}

TEST_CASE("names of pictures and prompts are as long as a file's may be") {
  Folder const folder;
  std::string const name = std::string(238, 'n') + "\xc3\xa4.png";
  std::filesystem::rename(folder / "a.png", folder / name);
  std::filesystem::create_directory(folder / "masks");
  check_done(run_tool(model + "--overlay --image " + as_word(folder / name) + " --out " +
                      as_word(folder / "masks") + " --prompt " + std::string(60, 'p') + " q"));
  CHECK(files_in(folder / "masks").size() == 4);
}

TEST_CASE("every prompt is a prompt, whatever it looks like") {
  Folder const folder;
  Outcome const run = folder.run(as_word(folder / "a.png"), "--json --prompt a ++ '[b]'");
  check_done(run);
  auto const lines = json_lines(run.out);
  REQUIRE(lines.size() == 3);
  CHECK(lines[1]["prompt"] == "++");
  CHECK(json_lines(folder.run(as_word(folder / "a.png"), "--json --prompt=").out).size() == 1);
}

TEST_CASE("masks of an earlier run in a folder are no pictures of it") {
  Folder const folder;
  for (int run = 0; run < 2; ++run) {
    Outcome const done = folder.run(as_word(folder.path()), "--prompt b --overlay --json");
    check_done(done);
    CHECK(json_lines(done.out).size() == 1);
    CHECK(folder.names() == Names{"a.png", "a_b.png", "a_b_overlay.png"});
  }
  for (int run = 0; run < 2; ++run) {
    Outcome const done = folder.run(as_word(folder / "*.png"), "--prompt b --overlay --json");
    check_done(done);
    CHECK(json_lines(done.out).size() == 1);
    CHECK(folder.names() == Names{"a.png", "a_b.png", "a_b_overlay.png"});
  }
  check_failed(folder.run(as_word(folder / "a_*.png")), 1, "no file matches");
  // Named, they are meant.
  Outcome const named = folder.run(as_word(folder / "a_b.png"), "--prompt b --json");
  CHECK(json_lines(named.out).size() == 1);
}

TEST_CASE("logits take the place of nothing that is read, nor that of a mask") {
  Folder const folder;
  std::string const picture = read_file(folder / "a.png");
  check_failed(
      folder.run(as_word(folder / "a.png"), "--prompt b --logits " + as_word(folder / "a.png")), 1,
      "is read, and would be lost");
  CHECK(read_file(folder / "a.png") == picture);
  check_done(folder.run(as_word(folder / "a.png"),
                        "--prompt b --logits " + as_word(folder / "logits.safetensors")));
  std::filesystem::remove(folder / "a_b.png");
  check_done(folder.run(as_word(folder / "a.png"),
                        "--prompt b --overlay --logits " + as_word(folder / "a_b_overlay.png")));
  CHECK(read_file(folder / "a_b_overlay.png").find("\"logits\"") != std::string::npos);
  CHECK(folder.names() ==
        Names{"a.png", "a_b-2.png", "a_b-2_overlay.png", "a_b_overlay.png", "logits.safetensors"});
}

TEST_CASE("a line stays one line whatever the files are called") {
  Folder const folder;
  std::string const name = "two\nlines\033[2J.png";
  write_file(folder / name, small_png());
  std::filesystem::create_directory(folder / "out\n");
  Outcome const run = run_tool(model + "--image " + as_word(folder / name) +
                               " --prompt 'a\nb' --out " + as_word(folder / "out\n"));
  check_done(run);
  CHECK(std::ranges::count(run.out, '\n') == 1);
  CHECK(run.out.find('\033') == std::string::npos);
  CHECK(run.out.find("two lines [2J.png") != std::string::npos);
  // What is told on the way, too.
  write_file(folder / "long\nish.png", plain_png(300, 20, 'x'));
  Outcome const told = folder.run(as_word(folder / "long\nish.png"));
  check_done(told);
  CHECK(std::ranges::count(told.err, '\n') == 1);
  CHECK(told.err.find("long ish.png: more than twice as long as wide") != std::string::npos);
}

TEST_CASE("a model that reads no prompt draws one mask a picture") {
  Folder const folder;
  Outcome const run = run_tool(
      "segment --model unet-small --weights random --threads 1 --json --image " +
      as_word(folder / "a.png") + " --prompt a b --vocab none --out " + as_word(folder / "out"));
  check_done(run);
  CHECK(json_lines(run.out).size() == 1);
  CHECK(files_in(folder / "out") == Names{"a_a.png"});
  CHECK(run.err.find("unet-small reads no prompt: one mask a picture") != std::string::npos);
  CHECK(run.err.find("--vocab none changes nothing") != std::string::npos);
}

TEST_CASE("a device or a pipe is no place for logits, and stays") {
  Folder const folder;
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  for (std::string const& path : {(folder / "pipe").string(), std::string("/dev/null")})
    check_failed(folder.run(as_word(folder / "a.png"), "--prompt b --logits " + as_word(path)), 1,
                 "this is no regular file: " + path);
  CHECK(std::filesystem::is_fifo(folder / "pipe"));
  CHECK(std::filesystem::is_character_file("/dev/null"));
  CHECK(folder.names() == Names{"a.png", "pipe"});
}

TEST_CASE("options that would have no effect are refused") {
  Folder const folder;
  std::string const image = as_word(folder / "a.png");
  check_failed(folder.run(image, "--prompt b --weights-key nope --strict"), 1,
               "--weights-key nope");
  check_failed(folder.run(image, "--prompt b --decoder-weights " + as_word(folder / "none")), 1,
               "no such file");
  check_failed(folder.run(image, "--prompt b --tokenizer bert"), 1,
               "leave --tokenizer and --vocab");
  check_failed(folder.run(image, "--prompt b --vocab /nope"), 1, "leave --tokenizer and --vocab");
  check_failed(run_tool("convert --model clipseg-tiny --weights random --out " +
                        as_word(folder / "out.safetensors")),
               1, "there is nothing to convert");
  CHECK(folder.names() == Names{"a.png"});
}
