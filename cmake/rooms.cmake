# add_room(NAME SOURCES ... DEPENDS room ... LIBRARIES external ...)
#
# One room = one static library hwflow_NAME that links only what the room table of docs/design.md
# allows. All rooms share the include directory src/, so CMake cannot keep their headers apart:
# tools/check_rooms.py checks every include against the same table.
function(add_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  list(TRANSFORM ROOM_DEPENDS PREPEND hwflow_)
  if(ROOM_SOURCES)
    add_library(hwflow_${name} STATIC ${ROOM_SOURCES})
    target_link_libraries(hwflow_${name} PUBLIC ${ROOM_DEPENDS} ${ROOM_LIBRARIES}
                                         PRIVATE hwflow_flags)
    target_include_directories(hwflow_${name} PUBLIC "${PROJECT_SOURCE_DIR}/src")
    target_compile_features(hwflow_${name} PUBLIC cxx_std_20)
  else()
    add_library(hwflow_${name} INTERFACE)
    target_link_libraries(hwflow_${name} INTERFACE ${ROOM_DEPENDS} ${ROOM_LIBRARIES})
    target_include_directories(hwflow_${name} INTERFACE "${PROJECT_SOURCE_DIR}/src")
  endif()
endfunction()

# add_room_test(NAME SOURCES ... DEPENDS room ... LIBRARIES external ...)
#
# One test executable per room, every TEST a ctest case. Sources in tests/ mirror src/.
function(add_room_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;DEPENDS;LIBRARIES" ${ARGN})
  list(TRANSFORM TEST_DEPENDS PREPEND hwflow_)
  add_executable(${name}_tests ${TEST_SOURCES})
  target_link_libraries(${name}_tests PRIVATE ${TEST_DEPENDS} ${TEST_LIBRARIES} hwflow_flags
                                              GTest::gmock GTest::gtest_main)
  target_include_directories(${name}_tests PRIVATE "${PROJECT_SOURCE_DIR}")
  gtest_discover_tests(${name}_tests DISCOVERY_TIMEOUT 60
                       PROPERTIES ENVIRONMENT "HWFLOW_SOURCE_DIR=${PROJECT_SOURCE_DIR}")
endfunction()
