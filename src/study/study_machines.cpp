#include "study/study_machines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "chip/arch/accelerator_format.hpp"

namespace hwflow::study {
namespace {

constexpr std::string_view kOfSetting = "--set ";

/// Is it the name of a folder anywhere, and a word in tables?
bool is_label(std::string_view label) {
  return !label.empty() && std::all_of(label.begin(), label.end(), [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

class Loader {
 public:
  Loader(const Study& study, const std::string& place,
         const std::function<std::string(const std::string&)>& located)
      : study_(study), place_(place), located_(located) {}

  Expected<std::vector<StudyMachine>> run() && {
    const bool one = !study_.accelerator.empty(), several = !study_.accelerators.empty();
    if (one && several) {
      add("accelerators", "stands beside 'accelerator'", "leave out one of the two");
    }
    if (!one && !several) {
      add("accelerator", "missing: a study names a machine, or several as 'accelerators'",
          "'hwflow list accelerators' lists the built-in ones");
    }
    if (one) load("accelerator", "accelerator", {study_.accelerator, {}, {}});
    for (std::size_t i = 0; i < study_.accelerators.size(); ++i) {
      const std::string key = fmt::format("accelerators[{}]", i);
      load(key, key + ".accelerator", study_.accelerators[i]);
    }
    if (several) check_labels();
    if (!problems_.empty()) return Unexpected{std::move(problems_)};
    if (one) machines_.front().entry = {};
    return std::move(machines_);
  }

 private:
  void add(const std::string& key, std::string reason, std::string hint) {
    problems_.push_back({place_ + ": " + key, std::move(reason), std::move(hint)});
  }

  /// A problem of a machine, placed at what the study says of it.
  void add_of_machine(Diagnostic problem, const std::string& key, const std::string& name_key) {
    if (problem.place.starts_with(kOfSetting)) {
      problem.place = key + ".set: " + problem.place.substr(kOfSetting.size());
    } else if (problem.place.empty() || problem.place == "accelerator") {
      problem.place = name_key;
    } else {
      problem.place = name_key + ": " + problem.place;
    }
    problem.place = place_ + ": " + problem.place;
    problems_.push_back(std::move(problem));
  }

  void load(const std::string& key, const std::string& name_key, AcceleratorEntry entry) {
    std::vector<std::string> settings = entry.set;
    const bool is_named = is_label(entry.label);
    if (is_named) settings.push_back(fmt::format("name='{}'", entry.label));
    auto accelerator = chip::load_accelerator(located_(entry.accelerator), settings);
    if (!accelerator) {
      for (const Diagnostic& problem : accelerator.error()) {
        add_of_machine(problem, key, name_key);
      }
      return;
    }
    if (entry.label.empty()) entry.label = accelerator->name();
    keys_.push_back(key);
    machines_.push_back({std::move(entry), std::move(*accelerator)});
  }

  void check_labels() {
    std::map<std::string, std::string> owners;
    for (std::size_t i = 0; i < machines_.size(); ++i) {
      const std::string& label = machines_[i].entry.label;
      if (!is_label(label)) {
        add(keys_[i] + ".label", fmt::format("'{}' is no name for a folder", label),
            "letters, digits, '_' and '-'");
      }
      const auto [owner, is_new] = owners.emplace(label, keys_[i]);
      if (is_new) continue;
      add(keys_[i] + ".label", fmt::format("'{}' is the label of {}, too", label, owner->second),
          "give one of them a label of its own");
    }
  }

  const Study& study_;
  const std::string& place_;
  const std::function<std::string(const std::string&)>& located_;
  std::vector<std::string> keys_;  // as machines_
  std::vector<StudyMachine> machines_;
  Diagnostics problems_;
};

}  // namespace

Expected<std::vector<StudyMachine>> load_machines(
    const Study& study, const std::string& place,
    const std::function<std::string(const std::string&)>& located) {
  return Loader(study, place, located).run();
}

Study study_of(const Study& study, const StudyMachine& machine) {
  Study one = study;
  if (!study.accelerators.empty()) one.accelerators = {machine.entry};
  return one;
}

Diagnostics check(const Study& study, const Network& network,
                  const std::vector<StudyMachine>& machines, const std::string& origin) {
  Diagnostics problems;
  std::set<std::string> told;
  for (const StudyMachine& machine : machines) {
    for (Diagnostic& problem : check(study, network, machine.accelerator, origin)) {
      if (told.insert(to_text({problem})).second) problems.push_back(std::move(problem));
    }
  }
  return problems;
}

}  // namespace hwflow::study
