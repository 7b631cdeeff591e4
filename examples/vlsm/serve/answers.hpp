// SPDX-License-Identifier: MIT
#pragma once

#include <c10/util/Exception.h>

#include <algorithm>
#include <exception>
#include <new>
#include <string>
#include <utility>

#include "serve/http.hpp"
#include "vlsm/base/error.hpp"

namespace tool::serve {

/// What every answer says: a browser runs no other script, asks nobody else, and shows it in no
/// other site's page.
inline constexpr std::pair<char const*, char const*> every_answer[] = {
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
     "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"}};

/// The answer to what a handler threw.
inline Answer answer_to(std::exception_ptr const& mistake) {
  try {
    std::rethrow_exception(mistake);
  } catch (Refusal const& e) {
    Answer answer = refusal_answer(e.status, e.what());
    if (!e.allow.empty()) answer.headers.emplace_back("Allow", e.allow);
    return answer;
  } catch (vlsm::NoSpace const& e) {
    return refusal_answer(500, e.what());
  } catch (vlsm::Error const& e) {
    return refusal_answer(422, e.what());
  } catch (std::bad_alloc const&) {
    return refusal_answer(503, "memory ran out: the server: send the request again, or less");
  } catch (c10::Error const& e) {
    std::string const line = e.what_without_backtrace();
    return refusal_answer(500, vlsm::Error(line.substr(0, std::min(line.find('\n'), 400ul)),
                                           "LibTorch", "report this line with the request")
                                   .what());
  } catch (std::exception const& e) {
    return refusal_answer(500, vlsm::Error(e.what(), "the server", "report this line").what());
  } catch (...) {
    return refusal_answer(500, "something failed: the server: report it with the request");
  }
}

}  // namespace tool::serve
