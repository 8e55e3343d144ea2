#pragma once

#include "train/quant/integer_plan.hpp"

namespace hwflow::train::integer {

/// The codes of an image (planes of bytes) for a slot of the input node.
void load_image(const Slot& slot, const std::uint8_t* pixels, const Workspace::Codes& codes);

/// Fills a slot of a node that only moves data; its sources are filled.
void move_data(const Plan& plan, std::size_t slot, const Workspace& workspace);

}  // namespace hwflow::train::integer
