// SPDX-License-Identifier: MIT
#include "support/pictures.hpp"
#include "tool/serving.hpp"
#include "vlsm/base/base64.hpp"
#include "vlsm/data/synthetic_dataset.hpp"
#include "vlsm/image/read.hpp"

// `vlsm serve` with a data set to look through, and one that grows by what is corrected.
using namespace vlsm::test;

namespace {

std::vector<std::string> const small{"--model", "clipseg-tiny", "--weights", "random"};

}  // namespace

TEST_CASE("a data set is looked through") {
  TempDir const set;
  for (char const* name : {"images", "masks", "anns"})
    std::filesystem::create_directory(set / name);
  write_file(set / "images/a.png", small_png());
  write_file(set / "images/b.png", plain_png(300, 200, '\x40'));
  std::string rows;
  for (int y = 0; y < 12; ++y)
    rows += std::string(1, '\0') + std::string(8, '\xff') + std::string(8, '\0');
  write_file(set / "masks/a.png", png(16, 12, 8, gray, rows));
  write_file(set / "masks/b.png", plain_png(300, 200, '\0'));
  write_file(
      set / "anns/test.json",
      R"([{"img_name": "a.png", "mask_name": "a.png", "prompts": {"p0": "", "p1": "<lesion>", "p7": ["one", "two"]}},
                 {"img_name": "b.png", "mask_name": "b.png", "prompts": {"p0": ""}}])");
  Serving const server(with(small, {"--data", set.path().string()}));
  CHECK(server.get("/v1/model").json().at("data") == set.path().filename().string());
  CHECK(server.get("/v1/data").json().at("splits") ==
        nlohmann::json::parse(R"([{"name": "test", "rows": 2}])"));
  auto const listed = server.get("/v1/data/test?from=0&count=1").json();
  CHECK(
      listed.at("rows") ==
      nlohmann::json::parse(
          R"([{"row": 0, "image": "a.png", "prompts": {"p0": "", "p1": "<lesion>", "p7": "one"}}])"));
  CHECK(server.get("/v1/data/test").json().at("rows").size() == 2);
  CHECK(server.get("/v1/data/test?from=9").json().at("rows").empty());
  CHECK(server.get("/v1/data/test?count=1001").status == 400);
  CHECK(server.get("/v1/data/train").status == 404);
  CHECK(server.get("/v1/data/%2e%2e").status == 404);
  Reply const taken = server.raw(server.head("POST", "/v1/data/test/0") + "\r\n");
  REQUIRE(taken.status == 200);
  CHECK(taken.json().at("truth") == true);
  CHECK(taken.json().at("image") == "a.png");
  CHECK(taken.json().at("picture") == server.picture(small_png()));  // the same content
  for (char const* row : {"2", "-1", "x", "0x0", "99999999999999999999"})
    CHECK(server.raw(server.head("POST", "/v1/data/test/" + std::string(row)) + "\r\n").status ==
          404);
  CHECK(server.get("/v1/data/test/1/picture").headers.at("content-type") == "image/png");
  Reply const truth = server.get("/v1/data/test/0/truth?width=4&height=2");
  CHECK(truth.status == 200);
  Serving const none(small);
  for (char const* path :
       {"/v1/data", "/v1/data/test", "/v1/data/test/0/picture", "/v1/data/test/0/truth"})
    CHECK(none.get(path).status == 404);
}

TEST_CASE("a file beside the annotations that is none is left out") {
  TempDir const folder;
  vlsm::write_synthetic(folder.path(), {.side = 32}, {.train = 1, .val = 1, .test = 1}, 1);
  write_file(folder / "anns/notes.json", "{}");
  Serving const server(with(small, {"--data", folder.path().string()}));
  REQUIRE(server.port() > 0);
  std::string const splits = server.get("/v1/data").json().dump();
  CHECK(splits.find("train") != std::string::npos);
  CHECK(splits.find("notes") == std::string::npos);
  for (auto const& entry : std::filesystem::directory_iterator(folder / "anns"))
    write_file(entry.path(), "{}");
  check_failed(run_tool("serve --model clipseg-tiny --weights random --port 0 --data " +
                        as_word(folder.path())),
               1, "there are no annotations (");
}

TEST_CASE("corrected masks become rows of a data set that opens") {
  Serving const server(small);
  std::string const id = server.picture(small_png());
  auto const save = [&](nlohmann::json const& body) {
    return server.post("/v1/annotations", body);
  };
  nlohmann::json const good{{"picture", id},
                            {"prompt", "one \"large\" polyp\xe2\x80\xa6"},
                            {"mask", vlsm::to_base64(plain_png(16, 12, '\xff'))}};
  Reply const first = save(good);
  INFO(first.body);
  REQUIRE(first.status == 201);
  CHECK(first.json().at("rows") == 1);
  nlohmann::json smaller = good;
  smaller["mask"] = vlsm::to_base64(plain_png(8, 6, '\xff'));
  Reply const second = save(smaller);
  REQUIRE(second.status == 201);
  CHECK(second.json().at("rows") == 2);
  CHECK(second.json().at("image") == first.json().at("image"));
  for (auto const& [name, value, status] :
       std::vector<std::tuple<std::string, nlohmann::json, int>>{
           {"mask", "no base64!", 400},
           {"mask", vlsm::to_base64("no png"), 422},
           {"mask", 5, 400},
           {"mask", vlsm::to_base64(plain_png(17, 12, '\xff')), 400},
           {"mask", vlsm::to_base64(plain_png(5, 12, '\xff')), 400},
           {"mask", vlsm::to_base64(plain_png(16, 12, '\x01')), 400},
           {"mask", vlsm::to_base64(small_png()), 400},
           {"mask", vlsm::to_base64(png(2, 1, 8, gray_alpha, std::string("\0\0\xff\0\0", 5))), 400},
           {"prompt", std::string(5000, 'x'), 400},
           {"picture", "../../x", 404},
           {"prompt", nullptr, 400},
           {"file", "../x", 400}}) {
    nlohmann::json bad = good;
    bad[name] = value;
    CHECK(save(bad).status == status);
  }
  std::filesystem::path const kept = server.folder() / "vlsm-annotations";
  CHECK(files_in(kept).size() == 4);  // a picture, two masks, a file of rows
  CHECK(read_file(kept / first.json().at("image").get<std::string>()) == small_png());
  std::filesystem::path const file = kept / first.json().at("file").get<std::string>();
  std::filesystem::rename(file, kept / "anns/test.json");
  Outcome const run =
      run_tool("evaluate --model clipseg-tiny --weights random --threads 1 --prompt p1 --data " +
               as_word(kept));
  check_done(run);
}

TEST_CASE("where nothing can be saved a line says so, and not where the server keeps things") {
  TempDir const folder;
  write_file(folder / "kept", "a file where a folder should be");
  Serving const server(with(small, {"--save", (folder / "kept").string()}));
  Reply const reply = server.post("/v1/annotations",
                                  nlohmann::json{{"picture", server.picture(small_png())},
                                                 {"prompt", "x"},
                                                 {"mask", vlsm::to_base64(plain_png(16, 12, 0))}});
  CHECK(reply.status == 500);
  CHECK_MESSAGE(reply.body.find(folder.path().string()) == std::string::npos, reply.body);
}

TEST_CASE("a row with a broken mask opens without it, and the others keep theirs") {
  TempDir const set;
  for (char const* name : {"images", "masks", "anns"})
    std::filesystem::create_directory(set / name);
  write_file(set / "images/a.png", small_png());
  std::string half;
  for (int y = 0; y < 12; ++y)
    half += std::string(1, '\0') + std::string(8, '\0') + std::string(8, '\xff');
  write_file(set / "masks/good.png", png(16, 12, 8, gray, half));
  write_file(set / "masks/short.png", plain_png(15, 12, '\xff'));
  write_file(set / "masks/broken.png", "no picture");
  std::string rows;
  for (char const* mask : {"good.png", "short.png", "none.png", "broken.png"})
    rows += std::string(rows.empty() ? "" : ",") + R"({"img_name": "a.png", "mask_name": ")" +
            mask + R"(", "prompts": {"p0": ""}})";
  write_file(set / "anns/test.json", "[" + rows + "]");
  // Classes 10 and 20, and nobody says which is meant.
  std::string classes;
  for (int y = 0; y < 12; ++y)
    classes += std::string(1, '\0') + std::string(8, '\x0a') + std::string(8, '\x14');
  write_file(set / "masks/classes.png", png(16, 12, 8, gray, classes));
  write_file(set / "anns/several.json",
             R"([{"img_name": "a.png", "mask_name": "classes.png", "prompts": {"p0": ""}}])");
  Serving const server(with(small, {"--data", set.path().string()}));
  auto const take = [&](std::string const& row) {
    Reply const reply = server.raw(server.head("POST", "/v1/data/" + row) + "\r\n");
    INFO(row, " ", reply.body);
    CHECK(reply.status == 200);
    return reply.json();
  };
  auto const good = take("test/0");
  CHECK(good.at("truth") == true);
  CHECK(good.at("notices").dump().find("ground truth") == std::string::npos);
  vlsm::Mask const truth = vlsm::parse_mask(server.get("/v1/data/test/0/truth").body, "answer");
  CHECK(truth(0, 0) == 0);
  CHECK(truth(11, 15) == 255);
  for (auto const& [row, words] :
       std::vector<std::pair<std::string, std::string>>{{"test/1", "another size"},
                                                        {"test/2", "none.png"},
                                                        {"test/3", "broken.png"},
                                                        {"several/0", "--mask-value"}}) {
    auto const taken = take(row);
    CHECK(taken.at("truth") == false);
    CHECK(taken.at("picture") == good.at("picture"));
    std::string const notices = taken.at("notices").dump();
    CHECK_MESSAGE(notices.find(words) != std::string::npos, notices);
    CHECK_MESSAGE(notices.find(set.path().string()) == std::string::npos, notices);
    Reply const refused = server.get("/v1/data/" + row + "/truth");
    CHECK(refused.status == 422);
    CHECK_MESSAGE(refused.body.find(words) != std::string::npos, refused.body);
    CHECK_MESSAGE(refused.body.find(set.path().string()) == std::string::npos, refused.body);
  }
  // A choice that takes nothing is no ground truth to score against.
  Serving const other(with(small, {"--data", set.path().string(), "--mask-value", "99"}));
  auto const taken = other.raw(other.head("POST", "/v1/data/test/0") + "\r\n").json();
  CHECK(taken.at("truth") == false);
  CHECK(taken.at("notices").dump().find("the object is nothing of ") != std::string::npos);
  CHECK(other.get("/v1/data/test/0/truth").status == 422);
}
