# cmake -DROOT=src -DOUTPUT=x.cpp "-DTRAINING=a|b" "-DHARDWARE=a|c" -P build_signature.cmake
#
# Writes a .cpp that defines build_signature() of base/build_signature.hpp. Each part is the start of
# the SHA-256 of the lines that `sha256sum` prints for the sources of its folders, sorted by path.
function(signature_of folders result)
  set(files "")
  string(REPLACE "|" ";" folders "${folders}")
  foreach(folder ${folders})
    file(GLOB_RECURSE found RELATIVE "${ROOT}" "${ROOT}/${folder}/*.cpp" "${ROOT}/${folder}/*.hpp")
    list(APPEND files ${found})
  endforeach()
  list(SORT files)
  set(lines "")
  foreach(file ${files})
    file(SHA256 "${ROOT}/${file}" hash)
    string(APPEND lines "${hash}  ${file}\n")
  endforeach()
  string(SHA256 hash "${lines}")
  string(SUBSTRING "${hash}" 0 16 short)
  set(${result} "${short}" PARENT_SCOPE)
endfunction()

signature_of("${TRAINING}" training)
signature_of("${HARDWARE}" hardware)
file(WRITE "${OUTPUT}"
  "// Generated from the sources; see cmake/build_signature.cmake.\n"
  "#include \"base/build_signature.hpp\"\n\n"
  "namespace hwflow {\n\n"
  "BuildSignature build_signature() { return {\"${training}\", \"${hardware}\"}; }\n\n"
  "}  // namespace hwflow\n")
