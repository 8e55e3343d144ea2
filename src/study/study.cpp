#include "study/study.hpp"

#include <fmt/format.h>

#include <system_error>

#include "base/random.hpp"
#include "schema/schema.hpp"
#include "study/accuracy_proxy.hpp"
#include "study/resilience.hpp"
#include "study/study_machines.hpp"
#include "workload/onnx_reader.hpp"

namespace hwflow::study {
namespace {

namespace fs = std::filesystem;

void append(Diagnostics& all, Diagnostics more) {
  for (Diagnostic& problem : more) all.push_back(std::move(problem));
}

/// Problems with what a key names, placed at the key.
void append_of(Diagnostics& all, Diagnostics more, const std::string& origin,
               const std::string& key) {
  for (Diagnostic& problem : more) {
    const bool is_named = problem.place.empty() || problem.place == key;
    problem.place =
        fmt::format("{}: {}{}{}", origin, key, is_named ? "" : ": ", is_named ? "" : problem.place);
    all.push_back(std::move(problem));
  }
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

/// The file that a relative path of the study means; none when it exists nowhere.
std::optional<fs::path> locate(const std::string& name, const fs::path& origin,
                               const StudyFolders& folders) {
  const fs::path path(name);
  if (path.is_absolute()) return is_file(path) ? std::optional(path) : std::nullopt;
  std::vector<fs::path> bases{origin.parent_path()};
  bases.insert(bases.end(), folders.search.begin(), folders.search.end());
  for (const fs::path& base : bases) {
    if (is_file(base / path)) return (base / path).lexically_normal();
  }
  return std::nullopt;
}

/// A built-in name stays; a file is looked for beside the study first.
std::string name_or_located(const std::string& name, const fs::path& origin,
                            const StudyFolders& folders) {
  const std::optional<fs::path> file = locate(name, origin, folders);
  return file ? file->string() : name;
}

Expected<Study> read_study(const std::string& text, const std::string& origin,
                           const std::vector<std::string>& settings) {
  Expected<schema::Value> document = schema::parse_yaml(text, origin);
  if (!document) return Unexpected{std::move(document).error()};
  Diagnostics problems;
  for (const std::string& setting : settings) {
    append(problems, schema::apply_setting(*document, setting));
  }
  Expected<Study> study = schema::read_document<Study>(*document, origin);
  if (!study) append(problems, std::move(study).error());
  if (!problems.empty()) return Unexpected{std::move(problems)};
  if (minimises_failures(*study) && !study->resilience) study->resilience.emplace();
  return study;
}

/// Without the keys that say where things go, or how fast, and not what is computed.
std::string hash_of(const Study& study) {
  schema::Value document = schema::to_document(study);
  for (const char* key : {"study", "output", "export"}) document.erase(key);
  document.find("accuracy")->erase("cache_bytes");
  return fmt::format("{:016x}", stable_hash(schema::to_yaml(document)));
}

Diagnostics check_weights(const Study& study, const std::string& place,
                          const std::optional<fs::path>& file, const OnnxModel& model) {
  if (study.weights.empty()) {
    if (!model.weights.empty() || uses_proxy(study)) return {};
    return {{place + ": weights", fmt::format("{} brings no weights of its own", study.network),
             "name a .safetensors checkpoint"}};
  }
  if (file) return {};
  return {{place + ": weights", fmt::format("no file '{}'", study.weights),
           "paths are relative to the study file, then to the data folder"}};
}

Expected<std::vector<LoadedStudy>> read_and_check(const std::string& text, const fs::path& origin,
                                                  const std::vector<std::string>& settings,
                                                  const StudyFolders& folders) {
  const std::string place = origin.string();
  Expected<Study> study = read_study(text, place, settings);
  if (!study) return Unexpected{std::move(study).error()};

  Diagnostics problems;
  std::string network_file = name_or_located(study->network, origin, folders);
  Expected<OnnxModel> model = load_network(network_file);
  if (!model) append_of(problems, model.error(), place, "network");
  Expected<std::vector<StudyMachine>> machines = load_machines(
      *study, place,
      [&](const std::string& name) { return name_or_located(name, origin, folders); });
  if (!machines) append(problems, machines.error());
  const std::optional<fs::path> weights =
      study->weights.empty() ? std::nullopt : locate(study->weights, origin, folders);
  if (model) append(problems, check_weights(*study, place, weights, *model));
  if (machines && machines->size() > 1 && uses_proxy(*study)) {
    problems.push_back({place + ": accelerators",
                        "are compared by accuracies, and accuracy.method: proxy measures none",
                        "a study for each"});
  }
  if (model && machines) append(problems, check(*study, model->network, *machines, place));
  if (!problems.empty()) return Unexpected{std::move(problems)};

  std::vector<LoadedStudy> studies;
  for (StudyMachine& machine : *machines) {
    Study one = study_of(*study, machine);
    const std::string yaml = schema::to_yaml(schema::to_document(one));
    const std::string hash = hash_of(one);
    studies.push_back({std::move(one), network_file, weights.value_or(fs::path{}), model->weights,
                       model->network, std::move(machine.accelerator), yaml, hash, origin,
                       model->notes, machine.entry.label});
  }
  return studies;
}

}  // namespace

std::string_view name(Schedule schedule) {
  for (const auto& [name, value] : enum_names(schedule))
    if (value == schedule) return name;
  return "";
}

std::string_view name(Algorithm algorithm) {
  for (const auto& [name, value] : enum_names(algorithm))
    if (value == algorithm) return name;
  return "";
}

Expected<std::vector<LoadedStudy>> parse_studies(const std::string& text, const fs::path& origin,
                                                 const std::vector<std::string>& settings,
                                                 const StudyFolders& folders) {
  Expected<std::vector<LoadedStudy>> studies = read_and_check(text, origin, settings, folders);
  if (studies) return studies;
  Diagnostics problems = std::move(studies).error();
  schema::place_at_settings(problems, settings, origin.string());
  return Unexpected{std::move(problems)};
}

Expected<std::vector<LoadedStudy>> load_studies(const fs::path& file,
                                                const std::vector<std::string>& settings,
                                                const StudyFolders& folders) {
  const Expected<std::string> text = schema::read_text(file);
  if (!text) return Unexpected{text.error()};
  return parse_studies(*text, file, settings, folders);
}

Expected<LoadedStudy> parse_study(const std::string& text, const fs::path& origin,
                                  const std::vector<std::string>& settings,
                                  const StudyFolders& folders) {
  Expected<std::vector<LoadedStudy>> studies = parse_studies(text, origin, settings, folders);
  if (!studies) return Unexpected{std::move(studies).error()};
  if (studies->size() == 1) return std::move(studies->front());
  return Unexpected{
      Diagnostics{{origin.string() + ": accelerators",
                   fmt::format("lists {} machines where one is wanted", studies->size()),
                   "leave one of them"}}};
}

Expected<LoadedStudy> load_study(const fs::path& file, const std::vector<std::string>& settings,
                                 const StudyFolders& folders) {
  const Expected<std::string> text = schema::read_text(file);
  if (!text) return Unexpected{text.error()};
  return parse_study(*text, file, settings, folders);
}

}  // namespace hwflow::study
