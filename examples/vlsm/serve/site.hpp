// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "serve/guard.hpp"
#include "serve/http_server.hpp"
#include "serve/service.hpp"

namespace tool::serve {

/// The page and the interface behind it.
class VlsmSite final : public Site {
 public:
  VlsmSite(Service& service, Gate gate) : gate_(std::move(gate)) {
    add_page_routes(routes_, gate_);
    add_model_routes(routes_, service);
    add_picture_routes(routes_, service);
    add_mask_routes(routes_, service);
    add_data_routes(routes_, service);
    add_annotation_routes(routes_, service);
  }

  std::size_t admit(Request const& head) const override {
    return tool::serve::admit(head, routes_, gate_).body;
  }
  Answer answer(Request const& request) const override {
    Found const found = find_route(routes_, request);
    Answer answer = found.route->answer(request, found.places);
    if (request.path.starts_with("/v1/")) answer.headers.emplace_back("Cache-Control", "no-store");
    return answer;
  }

  std::vector<Route> const& routes() const { return routes_; }

 private:
  Gate const gate_;
  std::vector<Route> routes_;
};

}  // namespace tool::serve
