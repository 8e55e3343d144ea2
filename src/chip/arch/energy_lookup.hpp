#pragma once

#include "chip/arch/accelerator_file.hpp"

namespace hwflow::chip::file {

/// Sets the energies, leakages, areas and the technology of `fields` from the one energy table that
/// the file names, or from its own numbers with `energy_table: inline`. Areas given in the file
/// win. Errors (appended)  unknown table or entry, an entry of another table, numbers beside
/// entries, a
///                    node that is not the table's, unknown scaling nodes.
void look_up_energies(const AcceleratorKeys& keys, Accelerator::Fields& fields,
                      Diagnostics& problems);

}  // namespace hwflow::chip::file
