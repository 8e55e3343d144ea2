#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

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
  void OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    tree_.begin_map(mark_of(mark), anchor);
  }
  void OnMapEnd() override { tree_.end(); }

  [[nodiscard]] Value take() { return tree_.take(); }

 private:
  TreeBuilder tree_;
};

}  // namespace

Expected<Value> parse_yaml(std::string_view text, std::string_view origin) {
  if (text.size() > kMostBytes) return too_large(origin);
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
