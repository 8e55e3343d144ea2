#include "chip/arch/documents.hpp"

#include "chip/arch/foreign_map.hpp"
#include "schema/read.hpp"

namespace hwflow::chip {

Expected<Documents> Documents::load(std::string_view files) {
  std::vector<Document> documents;
  Diagnostics problems;
  while (true) {
    const std::size_t comma = files.find(',');
    const std::string file(files.substr(0, comma));
    const auto value = schema::read_file(file);
    if (value) documents.push_back({file, *value});
    if (!value) problems.insert(problems.end(), value.error().begin(), value.error().end());
    if (comma == std::string_view::npos) break;
    files.remove_prefix(comma + 1);
  }
  if (!problems.empty()) return Unexpected{std::move(problems)};
  return Documents(std::move(documents));
}

Expected<Documents> Documents::parse(std::string_view text, std::string_view origin) {
  auto value = schema::parse_yaml(text, origin);
  if (!value) return Unexpected{std::move(value).error()};
  return Documents({{std::string(origin), std::move(*value)}});
}

Documents::Found Documents::find(std::string_view key) const {
  for (const Document& document : documents_)
    if (const schema::Value* value = document.value.find(key)) return {value, document.origin};
  return {};
}

}  // namespace hwflow::chip
