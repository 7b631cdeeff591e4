// SPDX-License-Identifier: MIT
#pragma once

// Everything that using a model takes. For shorter compile times include only what is used.
#include "vlsm/data/dataset.hpp"
#include "vlsm/fusion/cross_attention.hpp"
#include "vlsm/fusion/film_skips.hpp"
#include "vlsm/image/overlay.hpp"
#include "vlsm/image/read.hpp"
#include "vlsm/image/to_tensor.hpp"
#include "vlsm/image/write.hpp"
#include "vlsm/io/load.hpp"
#include "vlsm/io/save.hpp"
#include "vlsm/models/clipseg.hpp"
#include "vlsm/models/clipseg_small.hpp"
#include "vlsm/tokenizer/byte.hpp"
#include "vlsm/tokenizer/clip.hpp"
#include "vlsm/train/evaluate.hpp"
#include "vlsm/train/fit.hpp"
#include "vlsm/version.hpp"
