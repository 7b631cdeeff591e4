// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/http.hpp"
#include "serve/routes.hpp"
#include "vlsm/base/strings.hpp"

// Who may ask for what, decided by a request's head before its body is read.
namespace tool::serve {

/// Where the server is, and what opens it.
struct Gate {
  std::string host{};  ///< the address that it listens at, or, of all, the machine's name
  int port = 0;
  std::string token{};  ///< empty: none is asked for
  std::size_t most_body = 0;
  std::string origin{};  ///< of a proxy before it, as public_origin gives it; empty: there is none
};

/// Whether a numeric address is one of this machine alone; of a name (127.example.org) nothing is
/// known.
inline bool is_loopback(std::string_view address) {
  bool const numbers = address.find_first_not_of("0123456789.") == std::string_view::npos;
  return address == "::1" || (numbers && address.starts_with("127."));
}

/// The origin that browsers send who reach this server by a proxy at `url`: in lower case, without
/// the slash at its end and without its kind's own port. Throws Error for what is none.
inline std::string public_origin(std::string const& url) {
  std::string text = vlsm::strings::lower_case(url);
  if (text.ends_with('/')) text.pop_back();
  std::size_t const at = text.starts_with("https://") ? 8 : text.starts_with("http://") ? 7 : 0;
  if (at == 0 || at == text.size() ||
      text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-_:[]", at) != std::string::npos)
    throw vlsm::Error("this is no origin", "--origin " + url,
                      "give what stands before the path: https://clinic.example");
  std::string_view const usual = at == 8 ? ":443" : ":80";
  if (text.ends_with(usual)) text.erase(text.size() - usual.size());
  return text;
}

/// The cookie that keeps the token: browsers send a cookie to every port of a host.
inline std::string cookie_name(Gate const& gate) {
  return "vlsm_token_" + std::to_string(gate.port);
}

/// "[::1]" for "::1": an address as it stands in front of a port.
inline std::string in_brackets(std::string const& host) {
  return host.find(':') == std::string::npos ? host : "[" + host + "]";
}

/// Compares in a time that does not tell how much is right.
inline bool same_secret(std::string_view one, std::string_view other) {
  unsigned different = one.size() != other.size();
  for (std::size_t i = 0; i < other.size(); ++i)
    different |= static_cast<unsigned char>(other[i]) ^
                 static_cast<unsigned char>(one.empty() ? 0 : one[i % one.size()]);
  return different == 0;
}

/// The names, each with the port where it has one, by which a client may call this server. A page
/// elsewhere whose name is turned to this address (DNS rebinding) calls it by another.
inline std::vector<std::string> own_names(Gate const& gate, std::string const& local_address) {
  std::vector<std::string> hosts{gate.host};
  if (is_loopback(local_address)) hosts.insert(hosts.end(), {"localhost", "127.0.0.1", "::1"});
  if (!local_address.empty()) hosts.push_back(local_address);  // of several, or of all (0.0.0.0)
  std::vector<std::string> names;
  for (std::string const& host : hosts) {
    std::string const name = vlsm::strings::lower_case(in_brackets(host));
    names.push_back(name + ":" + std::to_string(gate.port));
    if (gate.port == 80) names.push_back(name);
  }
  if (!gate.origin.empty()) names.push_back(gate.origin.substr(gate.origin.find("://") + 3));
  return names;
}

/// Whether a link to the page was followed, which may stand anywhere: it changes nothing here.
inline bool is_link(Request const& request) {
  return request.method == "GET" && request.path == "/" &&
         request.header("sec-fetch-mode") == "navigate" &&
         request.header("sec-fetch-dest") == "document";
}

/// Throws Refusal (403) unless the request is meant for this server and comes from no other page.
inline void check_origin(Request const& request, Gate const& gate) {
  auto const host = request.header("host");
  auto const names = own_names(gate, request.local_address);
  if (!host || std::ranges::find(names, vlsm::strings::lower_case(*host)) == names.end())
    throw Refusal(403, "the request is for another host", "Host", "call the server by " + names[0]);
  auto const refuse = [](char const* where) {
    throw Refusal(403, "the request comes from another site", where, "open the server's own page");
  };
  if (request.headers.contains("origin")) {
    std::string const origin = vlsm::strings::lower_case(request.header("origin").value_or(""));
    if (origin != "http://" + vlsm::strings::lower_case(*host) &&
        (gate.origin.empty() || origin != gate.origin))
      refuse("Origin");
  }
  if (request.headers.contains("sec-fetch-site") && !is_link(request)) {
    std::string const site = request.header("sec-fetch-site").value_or("");
    if (site != "same-origin" && site != "none") refuse("Sec-Fetch-Site");
  }
}

/// The value of a cookie.
inline std::string cookie_of(Request const& request, std::string_view name) {
  auto const [begin, end] = request.headers.equal_range("cookie");
  for (auto line = begin; line != end; ++line)
    for (std::string_view const part : vlsm::strings::split_text(line->second, ";")) {
      std::string const pair = vlsm::strings::trimmed(part);
      if (pair.starts_with(std::string(name) + "=")) return pair.substr(name.size() + 1);
    }
  return "";
}

/// Throws Refusal (401) unless the request has the token, where one is asked for.
inline void check_token(Request const& request, Gate const& gate) {
  if (gate.token.empty()) return;
  std::string const bearer = request.header("authorization").value_or("");
  constexpr std::string_view scheme = "bearer ";  // in any case, RFC 9110
  if (vlsm::strings::lower_case(bearer.substr(0, scheme.size())) == scheme &&
      same_secret(bearer.substr(scheme.size()), gate.token))
    return;
  if (same_secret(cookie_of(request, cookie_name(gate)), gate.token)) return;
  if (request.path == "/" && request.query.contains("token") &&
      same_secret(request.query.at("token"), gate.token))
    return;
  throw Refusal(401, "the token is missing or wrong", "Authorization",
                "open the address that the server printed, or send Authorization: Bearer TOKEN");
}

/// Throws Refusal (400) for a query that a route of the interface does not read; what stands behind
/// the page's address is nobody's business.
inline void check_query(Request const& request, Route const& route) {
  if (!route.path.starts_with("/v1/")) return;
  for (auto const& [name, value] : request.query)
    if (std::ranges::find(route.query, name) == route.query.end())
      throw Refusal(
          400, "this path reads no \"" + vlsm::strings::brief(name, 40) + "\"", "query",
          route.query.empty() ? "leave it out" : "it reads " + vlsm::strings::joined(route.query));
}

/// How many bytes of body follow. Throws Refusal: 400 for lengths that are none, 411 where a body
/// has no length, 413 for more than the server takes.
inline std::size_t body_size(Request const& request, Route const& route, Gate const& gate) {
  if (request.headers.contains("transfer-encoding"))
    throw Refusal(411, "bodies of unknown length are not read", "Transfer-Encoding",
                  "send a Content-Length");
  if (!request.headers.contains("content-length")) {
    if (route.body == Body::none) return 0;
    throw Refusal(411, "the body has no length", "Content-Length", "send one");
  }
  std::string const text = request.header("content-length").value_or("");
  std::size_t size = 0;
  auto const [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (text.empty() || wrong == std::errc::invalid_argument || end != text.data() + text.size())
    throw Refusal(400, "the body's length is no number", "Content-Length", "send one number");
  std::size_t const most = route.body == Body::none ? 0 : std::min(route.most, gate.most_body);
  if (wrong != std::errc() || size > most)
    throw Refusal(413, "the body is larger than " + std::to_string(most) + " bytes",
                  "Content-Length",
                  most == 0               ? "send none"
                  : most < gate.most_body ? "send less"
                                          : "send a smaller file, or start with a larger --body");
  return size;
}

/// Throws Refusal (415) for a body of another type than the route reads.
inline void check_type(Request const& request, Route const& route) {
  std::string type = request.header("content-type").value_or("");
  type = vlsm::strings::lower_case(vlsm::strings::trimmed(type.substr(0, type.find(';'))));
  if (request.headers.contains("content-encoding") && route.body != Body::none)
    throw Refusal(415, "packed bodies are not read", "Content-Encoding", "send it as it is");
  if (route.body == Body::json && type != "application/json")
    throw Refusal(415, "the body's type is not JSON's", "Content-Type", "send application/json");
  if (route.body == Body::picture && !type.starts_with("image/") && type != "application/dicom" &&
      type != "application/octet-stream")
    throw Refusal(415, "the body's type is no picture's", "Content-Type",
                  "send image/png, image/jpeg, image/tiff, application/dicom or "
                  "application/octet-stream");
}

/// The route of a request that may be answered, and how long its body is. Throws Refusal.
struct Admitted {
  Found found;
  std::size_t body = 0;
};
inline Admitted admit(Request const& request, std::span<Route const> routes, Gate const& gate) {
  check_origin(request, gate);
  std::optional<Found> found;
  try {
    found = find_route(routes, request);
  } catch (Refusal const&) {
    check_token(request, gate);  // what is there is told to friends only
    throw;
  }
  if (!found->route->open) check_token(request, gate);
  check_query(request, *found->route);
  std::size_t const size = body_size(request, *found->route, gate);
  if (found->route->method == "POST") check_type(request, *found->route);
  return {*std::move(found), size};
}

}  // namespace tool::serve
