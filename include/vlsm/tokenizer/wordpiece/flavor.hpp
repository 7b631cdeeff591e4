// SPDX-License-Identifier: MIT
#pragma once

namespace vlsm::tokenizer {

/// Whose treatment of a prompt to follow. They share pieces and rules and differ in details.
enum class BertFlavor {
  bert,       ///< transformers 5 (and 4's fast tokenizer), which is the `tokenizers` crate
  bert_slow,  ///< transformers 4.44's tokenizer in Python
};

}  // namespace vlsm::tokenizer
