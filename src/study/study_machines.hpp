#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/expected.hpp"
#include "chip/arch/accelerator.hpp"
#include "study/study.hpp"

namespace hwflow::study {

/// A machine that a study names.
struct StudyMachine {
  AcceleratorEntry entry;  ///< of Study::accelerators, its label filled in; else empty
  chip::Accelerator accelerator;
};

/// Reads the one of `accelerator`, or all of `accelerators`. An entry with a label of its own names
/// its machine by that.
/// place    names the study in messages
/// located  the file that a name means, or the name of a built-in one
/// Errors   both keys or none; labels that are no folder name or stand twice; what is wrong with
///          files and with what `set` makes of them: all of it, by entry.
[[nodiscard]] Expected<std::vector<StudyMachine>> load_machines(
    const Study& study, const std::string& place,
    const std::function<std::string(const std::string&)>& located);

/// The study of one machine: it lists that machine alone.
[[nodiscard]] Study study_of(const Study& study, const StudyMachine& machine);

/// As check(), for all machines; what is wrong with the study itself is told once.
[[nodiscard]] Diagnostics check(const Study& study, const Network& network,
                                const std::vector<StudyMachine>& machines,
                                const std::string& origin);

}  // namespace hwflow::study
