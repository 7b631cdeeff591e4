// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.hpp"

namespace tool::serve {

/// What a request's body must be.
enum class Body { none, json, picture };

/// The parts of a path that a route leaves open, in their order.
using Places = std::vector<std::string>;

/// One thing that can be asked for.
struct Route {
  std::string_view method;  ///< GET (HEAD then, too) or POST
  std::string_view path;    ///< as the OpenAPI file has it: "/v1/pictures/{picture}"
  Body body = Body::none;
  bool open = false;  ///< needs no token
  std::function<Answer(Request const&, Places const&)> answer;
  std::vector<std::string_view> query{};  ///< what may stand behind `?`
  std::size_t most = ~std::size_t{0};     ///< bytes of body, where the server takes more
};

/// The open parts of a path that a route's path fits; nothing where it does not fit. A part is not
/// empty and holds no slash.
inline std::optional<Places> places_in(std::string_view form, std::string_view path) {
  Places places;
  while (!form.empty() && !path.empty()) {
    if (form.front() == '{') {
      std::size_t const size = std::min(path.find('/'), path.size());
      if (size == 0) return std::nullopt;
      places.emplace_back(path.substr(0, size));
      form.remove_prefix(form.find('}') + 1);
      path.remove_prefix(size);
    } else {
      if (form.front() != path.front()) return std::nullopt;
      form.remove_prefix(1);
      path.remove_prefix(1);
    }
  }
  if (!form.empty() || !path.empty()) return std::nullopt;
  return places;
}

/// The route of a request and the open parts of its path.
struct Found {
  Route const* route;
  Places places;
};

/// Throws Refusal: 404 for a path that no route has, 405 for another method than the path's.
inline Found find_route(std::span<Route const> routes, Request const& request) {
  std::string const method = request.method == "HEAD" ? "GET" : request.method;
  std::string allowed;
  for (Route const& route : routes) {
    auto places = places_in(route.path, request.path);
    if (!places) continue;
    if (route.method == method) return {&route, *std::move(places)};
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
  }
  if (allowed.empty())
    throw Refusal(404, "there is nothing at this path", "path", "see /v1/openapi.json");
  throw Refusal(405, "this path does not know that method", "method", "use " + allowed, allowed);
}

}  // namespace tool::serve
