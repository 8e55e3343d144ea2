#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostics.hpp"
#include "chip/arch/accelerator.hpp"
#include "chip/mapping/mapping.hpp"

/// Parts of the reader of reference files that know its JSON. Private to this room.
namespace hwflow::chip::reference {

using Json = nlohmann::json;

/// A JSON value with its place; looks up keys and notes what is wrong.
/// What a number of a file may be at most, unless its reader says less.
inline constexpr std::int64_t kMostInteger = std::int64_t{1} << 53;

class Node {
 public:
  Node(const Json* json, std::string place, Diagnostics& problems)
      : json_(json), place_(std::move(place)), problems_(&problems) {}

  [[nodiscard]] bool has(std::string_view key) const;
  /// The value of a key, or a node that is no value when it is missing (noted).
  [[nodiscard]] Node at(std::string_view key) const;
  [[nodiscard]] std::vector<Node> elements() const;
  [[nodiscard]] std::int64_t integer(std::int64_t least, std::int64_t most = kMostInteger) const;
  [[nodiscard]] double number() const;
  [[nodiscard]] std::string text() const;
  [[nodiscard]] bool is_text() const { return json_ != nullptr && json_->is_string(); }
  [[nodiscard]] bool is_null() const { return json_ == nullptr || json_->is_null(); }
  /// Keys of an object, in the order of the parser.
  [[nodiscard]] std::vector<std::string> keys() const;
  void problem(std::string reason, std::string hint = {}) const;

 private:
  const Json* json_;  ///< null: missing, already noted
  std::string place_;
  Diagnostics* problems_;
};

/// `keeps` lists, by level name, of a mapping.
struct KeptRoles {
  std::string level;
  RoleSet roles;
};
[[nodiscard]] std::vector<KeptRoles> read_keeps(const Node& mapping);
/// Fields of the architecture of this name; `same_as` is followed.
[[nodiscard]] Accelerator::Fields read_architecture(const Node& architectures,
                                                    const std::string& name);
[[nodiscard]] Mapping read_mapping(const Node& mapping, const std::vector<MemoryLevel>& levels);

}  // namespace hwflow::chip::reference
