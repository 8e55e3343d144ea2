#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <array>
#include <cstdint>
#include <sstream>
#include <string>

#include "schema/read.hpp"
#include "schema/tree_builder.hpp"
#include "schema/yaml_scalar.hpp"

namespace hwflow::schema {
namespace {

Mark mark_of(const YAML::Mark& mark) {
  return mark.is_null() ? Mark{} : Mark{mark.line + 1, mark.column + 1};
}

/// What the parser reports, passed on to a TreeBuilder.
class Events final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    tree_.scalar(Value{}, mark_of(mark), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    tree_.alias(anchor, mark_of(mark));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    if (tree_.expects_key()) {
      tree_.scalar(Value(text), mark_of(mark), anchor);
    } else if (tag == "!" || tag == "tag:yaml.org,2002:str") {
      tree_.scalar(Value(text), mark_of(mark), anchor);
    } else if (tag.empty() || tag == "?" || tag == "tag:yaml.org,2002:int" ||
               tag == "tag:yaml.org,2002:float" || tag == "tag:yaml.org,2002:bool" ||
               tag == "tag:yaml.org,2002:null") {
      tree_.scalar(resolve_plain_scalar(text), mark_of(mark), anchor);
    } else {
      throw Refused(mark_of(mark), fmt::format("unknown tag '{}'", tag));
    }
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    tree_.begin_list(mark_of(mark), anchor);
  }
  void OnSequenceEnd() override { tree_.end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    const bool is_local = tag.size() > 1 && tag.front() == '!';
    tree_.begin_map(mark_of(mark), anchor, is_local ? tag : std::string());
  }
  void OnMapEnd() override { tree_.end(); }

  [[nodiscard]] Value take() { return tree_.take(); }

 private:
  TreeBuilder tree_;
};

Mark mark_at(std::string_view text, std::size_t position) {
  Mark mark{1, 1};
  for (const char c : text.substr(0, position)) {
    mark = c == '\n' ? Mark{mark.line + 1, 1} : Mark{mark.line, mark.column + 1};
  }
  return mark;
}

/// Position of the first byte that is no part of a UTF-8 character, or that no text holds (control
/// characters); the size of the text when there is none.
std::size_t first_non_text(std::string_view text) {
  const auto byte = [&](std::size_t at) {
    return at < text.size() ? static_cast<std::uint8_t>(text[at]) : std::uint8_t{0};
  };
  for (std::size_t at = 0; at < text.size();) {
    const std::uint8_t first = byte(at);
    if (first < 0x80) {
      const bool is_space = first == '\t' || first == '\n' || first == '\r';
      if (first < 0x20 && !is_space) return at;
      ++at;
      continue;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4) return at;
    std::uint32_t code = first & (0x7fU >> length);
    for (std::size_t i = 1; i < length; ++i) {
      if ((byte(at + i) & 0xc0) != 0x80) return at;
      code = code << 6 | (byte(at + i) & 0x3fU);
    }
    constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
    const bool is_surrogate = code >= 0xd800 && code < 0xe000;
    if (code < kLeast[length] || code > 0x10ffff || is_surrogate) return at;
    at += length;
  }
  return text.size();
}

}  // namespace

Expected<Value> parse_yaml(std::string_view text, std::string_view origin) {
  if (text.size() > kMostBytes) return too_large(origin);
  if (const std::size_t bad = first_non_text(text); bad < text.size()) {
    return syntax_error(
        origin, mark_at(text, bad),
        fmt::format("byte {:#04x} is no UTF-8 text", static_cast<std::uint8_t>(text[bad])),
        "is this a YAML file?");
  }
  std::istringstream stream{std::string(text)};
  Events events;
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(events)) return Value{};
    if (Events rest; parser.HandleNextDocument(rest)) {
      return syntax_error(origin, {}, "holds more than one document");
    }
  } catch (const Refused& refused) {
    return syntax_error(origin, refused.mark, refused.what());
  } catch (const YAML::Exception& wrong) {
    const bool tab = text.find('\t') != std::string_view::npos;
    return syntax_error(origin, mark_of(wrong.mark), wrong.msg,
                        tab ? "YAML is indented with spaces, and the text holds tabs" : "");
  }
  return events.take();
}

}  // namespace hwflow::schema
