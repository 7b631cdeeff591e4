// SPDX-License-Identifier: MIT
#include <algorithm>

#include "serve/open_picture.hpp"
#include "serve/service.hpp"
#include "vlsm/base/strings.hpp"
#include "vlsm/image/resize.hpp"
#include "vlsm/image/write.hpp"

namespace tool::serve {
namespace {

DataFolder& data_of(Service& service) {
  if (!service.data)
    throw Refusal(404, "there is no data set", "/v1/data", "start the server with --data DIR");
  return *service.data;
}

std::size_t row_in(std::string const& text) {
  auto const row = vlsm::strings::parse_number<std::size_t>(text);
  if (!row) throw Refusal(404, "there is no such row", "row", "give its number");
  return *row;
}

Json prompts_of(vlsm::Annotation const& row) {
  Json prompts = Json::object();
  for (std::string const& level : vlsm::common_levels({row}))
    prompts[level] = row.prompts.at(level).front();
  return prompts;
}

Answer list_splits(Service& service) {
  DataFolder const& data = data_of(service);
  Json splits = Json::array();
  for (auto const& [name, rows] : data.splits()) splits.push_back({{"name", name}, {"rows", rows}});
  return json_answer({{"name", data.name()}, {"splits", splits}});
}

Answer list_rows(Service& service, Request const& request, std::string const& split) {
  auto const& rows = data_of(service).rows(split);
  std::size_t const from = number_in(request, "from", 0, 0, 1u << 30),
                    count = number_in(request, "count", 50, 0, 1000);
  Json list = Json::array();
  for (std::size_t i = from; i < rows.size() && i - from < count; ++i)
    list.push_back({{"row", i}, {"image", rows[i].image}, {"prompts", prompts_of(rows[i])}});
  return json_answer({{"split", split}, {"from", from}, {"rows", list}});
}

Answer take_row(Service& service, Request const& request, std::string const& split,
                std::size_t row) {
  DataFolder& data = data_of(service);
  vlsm::Annotation const& annotation = data.row(split, row);
  std::string bytes = data.picture(split, row);
  std::string const trouble = data.trouble(split, row);
  return take_picture(service, request, std::move(bytes), 0,
                      {{"image", annotation.image},
                       {"prompts", prompts_of(annotation)},
                       {"truth", trouble.empty()}},
                      trouble.empty() ? "" : "no ground truth: " + trouble);
}

Answer show_row(Service& service, Request const& request, std::string const& split,
                std::size_t row) {
  std::size_t const most = number_in(request, "most", 160, 1, 2048);
  std::string const bytes = data_of(service).picture(split, row);
  HeavyWork const place(service);
  return {
      .type = "image/png",
      .body = display_png(open_picture(bytes, 0, end_where_useless(service, request)).image, most)};
}

Answer show_truth(Service& service, Request const& request, std::string const& split,
                  std::size_t row) {
  DataFolder& data = data_of(service);
  data.trouble(split, row);  // what is long is done before a place is taken
  HeavyWork const place(service);
  vlsm::Mask mask = data.truth(split, row);
  std::size_t const height = number_in(request, "height", mask.shape(0), 1, 65'500),
                    width = number_in(request, "width", mask.shape(1), 1, 65'500);
  if (height * width > service.settings.pixels)
    throw Refusal(
        413, "the mask would have more than " + std::to_string(service.settings.pixels) + " pixels",
        "width", "ask for a smaller one");
  if (height != mask.shape(0) || width != mask.shape(1))
    mask = vlsm::resize_nearest_exact(mask, height, width);
  return {.type = "image/png", .body = vlsm::encode_png(mask)};
}

}  // namespace

void add_data_routes(std::vector<Route>& routes, Service& service) {
  using enum Body;
  routes.push_back({"GET", "/v1/data", none, false,
                    [&](Request const&, Places const&) { return list_splits(service); }});
  routes.push_back({"GET",
                    "/v1/data/{split}",
                    none,
                    false,
                    [&](Request const& request, Places const& places) {
                      return list_rows(service, request, places[0]);
                    },
                    {"from", "count"}});
  routes.push_back({"POST", "/v1/data/{split}/{row}", none, false,
                    [&](Request const& request, Places const& places) {
                      return take_row(service, request, places[0], row_in(places[1]));
                    }});
  routes.push_back({"GET",
                    "/v1/data/{split}/{row}/picture",
                    none,
                    false,
                    [&](Request const& request, Places const& places) {
                      return show_row(service, request, places[0], row_in(places[1]));
                    },
                    {"most"}});
  routes.push_back({"GET",
                    "/v1/data/{split}/{row}/truth",
                    none,
                    false,
                    [&](Request const& request, Places const& places) {
                      return show_truth(service, request, places[0], row_in(places[1]));
                    },
                    {"width", "height"}});
}

}  // namespace tool::serve
