# SPDX-License-Identifier: MIT
"""What is timed: models with the pictures and prompts that they are given. Needs numpy only."""
import dataclasses

import numpy

import recipe

# "Benign tumor in the breast ultrasound image." and "One small pink round polyp, located in the
# center of the image.", as each model's tokenizer says them, without padding.
CLIP_PROMPTS = (
    (49406, 1465, 2326, 22616, 530, 518, 9475, 29717, 2867, 269, 49407),
    (49406, 637, 2442, 3360, 2522, 6833, 335, 267, 5677, 530, 518, 2119, 539, 518, 2867, 269,
     49407),
)  # fmt: skip
BERT_PROMPTS = (
    (2, 20088, 27391, 4065, 2204, 15277, 17669, 24054, 13124, 9836, 20652, 3730, 3),
    (2, 23813, 19122, 24514, 18414, 21273, 21536, 23593, 10637, 1760, 16782, 22017, 18893, 1691,
     3770, 12210, 11792, 16595, 12972, 18941, 23165, 9479, 13624, 28954, 17754, 21136, 7145, 8886,
     4676, 7770, 11171, 23310, 12269, 5303, 22156, 23391, 26139, 24967, 10986, 21336, 24370, 3),
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Case:
    """A model and its inputs. Two cases of one model differ in the length of the text."""

    name: str
    model: str  # as models/ and vlsm_peer know it
    side: int  # pixels
    picture: str  # key of the recipe's pictures
    prompts: tuple = ()  # two, of token ids; none for a model that reads no text
    pad: int = 0
    length: int = 0  # tokens of a prompt with its padding; 0: those of the batch's longest

    def pixels(self, batch):
        """float32 [batch, 3, side, side]: two pictures, over and over."""
        both = recipe.picture(self.picture, (2, 3, self.side, self.side))
        return numpy.ascontiguousarray(both[numpy.arange(batch) % 2])

    def ids(self, batch):
        """int64 [batch, tokens], or None: two prompts, over and over."""
        if not self.prompts:
            return None
        rows = [self.prompts[i % 2] for i in range(batch)]
        length = self.length or max(map(len, rows))
        padded = [row + (self.pad,) * (length - len(row)) for row in rows]
        return numpy.array(padded, dtype=numpy.int64)


CLIPSEG = ("clipseg", 352, "input:clipseg:a", CLIP_PROMPTS, 49407)
BIOMED = ("biomedclipseg", 224, "input:biomed:a", BERT_PROMPTS, 0)
CASES = {
    case.name: case
    for case in (
        Case("clipseg", *CLIPSEG, length=77),
        Case("clipseg-trimmed", *CLIPSEG),
        Case("cris", "cris", 416, "input:cris:a", CLIP_PROMPTS, 0, length=17),
        Case("biomedclipseg", *BIOMED, length=256),
        Case("biomedclipseg-trimmed", *BIOMED),
        Case("unet", "unet", 256, "input:base:a"),
        Case("unetpp", "unetpp", 256, "input:base:a"),
        Case("deeplabv3plus", "deeplabv3plus", 256, "input:base:a"),
    )
}
