# cmake -DOUTPUT=x.cpp -DHEADER=a/b.hpp "-DTABLES=f=dir|g=dir" -P embed_text.cmake
#
# Writes a .cpp that holds the .yaml files of each folder as EmbeddedFile tables, one function per
# folder; names in the order of the alphabet.
set(code "// Generated from data files; see cmake/embed_text.cmake.\n#include \"${HEADER}\"\n\n")
string(APPEND code "#include <array>\n\nnamespace hwflow::chip {\n")
string(REPLACE "|" ";" tables "${TABLES}")
foreach(table ${tables})
  string(REGEX MATCH "^([^=]*)=(.*)$" _ "${table}")
  set(function "${CMAKE_MATCH_1}")
  set(folder "${CMAKE_MATCH_2}")
  file(GLOB files "${folder}/*.yaml")
  list(SORT files)
  list(LENGTH files count)
  string(APPEND code "std::span<const EmbeddedFile> ${function}() {\n"
                     "  static constexpr std::array<EmbeddedFile, ${count}> kFiles{{\n")
  foreach(file ${files})
    get_filename_component(name "${file}" NAME_WE)
    file(READ "${file}" text)
    string(APPEND code "      {\"${name}\", R\"YAML(${text})YAML\"},\n")
  endforeach()
  string(APPEND code "  }};\n  return kFiles;\n}\n")
endforeach()
string(APPEND code "}  // namespace hwflow::chip\n")
file(WRITE "${OUTPUT}" "${code}")
