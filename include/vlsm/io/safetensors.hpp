// SPDX-License-Identifier: MIT
#pragma once

// The safetensors format (https://huggingface.co/docs/safetensors): 8 bytes header length, a JSON
// header with dtype, shape and data_offsets of each tensor, the data.
#include "vlsm/io/safetensors_read.hpp"
#include "vlsm/io/safetensors_write.hpp"
