#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace hwflow::report_test {

/// A start tag of a checked text.
struct Element {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  [[nodiscard]] std::string attribute(std::string_view wanted) const;
};

/// Why `text` is no well-formed XML (void elements of HTML and a DOCTYPE are allowed), or empty.
/// Strict: quoted attributes, each once; only the five entities and numeric ones; matching tags.
[[nodiscard]] std::string markup_problem(std::string_view text,
                                         std::vector<Element>* elements = nullptr);

/// The elements of a well-formed text.
[[nodiscard]] std::vector<Element> elements_of(std::string_view text);
/// How many of them have this class among theirs, and this name (any when empty).
[[nodiscard]] int count_class(std::string_view text, std::string_view name, std::string_view css);

}  // namespace hwflow::report_test
