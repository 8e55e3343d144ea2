#include "cli/run.hpp"

int main(int argc, char** argv) { return hwflow::cli::run(argc, argv); }
