#include <fmt/format.h>

#include <vector>

#include "chip/arch/embedded_files.hpp"
#include "schema/read.hpp"

namespace hwflow::chip {

NamedText named_text(const EmbeddedFile& file) {
  return {std::string(file.text), fmt::format("{}.yaml", file.name)};
}

Expected<NamedText> find_text(std::span<const EmbeddedFile> built_in,
                              const std::string& name_or_file, std::string_view kind) {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : built_in) {
    if (file.name == name_or_file) return named_text(file);
    names.emplace_back(file.name);
  }
  if (name_or_file.find_first_of("./") == std::string::npos) {
    std::string hint = nearest_name_hint(name_or_file, names);
    if (hint.empty()) hint = fmt::format("built in: {}", fmt::join(names, ", "));
    return Unexpected{Diagnostics{
        {name_or_file, fmt::format("is no built-in {} (a file is named with its .yaml)", kind),
         hint}}};
  }
  auto text = schema::read_text(name_or_file);
  if (!text) return Unexpected{std::move(text).error()};
  return NamedText{std::move(*text), name_or_file};
}

}  // namespace hwflow::chip
