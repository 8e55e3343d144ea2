#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "chip/arch/foreign_map.hpp"
#include "schema/value.hpp"

namespace hwflow::chip::timeloop {

/// One storage, compute or container node, from the outermost inward.
struct Component {
  enum class Kind : std::uint8_t { storage, compute, container } kind = Kind::storage;
  std::string name;  ///< without its range
  std::string path;  ///< "architecture.nodes[2]"
  std::string class_name;
  const schema::Value* attributes = nullptr;
  const schema::Value* constraints = nullptr;
  schema::Mark mark;
  /// Columns and rows of all instances on the chip; y = 0: to be worked out from `instances`.
  std::int64_t mesh_x = 1, mesh_y = 1;
  bool in_parallel = false;  ///< beside others: what it does not keep passes by
};

/// The nodes of an architecture, 0.4 (`nodes` with tags) or 0.3 (`subtree` and `local`), in one
/// list. Values are those of the document. What is no storage, computation or container is noted.
[[nodiscard]] std::vector<Component> read_components(const schema::Value& architecture,
                                                     Findings& findings);

}  // namespace hwflow::chip::timeloop
