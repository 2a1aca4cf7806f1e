# cmake -DOUT=assets.cc -DHEADER=... -DNAMESPACE=... "-DFILES=a;b" -P embed_files.cmake
# Writes a source that defines the function Asset(name) of HEADER: files carried in the binary, by file name.
set(arrays "")
set(cases "")
set(index 0)
foreach(file IN LISTS FILES)
  get_filename_component(name "${file}" NAME)
  file(READ "${file}" bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n"
         bytes "${bytes}")
  string(APPEND arrays "constexpr unsigned char kFile${index}[] = {\n${bytes}0};\n")
  string(APPEND cases "  if (name == \"${name}\")\n"
         "    return {reinterpret_cast<const char*>(kFile${index}), sizeof(kFile${index}) - 1};\n")
  math(EXPR index "${index} + 1")
endforeach()
file(WRITE "${OUT}" "#include \"${HEADER}\"\n\nnamespace ${NAMESPACE} {\nnamespace {\n${arrays}}  // namespace\n\n"
     "absl::string_view Asset(absl::string_view name) {\n${cases}  return {};\n}\n\n}  // namespace ${NAMESPACE}\n")
