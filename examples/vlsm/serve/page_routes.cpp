// SPDX-License-Identifier: MIT
#include <string>

#include "serve/open_picture.hpp"
#include "serve/page_files.hpp"
#include "serve/service.hpp"
#include "serve/words.hpp"
#include "shortest.hpp"
#include "vlsm/version.hpp"

namespace tool::serve {
namespace {

std::string type_of(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> types[] = {
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"}};
  for (auto const& [ending, type] : types)
    if (name.ends_with(ending)) return std::string(type);
  return "application/octet-stream";
}

Answer first_page(PageFile const& file, Request const& request, Gate const& gate) {
  if (!gate.token.empty() && request.query.contains("token"))  // the guard has looked at it
    return {.status = 303,
            .type = "text/plain",
            .headers = {{"Location", "/"},
                        // Lax: who follows a link from elsewhere goes on to "/" with it.
                        {"Set-Cookie",
                         cookie_name(gate) + "=" + gate.token + "; Path=/; HttpOnly; SameSite=Lax"},
                        {"Cache-Control", "no-store"}}};
  return {.type = type_of(file.name),
          .body = std::string(file.bytes),
          .headers = {{"Cache-Control", "no-cache"}}};
}

Json model_json(Service const& service) {
  vlsm::RegisteredModel const& info = service.host.info();
  Settings const& set = service.settings;
  auto const or_null = [](std::string const& text) { return text.empty() ? Json() : Json(text); };
  return {{"model", info.name},
          {"weights", or_null(set.weights)},
          {"parameters", info.parameters},
          {"height", info.recipe.image},
          {"width", info.recipe.image},
          {"prompts", info.vocabulary > 0},
          {"context", info.vocabulary > 0 ? info.recipe.tokens : 0},
          {"precision", set.precision},
          {"threshold", shortest(info.recipe.threshold)},
          {"formats", formats_read()},
          {"limits",
           {{"body", set.most_body},
            {"pixels", set.pixels},
            {"prompts", set.prompts},
            {"sentence", set.sentence}}},
          {"version", VLSM_VERSION},
          {"data", service.data ? Json(service.data->name()) : Json()},
          {"saves", true}};
}

}  // namespace

void add_page_routes(std::vector<Route>& routes, Gate const& gate) {
  static std::vector<std::string> paths = [] {  // of the routes' views
    std::vector<std::string> list;
    for (PageFile const& file : page_files())
      list.push_back(file.name == "index.html"     ? "/"
                     : file.name == "openapi.json" ? "/v1/openapi.json"
                                                   : "/" + std::string(file.name));
    return list;
  }();
  for (std::size_t i = 0; i < paths.size(); ++i)
    routes.push_back({"GET", paths[i], Body::none, false,
                      [file = page_files()[i], gate](Request const& request, Places const&) {
                        return first_page(file, request, gate);
                      }});
}

void add_model_routes(std::vector<Route>& routes, Service& service) {
  routes.push_back(
      {"GET", "/healthz", Body::none, /*open=*/true, [](Request const&, Places const&) {
         return json_answer({{"status", "ok"}});
       }});
  routes.push_back(
      {"GET", "/v1/model", Body::none, false,
       [answer = json_answer(model_json(service))](auto const&, auto const&) { return answer; }});
  routes.push_back(
      {"GET", "/v1/words", Body::none, false,
       [answer = json_answer(words_json())](auto const&, auto const&) { return answer; }});
}

}  // namespace tool::serve
