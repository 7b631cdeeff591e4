// SPDX-License-Identifier: MIT
#pragma once

#include "serve/http.hpp"

namespace tool::serve {

/// What sentences are made of: attributes with their values, opposites and uncommon words (the
/// perturbation's), and the study's data sets with a template a level.
Json words_json();

}  // namespace tool::serve
