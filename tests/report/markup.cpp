#include "tests/report/markup.hpp"

#include <algorithm>
#include <cctype>
#include <sstream>

namespace hwflow::report_test {
namespace {

const std::set<std::string> kVoid{"meta", "br"};

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == ':' || c == '_';
}

/// Reads one text from its start; `problem` stays empty as long as all is well.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  void read(std::vector<Element>* elements) {
    while (problem.empty() && at_ < text_.size()) {
      if (text_[at_] == '<') {
        read_tag(elements);
      } else if (text_[at_] == '&') {
        read_entity(text_, at_);
      } else if (text_[at_] == '>') {
        problem = "a bare '>'" + where();
      } else if (static_cast<unsigned char>(text_[at_]) < 0x20 && text_[at_] != '\n' &&
                 text_[at_] != '\t' && text_[at_] != '\r') {
        problem = "a control character" + where();
      } else {
        ++at_;
      }
    }
    if (problem.empty() && !open_.empty()) problem = open_.back() + " is never closed";
  }

  std::string problem;

 private:
  std::string where() const {
    const std::size_t from = at_ > 60 ? at_ - 60 : 0;
    return " near: " + std::string(text_.substr(from, 120));
  }

  void read_entity(std::string_view text, std::size_t& at) {
    const std::size_t end = text.find(';', at);
    const std::string entity(text.substr(at, end == std::string_view::npos ? 1 : end - at + 1));
    static const std::set<std::string> kKnown{"&amp;",  "&lt;",  "&gt;",
                                              "&quot;", "&#39;", "&middot;"};
    if (!kKnown.contains(entity)) problem = "a bare '&'" + where();
    at += entity.size();
  }

  std::string read_name() {
    const std::size_t start = at_;
    while (at_ < text_.size() && is_name_character(text_[at_])) ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
  }

  bool take(std::string_view token) {
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  void read_tag(std::vector<Element>* elements) {
    if (take("<!DOCTYPE html>")) return;
    if (take("</")) {
      const std::string name = read_name();
      if (open_.empty() || open_.back() != name || !take(">")) {
        problem = "</" + name + "> does not match" + where();
        return;
      }
      open_.pop_back();
      return;
    }
    ++at_;
    Element element{read_name(), {}};
    if (element.name.empty()) problem = "a bare '<'" + where();
    read_attributes(element);
    const bool closed = take("/>");
    if (!closed && !take(">")) problem = "<" + element.name + " is broken" + where();
    if (!closed && !kVoid.contains(element.name)) open_.push_back(element.name);
    if (elements != nullptr) elements->push_back(element);
    if (element.name == "style") at_ = std::min(text_.find("</style>", at_), text_.size());
  }

  void read_attributes(Element& element) {
    for (skip_space(); problem.empty() && at_ < text_.size() && is_name_character(text_[at_]);
         skip_space()) {
      const std::string name = read_name();
      if (!take("=\"")) {
        if (name != "open") problem = "attribute without a value: " + name + where();
        continue;
      }
      if (!element.attribute(name).empty()) problem = "attribute twice: " + name + where();
      const std::size_t start = at_;
      while (problem.empty() && at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '<') problem = "'<' in an attribute" + where();
        text_[at_] == '&' ? read_entity(text_, at_) : void(++at_);
      }
      element.attributes.emplace_back(name, text_.substr(start, at_ - start));
      if (!take("\"")) problem = "an attribute is never closed" + where();
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> open_;
};

}  // namespace

std::string Element::attribute(std::string_view wanted) const {
  for (const auto& [key, value] : attributes) {
    if (key == wanted) return value;
  }
  return {};
}

std::string markup_problem(std::string_view text, std::vector<Element>* elements) {
  Reader reader(text);
  reader.read(elements);
  return reader.problem;
}

std::vector<Element> elements_of(std::string_view text) {
  std::vector<Element> elements;
  (void)markup_problem(text, &elements);
  return elements;
}

int count_class(std::string_view text, std::string_view name, std::string_view css) {
  int count = 0;
  for (const Element& element : elements_of(text)) {
    std::istringstream classes(element.attribute("class"));
    bool has = false;
    for (std::string one; classes >> one;) has = has || one == css;
    count += has && (name.empty() || element.name == name) ? 1 : 0;
  }
  return count;
}

}  // namespace hwflow::report_test
