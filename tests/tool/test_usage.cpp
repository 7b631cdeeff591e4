// SPDX-License-Identifier: MIT
#include "support/pictures.hpp"
#include "tool/run_tool.hpp"

using namespace vlsm::test;

TEST_CASE("wrong usage is told in one line with status 2") {
  for (auto const& [arguments, words] : std::vector<std::pair<std::string, std::string>>{
           {"", "subcommand"},
           {"nonsense", "nonsense"},
           {"nonsense --help", "nonsense"},
           {"models --nonsense", "--nonsense"},
           {"models extra", "extra"},
           {"segment", "required"},
           {"segment --model clipseg-tiny --weights random --image a.png", "--prompt is required"},
           {"segment --model clipseg-tiny --image a.png --prompt b", "--weights is required"},
           {"segment --model clipseg-tiny --weights random --image '' --prompt b", "--image"},
           {"segment --model nonsense --weights random --image a.png --prompt b", "clipseg-tiny"},
           {"segment --model clipseg --tokenizer nonsense --weights random --image a.png --prompt "
            "b",
            "clip-ftfy"},
           {"segment --model clipseg-tiny --weights random --image --prompt b", "--prompt"},
           {"segment --model clipseg-tiny --weights random --image a.png --prompt --out y",
            "--prompt: its value is missing before --out"},
           {"finetune --model clipseg-tiny --data x --out --resume",
            "--out: its value is missing before --resume"},
           {"data prepare --dataset --json a b", "--dataset: its value is missing before --json"},
           {"evaluate --model clipseg-tiny --weights random", "--data is required"},
           {"finetune --model clipseg-tiny --data x", "--out is required"},
           {"tokenize", "--vocab is required"},
           {"segment --model clipseg-tiny --weights random --images a.png --prompt b", "--images"},
           {"data prepare --dataset folder --mask-sufix=_m a", "--mask-sufix"},
           {"tokenize --tokenizer nonsense --vocab x", "openclip"},
           {"tokenize --vocab x --length 1", "--length"}})
    check_failed(run_tool(arguments), 2, words);
}

TEST_CASE("option values out of range are told in one line with status 2") {
  for (std::string value : {"-0.1", "1.5", "nan", "0.5x"})
    check_failed(
        run_tool(
            "segment --model clipseg-tiny --weights random --image a.png --prompt b --threshold=" +
            value),
        2, "--threshold");
  for (std::string option :
       {"--epochs 0", "--epochs 1.5", "--epochs 99999999999999999999", "--batch -1", "--lr nan",
        "--lr 1e999", "--clip nan", "--weight-decay -1", "--loss other", "--train other",
        "--seed -1", "--seed 18446744073709551616", "--seed 1e3", "--prompt ''", "--threads many",
        "--device tpu", "--precision fp64"})
    check_failed(run_tool("finetune --model clipseg-tiny --data x --out y " + option), 2,
                 option.substr(0, option.find(' ')));
}

TEST_CASE("a message stays one line whatever the arguments hold") {
  check_failed(run_tool("$(printf 'models --a\\nb')"), 2, "--a");
  check_failed(run_tool("models \"$(printf 'two\\nlines\\033[2J')\""), 2, "two lines [2J");
  check_failed(run_tool("segment --model clipseg-tiny --weights \"$(printf 'two\\nlines')\" "
                        "--image a.png --prompt b"),
               1, "two lines");
  check_failed(run_tool("segment --model clipseg-tiny --weights random --image " +
                        std::string(5000, 'x') + " --prompt b"),
               1, "xxxx");
  check_failed(run_tool("segment --model clipseg-tiny --weights " + std::string(5000, 'x') +
                        " --image a --prompt b"),
               1, "xxxx");
  check_failed(run_tool("segment --model clipseg --weights " + std::string(5000, 'x') +
                        " --image a --prompt b"),
               1, "xxxx");
  check_failed(
      run_tool("evaluate --model clipseg-tiny --weights random --data " + std::string(5000, 'x')),
      1, "xxxx");
}

TEST_CASE("the models are listed as JSON lines and as a table") {
  Outcome const json = run_tool("models --json");
  check_done(json);
  auto const lines = json_lines(json.out);
  REQUIRE(lines.size() >= 4);
  for (auto const& line : lines) {
    for (char const* slot : {"vision", "text", "fusion", "decoder", "head"})
      CHECK(!line.at("slots").at(slot).get<std::string>().empty());
    CHECK(line.at("parameters").get<long long>() > 0);
    CHECK(line.at("image").get<int>() > 0);
    CHECK(line.at("gflop").get<double>() > 0);
  }
  CHECK(lines[0].at("model") == "clipseg");
  Outcome const table = run_tool("models");
  check_done(table);
  for (auto const& line : lines)
    CHECK(table.out.find(line.at("model").get<std::string>()) != std::string::npos);
}

TEST_CASE("each model has a figure that names its blocks, and an arrow wherever text is read") {
  TempDir const folder;
  check_done(run_tool("models --json --svg " + as_word(folder / "figures")));
  auto const lines = json_lines(run_tool("models --json").out);
  CHECK(files_in(folder / "figures").size() == lines.size());
  auto const arrows = [](std::string const& svg) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = svg.find("class=\"arrow\"", at)) != std::string::npos; ++at)
      ++count;
    return count;
  };
  for (auto const& line : lines) {
    std::string const name = line.at("model"),
                      svg = read_file(folder / "figures" / (name + ".svg"));
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.ends_with("</svg>\n"));
    for (auto const& [slot, block] : line.at("slots").items())
      if (block != "NoText") CHECK(svg.find(">" + block.get<std::string>() + "<") != svg.npos);
    // vision, fusion, decoder and head hand on; CRIS's fusion, decoder and head all hear the text
    CHECK(arrows(svg) == 4 + (name.starts_with("cris")                              ? 3
                              : name.starts_with("clip") || name.starts_with("bio") ? 1
                                                                                    : 0));
  }
}

TEST_CASE("help and version go to standard output with status 0") {
  for (std::string arguments : {"--help", "--version", "segment --help", "finetune --help"}) {
    Outcome const run = run_tool(arguments);
    check_done(run);
    CHECK(!run.out.empty());
    CHECK(run.err.empty());
  }
}

TEST_CASE("results that cannot be printed are no success") {
  for (std::string arguments : {"models", "models --json", "--help"}) {
    check_failed(run_tool(arguments, "", ">/dev/full"), 1, "standard output");
    check_failed(run_tool(arguments, "", ">&-"), 1, "standard output");
  }
}

TEST_CASE("closed standard streams do not end up in the files that are written") {
  TempDir const folder;
  write_file(folder / "a.png", small_png());
  std::string const line = "segment --model clipseg-tiny --weights random --image " +
                           as_word(folder / "a.png") + " --prompt b --out " +
                           as_word(folder / "out");
  REQUIRE(run_tool(line + " --logits " + as_word(folder / "a.safetensors")).status == 0);
  std::string const mask = read_file(folder / "out/a_b.png"),
                    logits = read_file(folder / "a.safetensors");
  for (std::string closed : {">&-", ">&- 2>&-", "<&- >&- 2>&-"}) {
    CHECK(run_tool(line + " --logits " + as_word(folder / "a.safetensors"), "", closed).status ==
          1);
    CHECK(read_file(folder / "out/a_b.png") == mask);
    CHECK(read_file(folder / "a.safetensors") == logits);
  }
  CHECK(run_tool(line, "", "<&- 2>&-").status == 0);
}

TEST_CASE("a device that is not there is told") {
  Outcome const run = run_tool(
      "segment --model clipseg-tiny --weights random --image a.png --prompt b --device cuda");
  if (run.err.find("CUDA") == std::string::npos) VLSM_SKIP("this machine has a CUDA device");
  check_failed(run, 1, "--device cuda");
}
