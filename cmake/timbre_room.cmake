# The rooms of core/, in dependency order.
set(timbre_plain_rooms base audio augment dataset weights)
set(timbre_torch_rooms model loss train probe)
set(timbre_service_rooms store engine train_engine registry embed jobs metrics)

# timbre_room(base SOURCES a.cc b.cc DEPS absl::status ... [TORCH])
# One room = one static library `timbre_<room>` (alias timbre::<room>). Its headers are included as
# "core/<room>/x.h". TORCH gives it LibTorch and the shared precompiled header.
function(timbre_room name)
  cmake_parse_arguments(ROOM "TORCH" "" "SOURCES;DEPS" ${ARGN})
  set(target timbre_${name})
  add_library(${target} STATIC ${ROOM_SOURCES})
  add_library(timbre::${name} ALIAS ${target})
  target_link_libraries(${target} PUBLIC ${ROOM_DEPS} PRIVATE $<BUILD_INTERFACE:timbre_warnings>)
  target_include_directories(${target} PUBLIC "${PROJECT_SOURCE_DIR}")
  if(ROOM_TORCH)
    target_link_libraries(${target} PUBLIC timbre_torch)
    timbre_torch_pch(${target})
  endif()
endfunction()

# The precompiled <torch/torch.h>, built once (target timbre_torch_pch_owner) and reused.
function(timbre_torch_pch target)
  if(NOT TARGET timbre_torch_pch_owner)
    file(WRITE "${PROJECT_BINARY_DIR}/torch_pch_owner.cc" "// Owns the precompiled LibTorch header.\n")
    add_library(timbre_torch_pch_owner OBJECT "${PROJECT_BINARY_DIR}/torch_pch_owner.cc")
    target_link_libraries(timbre_torch_pch_owner PRIVATE timbre_torch timbre_warnings)
    target_precompile_headers(timbre_torch_pch_owner PRIVATE <torch/torch.h>)
    target_compile_options(timbre_torch_pch_owner PRIVATE -pthread)
  endif()
  # Some packages (KissFFT, RE2) ask for -pthread, which defines a macro: the same for all who use the header.
  target_compile_options(${target} PRIVATE -pthread)
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    # Programs get -fPIE by default, and the header was compiled with -fPIC: a compiler wants the same of both.
    set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
  target_precompile_headers(${target} REUSE_FROM timbre_torch_pch_owner)
endfunction()

# timbre_room_test(audio SOURCES x_test.cc ... DEPS timbre::audio [TORCH])
# One test binary `<name>_test` per room, each TEST registered with ctest under its own name.
function(timbre_room_test name)
  cmake_parse_arguments(T "TORCH" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  set(target ${name}_test)
  add_executable(${target} ${T_SOURCES})
  target_link_libraries(${target} PRIVATE ${T_DEPS} GTest::gmock GTest::gtest_main timbre_warnings)
  if(T_TORCH)
    timbre_torch_pch(${target})
  endif()
  if(NOT T_TIMEOUT)
    set(T_TIMEOUT 120)
  endif()
  gtest_discover_tests(${target} DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT ${T_TIMEOUT} LABELS "${name};${T_LABELS}"
    TEST_PREFIX "${name}/")
endfunction()
