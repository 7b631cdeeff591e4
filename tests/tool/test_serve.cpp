// SPDX-License-Identifier: MIT
#include <cmath>
#include <set>

#include "support/pictures.hpp"
#include "tool/served_pictures.hpp"
#include "vlsm/image/read.hpp"

// `vlsm serve` as a browser and curl see it: what it answers.
using namespace vlsm::test;

namespace {

std::vector<std::string> const small{"--model", "clipseg-small", "--weights", "random"};

}  // namespace

TEST_CASE("the page, health and what is known of the model") {
  Serving const server(small);
  REQUIRE(server.port() > 0);
  CHECK(server.address() == "http://127.0.0.1:" + std::to_string(server.port()) + "/");
  Reply const page = server.get("/");
  CHECK(page.status == 200);
  CHECK(page.headers.at("content-type") == "text/html; charset=utf-8");
  CHECK(page.headers.at("cache-control") == "no-cache");
  CHECK(page.body.find("<html") != std::string::npos);
  Reply const health = server.get("/healthz");
  CHECK(health.json() == nlohmann::json{{"status", "ok"}});
  Reply const model = server.get("/v1/model");
  CHECK(model.headers.at("cache-control") == "no-store");
  auto const known = model.json();
  CHECK(known.at("model") == "clipseg-small");
  CHECK(known.at("weights") == nullptr);
  CHECK(known.at("height") == 128);
  CHECK(known.at("prompts") == true);
  CHECK(known.at("context") == 192);
  CHECK(known.at("precision") == "float32");
  CHECK(known.at("threshold") == 0.5);
  CHECK(known.at("data") == nullptr);
  for (Reply const* reply : {&page, &health, &model}) {
    CHECK(reply->headers.at("content-security-policy")
              .starts_with("default-src 'none'; script-src 'self'"));
    CHECK(reply->headers.at("x-content-type-options") == "nosniff");
    CHECK(reply->headers.at("referrer-policy") == "no-referrer");
    CHECK(reply->headers.at("cross-origin-opener-policy") == "same-origin");
    CHECK(reply->headers.at("cross-origin-resource-policy") == "same-origin");
    CHECK(reply->headers.at("connection") == "close");
  }
  Reply const head = server.raw(server.head("HEAD", "/") + "\r\n");
  CHECK(head.status == 200);
  CHECK(head.body.empty());
  CHECK(head.headers.at("accept-ranges") == "none");
  auto const words = server.get("/v1/words").json();
  std::set<std::string> names;
  for (auto const& attribute : words.at("attributes")) {
    names.insert(attribute.at("name").get<std::string>());
    for (auto const& value : attribute.at("values"))
      CHECK(attribute.at("opposites").contains(value.get<std::string>()));
  }
  for (char const* name : {"size", "number", "color", "shape", "position"})
    CHECK(names.contains(name));
  CHECK(words.at("families").size() == 6);
  for (auto const& family : words.at("families"))
    if (family.at("name") == "polyp")
      CHECK(family.at("templates").at("p6") ==
            "{number} {size} {color} {shape} polyp, located in {position} of the image");
}

TEST_CASE("the interface's file names the routes that there are") {
  Serving const server(small);
  auto const file = server.get("/v1/openapi.json").json();
  CHECK(file.at("openapi").get<std::string>().starts_with("3.1"));
  std::string const id = server.picture(small_png());
  std::size_t operations = 0;
  for (auto const& [path, item] : file.at("paths").items()) {
    std::string filled = path;
    for (std::size_t at; (at = filled.find('{')) != std::string::npos;)
      filled.replace(at, filled.find('}') - at + 1, "0");
    for (std::string const method : {"get", "post", "put", "delete"}) {
      std::string upper = method;
      for (char& c : upper) c = static_cast<char>(std::toupper(c));
      Reply const reply = server.raw(server.head(upper, filled, "Content-Length: 0\r\n") + "\r\n");
      INFO(upper, " ", filled, " ", reply.status);
      if (!item.contains(method)) {
        CHECK(reply.status == 405);
        CHECK(reply.headers.contains("allow"));
        continue;
      }
      ++operations;
      CHECK(reply.status != 405);
      if (reply.status == 404)
        CHECK(reply.body.find("there is nothing at this path") == std::string::npos);
      auto const& operation = item.at(method);
      CHECK(operation.contains("summary"));
      CHECK(operation.contains("operationId"));
      CHECK(operation.at("responses").size() >= 1);
    }
  }
  CHECK(operations == 14);
}

TEST_CASE("a mask is the one that segment writes, pixel for pixel") {
  std::string const bytes = picture_png(301, 203);
  std::vector<std::string> const prompts{"one large polyp", "polyp", ""};
  for (std::string const model : {"clipseg-small", "cris-small", "unet-small"}) {
    INFO(model);
    Serving const server({"--model", model, "--weights", "random"});
    std::string const id = server.picture(bytes);
    TempDir const folder;
    write_file(folder / "scan.png", bytes);
    bool const reads = model != "unet-small";
    std::string words = "segment --model " + model +
                        " --weights random --threads 1 --json --image " +
                        as_word(folder / "scan.png") + " --out " + as_word(folder / "out");
    if (reads)
      for (std::string const& prompt : prompts) words += " --prompt " + as_word(prompt);
    Outcome const run = run_tool(words);
    check_done(run);
    nlohmann::json request{{"picture", id}, {"format", "mask"}};
    if (reads) request["prompts"] = prompts;
    auto const answer = server.post("/v1/masks", request).json();
    CHECK(answer.at("width") == 301);
    CHECK(answer.at("height") == 203);
    auto const lines = json_lines(run.out);
    REQUIRE(answer.at("masks").size() == lines.size());
    for (std::size_t i = 0; i < lines.size(); ++i) {
      vlsm::Mask const theirs = vlsm::read_mask(lines[i].at("mask").get<std::string>());
      vlsm::Mask const ours = vlsm::parse_mask(data_of(answer, i), "answer");
      CHECK(ours == theirs);
    }
  }
}

TEST_CASE("probabilities in every form and size agree") {
  for (std::string const model : {"clipseg-small", "cris-small"}) {
    INFO(model);
    Serving const server({"--model", model, "--weights", "random"});
    std::string const id = server.picture(picture_png(90, 61));
    nlohmann::json request{{"picture", id}, {"prompts", {"a polyp"}}};
    auto const png = server.post("/v1/masks", request).json();
    vlsm::Mask const levels = vlsm::parse_mask(data_of(png), "answer");
    CHECK(levels.shape(0) == 61);
    CHECK(levels.shape(1) == 90);
    request["format"] = "float32";
    auto const values = floats_of(data_of(server.post("/v1/masks", request).json()));
    REQUIRE(values.size() == levels.size());
    request["format"] = "mask";
    request["threshold"] = 0.4;
    vlsm::Mask const mask =
        vlsm::parse_mask(data_of(server.post("/v1/masks", request).json()), "answer");
    for (std::size_t i = 0; i < values.size(); ++i) {
      REQUIRE(levels.data()[i] == std::lround(255 * std::clamp(values[i], 0.0f, 1.0f)));
      REQUIRE(mask.data()[i] == (values[i] > 0.4f ? 255 : 0));
    }
    request.erase("threshold");
    request["format"] = "float32";
    request["size"] = "model";
    auto const own = server.post("/v1/masks", request).json();
    CHECK(own.at("width") == 128);
    CHECK(floats_of(data_of(own)).size() == 128 * 128);
    request["size"] = {7, 301};
    auto const odd = server.post("/v1/masks", request).json();
    CHECK(odd.at("width") == 7);
    CHECK(odd.at("height") == 301);
    auto const odd_values = floats_of(data_of(odd));
    REQUIRE(odd_values.size() == 7 * 301);
    for (float const value : odd_values) REQUIRE(std::isfinite(value));
  }
}

TEST_CASE("a batch's answers are those of its prompts alone, and are the same again") {
  Serving const server({"--model", "cris-small", "--weights", "random"});  // it reads words
  CHECK(server.get("/v1/model").json().at("threshold") == 0.35);  // not 0.34999999403953552
  std::string const id = server.picture(picture_png(128, 128));
  std::vector<std::string> const prompts{"x", "a much longer sentence, of many words", "", "x"};
  nlohmann::json request{{"picture", id}, {"prompts", prompts}, {"format", "float32"}};
  auto const together = server.post("/v1/masks", request).json();
  CHECK(server.post("/v1/masks", request).json().at("masks") == together.at("masks"));
  CHECK(together.at("masks")[0].at("data") == together.at("masks")[3].at("data"));
  for (std::size_t p = 0; p < prompts.size(); ++p) {
    request["prompts"] = {prompts[p]};
    auto const alone = floats_of(data_of(server.post("/v1/masks", request).json()));
    auto const beside = floats_of(data_of(together, p));
    REQUIRE(alone.size() == beside.size());
    for (std::size_t i = 0; i < alone.size(); ++i) REQUIRE(std::abs(alone[i] - beside[i]) < 1e-5f);
    CHECK(together.at("masks")[p].at("prompt") == prompts[p]);
    CHECK(together.at("masks")[p].at("tokens") == prompts[p].size() + 2);  // a byte a token
  }
}

TEST_CASE("prompts of every kind") {
  Serving const server(small);
  std::string const id = server.picture(small_png());
  auto const say = [&](std::string const& prompt) {
    return server.post("/v1/masks", nlohmann::json{{"picture", id}, {"prompts", {prompt}}});
  };
  auto const first = [](Reply const& reply) { return reply.json().at("masks").at(0); };
  CHECK(first(say("")).at("tokens") == 2);
  CHECK(first(say(std::string(190, 'a'))).at("cut") == false);  // fills the 192 exactly
  CHECK(first(say(std::string(191, 'a'))).at("cut") == true);
  CHECK(first(say(std::string(190, 'a'))).at("cut") == false);  // as kept
  CHECK(first(say(std::string(4096, 'a'))).at("tokens") == 192);
  check_refused(say(std::string(4097, 'a')), 400, "longer than 4096 bytes");
  CHECK(first(say("<b>\"&\\ \xc3\xa9\xe2\x80\xa8\n")).at("prompt") ==
        "<b>\"&\\ \xc3\xa9\xe2\x80\xa8\n");
  CHECK(first(say(std::string("zero\0byte", 9))).at("tokens") == 11);
  check_refused(server.post("/v1/masks", "application/json",
                            R"({"picture":")" + id + "\",\"prompts\":[\"\xff\xfe\"]}"),
                400, "not valid JSON");
  check_refused(server.post("/v1/masks", "application/json",
                            R"({"picture":")" + id + R"(","prompts":["\ud800"]})"),
                400, "not valid JSON");
}

TEST_CASE("requests for masks that are none") {
  Serving const server(small);
  std::string const id = server.picture(small_png());
  auto const send = [&](nlohmann::json more) {
    nlohmann::json request{{"picture", id}, {"prompts", {"x"}}};
    request.update(more);
    return server.post("/v1/masks", request);
  };
  CHECK(send({{"size", "model"}}).status == 200);
  check_refused(server.post("/v1/masks", nlohmann::json::array()), 400, "no JSON object");
  check_refused(server.post("/v1/masks", "application/json", ""), 400, "not valid JSON");
  check_refused(server.post("/v1/masks", "application/json", "{"), 400, "not valid JSON");
  check_refused(server.post("/v1/masks", "application/json", std::string(10000, '[')), 400,
                "nested");
  check_refused(server.post("/v1/masks", "application/json", "{\"picture\":1,\"picture\":2}"), 400,
                "twice");
  check_refused(send({{"picture", "../../etc/passwd"}}), 404, "not known");
  check_refused(send({{"picture", std::string(32, '0')}}), 404, "post it again");
  check_refused(send({{"picture", 5}}), 400, "picture");
  check_refused(send({{"prompts", nlohmann::json::array()}}), 400, "no prompt");
  check_refused(send({{"prompts", "x"}}), 400, "prompts");
  check_refused(send({{"prompts", {"x", 5}}}), 400, "no text");
  check_refused(send({{"prompts", std::vector<std::string>(17, "x")}}), 400, "more than 16");
  CHECK(send({{"prompts", std::vector<std::string>(16, "x")}}).status == 200);
  check_refused(send({{"size", "large"}}), 400, "size");
  for (nlohmann::json const& side :
       {nlohmann::json(0), nlohmann::json(-1), nlohmann::json(1.5), nlohmann::json("7"),
        nlohmann::json(65501), nlohmann::json(1e300)})
    check_refused(send({{"size", {side, 10}}}), 400, "whole number");
  check_refused(send({{"size", {1, 2, 3}}}), 400, "size");
  check_refused(send({{"size", {20000, 20000}}}), 413, "pixels");
  check_refused(send({{"size", {3000, 3000}}, {"format", "float32"}}), 413, "pixels");
  check_refused(send({{"format", "jpeg"}}), 400, "format");
  check_refused(send({{"threshold", 0.5}}), 400, "threshold");
  check_refused(send({{"format", "mask"}, {"threshold", 1.5}}), 400, "threshold");
  check_refused(send({{"format", "mask"}, {"threshold", nullptr}}), 400, "threshold");
  for (char const* number : {"NaN", "Infinity", "1e999"})
    CHECK(server
              .post("/v1/masks", "application/json",
                    R"({"picture":")" + id + R"(","prompts":["x"],"format":"mask","threshold":)" +
                        number + "}")
              .status == 400);
  check_refused(send({{"more", 1}}), 400, "more");
  Serving const unet({"--model", "unet-small", "--weights", "random"});
  std::string const other = unet.picture(small_png());
  check_refused(unet.post("/v1/masks", nlohmann::json{{"picture", other}, {"prompts", {"x"}}}), 400,
                "reads no prompt");
  auto const one = unet.post("/v1/masks", nlohmann::json{{"picture", other}}).json();
  CHECK(one.at("masks").size() == 1);
  CHECK(one.at("masks")[0].at("prompt") == nullptr);
}
