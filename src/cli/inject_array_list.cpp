#include "cli/inject_array_list.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <system_error>

#include "base/enum_names.hpp"
#include "cli/inject_run.hpp"

namespace hwflow::cli {
namespace {

using namespace train::fault;
using Json = nlohmann::ordered_json;

constexpr const char* kHeader = "hwflow_array_faults";

Json head_of(const ArrayOutcome& outcome, const ArrayFault& fault) {
  const chip::ArrayUnit& unit = outcome.units[fault.unit];
  Json place = Json::object();
  if (unit.x) place["x"] = *unit.x;
  if (unit.y) place["y"] = *unit.y;
  return {{"unit", std::move(place)},
          {"register", std::string(enum_name(fault.place))},
          {"effect", std::string(enum_name(fault.effect))},
          {"bit", fault.bit}};
}

/// The same fault, and how it ended on all images.
std::optional<Outcome> read_line(const Json& line, const Json& head, std::int64_t images) {
  if (!line.is_object()) return std::nullopt;
  for (const auto& [key, value] : head.items())
    if (!line.contains(key) || line[key] != value) return std::nullopt;
  std::optional<Outcome> outcome = outcome_of(line);
  if (!outcome || !is_whole(*outcome, images)) return std::nullopt;
  return outcome;
}

}  // namespace

ArrayList::ArrayList(const std::filesystem::path& file, const CampaignSettings& settings)
    : file_(file), stream_(file, std::ios::binary | std::ios::trunc) {
  stream_ << Json{{kHeader, 1}, {"settings", settings}}.dump(-1, ' ', false,
                                                             Json::error_handler_t::replace)
          << "\n"
          << std::flush;
  if (!stream_) throw std::system_error(errno, std::generic_category(), file.string());
}

ArrayList::ArrayList(const std::filesystem::path& file)
    : file_(file), stream_(file, std::ios::binary | std::ios::app) {
  if (!stream_) throw std::system_error(errno, std::generic_category(), file.string());
}

void ArrayList::append(const ArrayOutcome& outcome, std::size_t first) {
  for (std::size_t f = first; f < outcome.outcomes.size(); ++f) {
    Json line = head_of(outcome, outcome.faults[f]);
    add_outcome(outcome.outcomes[f], line);
    stream_ << line.dump() << "\n";
  }
  stream_ << std::flush;
  if (!stream_) throw std::system_error(errno, std::generic_category(), file_.string());
}

Expected<std::vector<Outcome>> read_array_list(const std::filesystem::path& file,
                                               const CampaignSettings& settings,
                                               const ArrayOutcome& outcome) {
  std::ifstream stream(file, std::ios::binary);
  const auto wrong = [&](std::size_t line, const char* reason) {
    return Unexpected{
        Diagnostics{{fmt::format("{}:{}", file.string(), line), reason, "another --out"}}};
  };
  std::vector<Outcome> outcomes;
  std::string text;
  std::uintmax_t whole = 0;
  for (std::size_t number = 1; std::getline(stream, text) && !stream.eof(); ++number) {
    whole += text.size() + 1;
    const Json line = Json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (number == 1) {
      if (!line.is_object() || !line.contains(kHeader) || !line.contains("settings"))
        return wrong(1, "does not begin a list of faults of an array");
      CampaignSettings found;
      for (const auto& [key, value] : line["settings"].items())
        if (value.is_string()) found[key] = value.get<std::string>();
      Diagnostics problems = differing_settings(file, found, settings);
      if (!problems.empty()) return Unexpected{std::move(problems)};
      continue;
    }
    if (number - 2 >= outcome.faults.size()) break;  // fewer are asked for now
    std::optional<Outcome> known =
        read_line(line, head_of(outcome, outcome.faults[number - 2]), outcome.images);
    if (!known) return wrong(number, "is not the fault that this campaign draws there");
    outcomes.push_back(std::move(*known));
  }
  if (whole == 0) return wrong(1, "does not begin a list of faults of an array");
  std::filesystem::resize_file(file, whole);
  return outcomes;
}

}  // namespace hwflow::cli
