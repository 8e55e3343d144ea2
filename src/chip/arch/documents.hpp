#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/expected.hpp"
#include "schema/value.hpp"

namespace hwflow::chip {

/// Files read together: other tools spread one machine over several ("arch.yaml,ert.yaml").
class Documents {
 public:
  struct Document {
    std::string origin;
    schema::Value value;
  };
  struct Found {
    const schema::Value* value = nullptr;  ///< null pointer: nowhere
    std::string origin;
  };

  explicit Documents(std::vector<Document> documents) : documents_(std::move(documents)) {}
  /// Names cut at commas. Errors  files that cannot be read, broken syntax.
  [[nodiscard]] static Expected<Documents> load(std::string_view files);
  [[nodiscard]] static Expected<Documents> parse(std::string_view text, std::string_view origin);

  /// The first value of a key at the top of a document.
  [[nodiscard]] Found find(std::string_view key) const;
  [[nodiscard]] const std::vector<Document>& all() const { return documents_; }

 private:
  std::vector<Document> documents_;
};

}  // namespace hwflow::chip
